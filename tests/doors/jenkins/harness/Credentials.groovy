/** The job's credentials, by their ids, as variables. */
class Credentials {
    private final Build build

    Credentials(Build build) {
        this.build = build
    }

    void bind(Map binding, Map<String, String> variables, List<String> secrets) {
        Map held = build.request.credentials[binding.credentialsId.toString()]
        if (held == null) {
            throw new Failed("Could not find credentials entry with ID '$binding.credentialsId'")
        }
        if (held.kind != binding.kind) {
            throw new Failed("Credentials '$binding.credentialsId' is of type '$held.kind' where '$binding.kind' was expected")
        }
        if (held.kind == 'usernamePassword') {
            variables[(String) binding.usernameVariable] = held.username
            variables[(String) binding.passwordVariable] = held.password
            // A name is masked only where "treat username as secret" is set, which it is not by default.
            secrets << held.password
        } else {
            variables[(String) binding.variable] = held.secret
            secrets << held.secret
        }
    }
}
