/** One build of a job: what it was given, where its files are, and how it stands. */
class Build {
    static final List<String> SEVERITY = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']

    final Map request
    final File workspace, folder
    final Log log
    final Shell shell
    final int number
    final Map<String, Object> params
    final List<Map> stages = []
    final List<String> errors = []
    final List<Map> asked = []
    final Map<String, Integer> junit = [suites: 0, tests: 0, failures: 0, errors: 0, skipped: 0]
    /** `env.X = …`, which `withEnv` and `environment` are stronger than. */
    final Map<String, String> globals = [:]
    String description
    private String result

    Build(Map request) {
        this.request = request
        number = request.number
        workspace = new File((String) request.workspace)
        folder = new File((String) request.folder)
        log = new Log(new File(folder, 'log'))
        shell = new Shell(log, "durable-$request.job-$number-${UUID.randomUUID()}")
        params = [:]
    }

    String getResult() {
        return result
    }

    /** As in Jenkins, a result only ever gets worse. */
    void setResult(String wanted) {
        if (!(wanted in SEVERITY)) {
            throw new Failed("no result is called '$wanted'; they are ${SEVERITY.join(', ')}")
        }
        if (result == null || SEVERITY.indexOf(wanted) > SEVERITY.indexOf(result)) {
            result = wanted
        }
    }

    String getCurrentResult() {
        return result ?: 'SUCCESS'
    }

    String getPrevious() {
        return request.previous
    }

    static String resultOf(Throwable error) {
        return error == null ? 'SUCCESS' : error instanceof Interrupted ? error.result : 'FAILURE'
    }

    /** Says in the log what went wrong; what no step said by itself also goes to the test. */
    void tell(Throwable error) {
        if (error instanceof Interrupted) {
            log.line(error.message)
            return
        }
        // A closure that fails comes wrapped, and its own words are what helps.
        String line = error.stackTrace.find { it.fileName == 'Jenkinsfile' }?.lineNumber
        String told = error instanceof Failed ? error.message : "${error.class.simpleName}: $error.message"
        told = (line ? "Jenkinsfile:$line: " : '') + told
        log.line("ERROR: $told")
        if (!(told in errors)) {
            errors << told
        }
    }

    /** What is known everywhere. What an agent adds is known on the agent only. */
    Map<String, String> variables(boolean onAgent) {
        Map<String, String> known = [
            BUILD_ID: "$number", BUILD_NUMBER: "$number", BUILD_TAG: "jenkins-$request.job-$number",
            JOB_NAME: request.job, JENKINS_URL: 'https://jenkins.example.org/',
            BUILD_URL: "https://jenkins.example.org/job/$request.job/$number/",
        ]
        if (onAgent) {
            known += [WORKSPACE: workspace.path, WORKSPACE_TMP: workspace.path + '@tmp', NODE_NAME: 'agent',
                      EXECUTOR_NUMBER: '0'] + (Map) request.environ
        }
        // Parameters are variables of the shell too, but not before the job has run once and learnt that it has any.
        if (request.parameters != null) {
            known += params.collectEntries { name, value -> [name, value.toString()] }
        }
        return (known + globals).collectEntries { name, value -> [name, value.toString()] }
    }

    /** Asks the test. */
    Map ask(Map question) {
        asked << question
        return Main.ask([event: 'input'] + question)
    }

    Map getReport() {
        return [number: number, result: currentResult, description: description, stages: stages, errors: errors,
                asked: asked, junit: junit]
    }
}
