import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilerConfiguration

/**
 * Takes questions on standard input, a line of JSON each, until it ends: `{"check": [FILE…]}` answers what is wrong with
 * each, `{"run": REQUEST}` runs a build, which leaves `build.json` in its folder. What a build asks goes the other way.
 */
class Main {
    private static final BufferedReader questions = System.in.newReader()
    private static Build running

    static void main(String[] args) {
        Runtime.runtime.addShutdownHook(new Thread({ running?.shell?.signal('KILL') }))
        questions.eachLine { line ->
            Map question = (Map) new JsonSlurper().parseText(line)
            say(question.check ? [event: 'checked', files: question.check.collect { check((String) it) }] :
                run((Map) new JsonSlurper().parse(new File((String) question.run))))
        }
    }

    /** Says something and waits for the answer. */
    static Map ask(Map question) {
        say(question)
        return (Map) new JsonSlurper().parseText(questions.readLine())
    }

    private static void say(Map what) {
        println JsonOutput.toJson(what)
        System.out.flush()
    }

    private static Map check(String path) {
        Declarative checked = new Declarative(new File(path).name, new File(path).text)
        return [errors: checked.errors, plugins: checked.plugins, steps: checked.steps, options: checked.options]
    }

    private static Map run(Map request) {
        Build build = running = new Build(request)
        String source = new File((String) request.jenkinsfile).text
        Declarative checked = new Declarative('Jenkinsfile', source)
        if (checked.errors) {
            // As in Jenkins, nothing has run when the structure is wrong.
            checked.errors.each { build.log.line(it) }
            build.errors.addAll(checked.errors)
            build.result = 'FAILURE'
        } else {
            CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: Top.name)
            Top script = (Top) new GroovyShell(Main.classLoader, new Binding(), configuration).parse(source, 'Jenkinsfile')
            script.runBy(new Execution(build))
        }
        build.log.line("Finished: $build.currentResult")
        new File(build.folder, 'build.json').text = JsonOutput.toJson(build.report)
        running = null
        return [event: 'ran']
    }
}
