/** An `environment` block: each line may use the variables above it, parameters, and what was set before. */
class Assignments {
    private final Steps steps
    final Map<String, String> set = [:]

    Assignments(Steps steps, Closure block) {
        this.steps = steps
        Closure bound = (Closure) block.clone()
        bound.delegate = this
        bound.resolveStrategy = Closure.DELEGATE_ONLY
        bound.call()
    }

    void propertyMissing(String name, Object value) {
        set[name] = value.toString()
    }

    Object propertyMissing(String name) {
        return set.containsKey(name) ? set[name] : steps.propertyMissing(name)
    }

    Object methodMissing(String name, Object given) {
        throw new Failed("No such DSL method '$name' in environment")
    }
}
