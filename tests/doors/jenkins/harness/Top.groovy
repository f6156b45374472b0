/** The top of a Jenkinsfile: `pipeline { }`. */
abstract class Top extends Script {
    private Execution execution

    void runBy(Execution given) {
        execution = given
        run()
    }

    void pipeline(Closure block) {
        execution.run(block)
    }
}
