/** Notes which words a block says, with their arguments, without running any of it. */
class Sections {
    private final Steps steps
    final List<Section> said = []

    Sections(Steps steps, Closure block) {
        this.steps = steps
        Closure bound = (Closure) block.clone()
        bound.delegate = this
        bound.resolveStrategy = Closure.DELEGATE_ONLY
        bound.call()
    }

    Object methodMissing(String name, Object given) {
        said << new Section(name, given as List)
        return name
    }

    /** `equals expected: …, actual: …` is a condition; any other comparison is one of objects. */
    @Override
    boolean equals(Object given) {
        given instanceof Map ? methodMissing('equals', [given]) as boolean : is(given)
    }

    @Override
    int hashCode() {
        return System.identityHashCode(this)
    }

    Object propertyMissing(String name) {
        return steps.propertyMissing(name)
    }

    Section getAt(String name) {
        return said.find { it.name == name }
    }
}
