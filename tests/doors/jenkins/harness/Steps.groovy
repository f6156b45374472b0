/**
 * What the closures of a Jenkinsfile can say, and nothing else: they resolve here and nowhere.
 * A step is a method `run_NAME(arguments)`, with its block under `block`.
 */
class Steps extends FileSteps {
    private static final List<String> WITHOUT_AGENT = ['catchError', 'echo', 'error', 'input', 'milestone', 'timeout',
                                                       'timestamps', 'unstable', 'withCredentials', 'withEnv']
    boolean onAgent = false
    /** The exit code of the last `sh`, for the record of the stage. */
    Integer exit
    private final List<Map<String, String>> overrides = []
    private final Milestones milestones

    Steps(Build build) {
        super(build)
        milestones = new Milestones(build)
    }

    // --- resolution --------------------------------------------------------------------------------

    /** Runs a closure of the Jenkinsfile; plain words in it mean what stands here. */
    Object within(Closure block) {
        Closure bound = (Closure) block.clone()
        bound.delegate = this
        bound.resolveStrategy = Closure.DELEGATE_ONLY
        return bound.call()
    }

    Object methodMissing(String name, Object given) {
        List values = (given as List)
        if (name == 'script') {
            return within((Closure) values[0])
        }
        Word word = name in Words.BINDINGS ? Words.BINDINGS[name] : Words.STEPS[name]
        if (word == null) {
            throw new Failed("No such DSL method '$name' found among steps")
        }
        Map<String, Object> arguments = checked(name, word, values)
        if (name in Words.BINDINGS) {
            return [kind: name] + arguments
        }
        if (!onAgent && !(name in WITHOUT_AGENT)) {
            throw new Failed("Attempted to execute a step that requires a node context while 'agent none' was specified: $name")
        }
        return "run_$name"(arguments)
    }

    private static Map<String, Object> checked(String name, Word word, List values) {
        List plain = values.findAll { !(it instanceof Closure && word.block) }
        boolean named = plain && plain[0] instanceof Map
        Map<String, Object> arguments = named ? [:] + (Map) plain[0] : plain ? [(word.lone): plain[0]] : [:]
        arguments.each { key, value ->
            if (!(key in word.parameters)) {
                throw new Failed("'$name' has no parameter '$key'")
            }
            String unfit = Word.unfit(word.parameters[key], value)
            if (unfit) {
                throw new Failed("'$key' of '$name' must be $unfit, not $value")
            }
        }
        return word.block ? arguments + [block: values.find { it instanceof Closure }] : arguments
    }

    Object propertyMissing(String name) {
        Map known = [env: new Environment(this), params: build.params, currentBuild: new CurrentBuild(build), scm: 'scm',
                     any: 'any', none: 'none']
        // `in` on a map looks at the value, and an empty text is none.
        if (known.containsKey(name)) {
            return known[name]
        }
        if (environment.containsKey(name)) {
            return environment[name]
        }
        throw new MissingPropertyException("No such property: $name (no variable of the environment is called so either)")
    }

    Map<String, String> getEnvironment() {
        return overrides.inject(build.variables(onAgent)) { all, one -> all + one }
    }

    Object overridden(Map<String, String> variables, Closure body) {
        overrides << variables
        try {
            return body()
        } finally {
            overrides.remove(overrides.size() - 1)
        }
    }

    // --- steps -------------------------------------------------------------------------------------

    Object run_sh(Map given) {
        if (given.label) {
            build.log.line(given.label)
        }
        Object told = build.shell.run(given.script.toString(), place, new File(build.workspace.path + '@tmp'), environment,
            given.returnStdout ?: false) { String line ->
            if (build.request.abort_at && line.contains((String) build.request.abort_at)) {
                build.request.abort_at = null
                build.log.line('Aborted by tester')
                build.shell.stop(new Interrupted('ABORTED', 'the build was aborted'))
            }
        }
        if (told instanceof String) {
            exit = 0
            return told
        }
        exit = (Integer) told
        if (given.returnStatus) {
            return exit
        }
        if (exit != 0) {
            throw new Failed("script returned exit code $exit")
        }
        return null
    }

    void run_echo(Map given) {
        build.log.line(given.message)
    }

    void run_error(Map given) {
        throw new Failed(given.message.toString())
    }

    void run_unstable(Map given) {
        build.log.line("WARNING: $given.message")
        build.result = 'UNSTABLE'
    }

    Object run_catchError(Map given) {
        try {
            within((Closure) given.block)
        } catch (Failed | MissingPropertyException error) {
            build.tell(error)
            build.result = given.buildResult ?: 'FAILURE'
        }
        return null
    }

    void run_checkout(Map given) {
        build.log.line('checkout: the workspace is used as it was given')
    }

    Object run_timestamps(Map given) {
        build.log.timestamps = true
        try {
            return within((Closure) given.block)
        } finally {
            build.log.timestamps = false
        }
    }

    Object run_timeout(Map given) {
        return limited((int) given.time, (String) (given.unit ?: 'MINUTES')) { within((Closure) given.block) }
    }

    Object limited(int time, String unit, Closure body) {
        long wait = java.util.concurrent.TimeUnit.valueOf(unit).toMillis(time)
        Interrupted late = new Interrupted('ABORTED', "Timeout has been exceeded: $time $unit")
        boolean over = false
        Timer timer = new Timer(true)
        timer.schedule({
            over = true
            build.shell.stop(late)
        } as TimerTask, wait)
        try {
            Object told = body()
            if (over) {
                throw late
            }
            return told
        } finally {
            timer.cancel()
        }
    }

    Object run_withEnv(Map given) {
        Map<String, String> set = given.overrides.collectEntries { it.toString().split('=', 2).toList() }
        return overridden(set) { within((Closure) given.block) }
    }

    Object run_withCredentials(Map given) {
        Map<String, String> bound = [:]
        List<String> secrets = []
        given.bindings.each { new Credentials(build).bind((Map) it, bound, secrets) }
        build.log.secrets.addAll(secrets)
        try {
            return overridden(bound) { within((Closure) given.block) }
        } finally {
            secrets.each { build.log.secrets.remove(it) }
        }
    }

    Object run_input(Map given) {
        Map question = [message: given.message.toString(), id: given.id, submitter: given.submitter, holds_executor: onAgent]
        Map answer = build.ask(question)
        if (!answer.approved) {
            throw new Interrupted('ABORTED', "Rejected by $answer.by")
        }
        build.log.line("Approved by $answer.by")
        return given.submitterParameter ? answer.by : null
    }

    void run_milestone(Map given) {
        milestones.pass((Integer) given.ordinal)
    }
}
