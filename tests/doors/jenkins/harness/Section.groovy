/** A word, and what stood behind it. */
class Section {
    final String name
    final List values

    Section(String name, List values) {
        this.name = name
        this.values = values
    }

    Object getLone() {
        return values.find { !(it instanceof Closure) && !(it instanceof Map) }
    }

    Map getNamed() {
        return (Map) values.find { it instanceof Map } ?: [:]
    }

    Closure getBlock() {
        return (Closure) values.find { it instanceof Closure }
    }
}
