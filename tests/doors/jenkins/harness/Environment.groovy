/** `env`: reads what the shell would see, null for the rest; what is set here holds for the whole build. */
class Environment {
    private final Steps steps

    Environment(Steps steps) {
        this.steps = steps
    }

    @Override
    Object getProperty(String name) {
        return steps.environment[name]
    }

    @Override
    void setProperty(String name, Object value) {
        steps.build.globals[name] = value.toString()
    }
}
