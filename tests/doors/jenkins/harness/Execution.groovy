/**
 * Runs a checked Jenkinsfile as the declarative interpreter does: a failed stage lets the ones behind it be skipped, the
 * `post` blocks run all the same, and what fails in one condition of a `post` does not keep the next one from running.
 */
class Execution {
    private final Build build
    private final Steps steps
    private boolean skipUnstable = false

    Execution(Build build) {
        this.build = build
        steps = new Steps(build)
    }

    void run(Closure pipeline) {
        Sections root = new Sections(steps, pipeline)
        Throwable error = null
        try {
            parameters(root['parameters'])
            options(root['options'], true) {
                agent(root['agent'], root['options']) {
                    environment(root['environment']) {
                        error = sequence(root['stages'], null)
                        error = post(root['post'], error)
                        if (error != null) {
                            throw error
                        }
                    }
                }
            }
        } catch (Throwable thrown) {
            if (error == null) {
                build.tell(thrown)
            }
            build.result = Build.resultOf(error ?: thrown)
        }
    }

    // --- sections around a body --------------------------------------------------------------------

    private void parameters(Section section) {
        if (section == null) {
            return
        }
        new Sections(steps, section.block).said.each { parameter ->
            Map named = parameter.named
            Object first = parameter.name == 'choice' ? named.choices[0] : parameter.name == 'booleanParam' ? false : ''
            build.params[(String) named.name] = named.containsKey('defaultValue') ? named.defaultValue : first
        }
        build.request.parameters?.each { String name, value ->
            if (!build.params.containsKey(name)) {
                throw new Failed("the job has no parameter $name")
            }
            build.params[name] = value
        }
        // A job shows a list: nobody can send it anything else.
        new Sections(steps, section.block).said.findAll { it.name == 'choice' }.each {
            if (!(build.params[(String) it.named.name] in it.named.choices)) {
                throw new Failed("${build.params[(String) it.named.name]} is not a choice of $it.named.name")
            }
        }
    }

    private void options(Section section, boolean whole, Closure body) {
        List<Section> said = section ? new Sections(steps, section.block).said : []
        if (whole) {
            skipUnstable = said.any { it.name == 'skipStagesAfterUnstable' }
        }
        Closure wrapped = said.inject(body) { Closure inner, Section option ->
            if (option.name == 'timestamps') {
                return {
                    build.log.timestamps = true
                    inner()
                }
            }
            if (option.name == 'timeout') {
                Map named = option.named ?: [time: option.lone]
                return { steps.limited((int) named.time, (String) (named.unit ?: 'MINUTES'), inner) }
            }
            return inner
        }
        wrapped()
    }

    private void agent(Section section, Section options, Closure body) {
        if (section == null || section.lone == 'none') {
            body()
            return
        }
        if (steps.onAgent) {
            throw new Failed('an agent inside of an agent would get a workspace of its own; this harness has one')
        }
        boolean checkout = !(options && new Sections(steps, options.block).said.any {
            it.name == 'skipDefaultCheckout' && it.lone != false
        })
        steps.onAgent = true
        try {
            if (checkout) {
                steps.run_checkout([:])
            }
            body()
        } finally {
            steps.onAgent = false
        }
    }

    private void environment(Section section, Closure body) {
        section == null ? body() : steps.overridden(new Assignments(steps, section.block).set, body)
    }

    private void input(Section section, Closure body) {
        if (section == null) {
            body()
            return
        }
        Map given = new Sections(steps, section.block).said.collectEntries { [it.name, it.lone] }
        Object by = steps.run_input(given)
        Map<String, String> named = given.submitterParameter ? [(given.submitterParameter.toString()): by.toString()] : [:]
        steps.overridden(named, body)
    }

    private boolean holds(Section section) {
        return section == null || new Sections(steps, section.block).said.every { condition(it) }
    }

    private boolean before(Section section, String flag) {
        return section != null && new Sections(steps, section.block).said.any { it.name == flag && it.lone == true }
    }

    private boolean condition(Section one) {
        switch (one.name) {
            case Words.WHEN_FLAGS: return true
            case 'expression': return steps.within(one.block) as boolean
            case 'not': return !condition(new Sections(steps, one.block).said[0])
            case 'allOf': return new Sections(steps, one.block).said.every { condition(it) }
            case 'anyOf': return new Sections(steps, one.block).said.any { condition(it) }
            case 'equals': return one.named.expected == one.named.actual
            case 'environment':
                String value = steps.environment[(String) one.named.name]
                return one.named.ignoreCase ? one.named.value.equalsIgnoreCase(value) : one.named.value == value
        }
        throw new Failed("unknown condition $one.name")
    }

    // --- stages ------------------------------------------------------------------------------------

    private Throwable sequence(Section stages, Throwable before) {
        Throwable error = before
        new Sections(steps, stages.block).said.each { error = stage(it, error) ?: error }
        return error
    }

    private Throwable stage(Section section, Throwable before) {
        Map record = [name: section.lone, ended: 'SKIPPED', exit: null]
        build.stages << record
        Sections parts = new Sections(steps, section.block)
        build.log.line("[Pipeline] { ($record.name)")
        if (before != null || skipUnstable && build.result == 'UNSTABLE') {
            build.log.line("Stage \"$record.name\" skipped due to earlier failure(s)")
            skipped(parts)
            return null
        }
        Throwable error = null
        try {
            // The order of Jenkins: options, input, agent, when; unless `when` asks to come earlier.
            guarded(parts, record, 'beforeOptions') {
                options(parts['options'], false) {
                    guarded(parts, record, 'beforeInput') {
                        input(parts['input']) {
                            guarded(parts, record, 'beforeAgent') {
                                agent(parts['agent'], parts['options']) {
                                    guarded(parts, record, null) {
                                        environment(parts['environment']) { body(parts, record) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        } catch (Throwable thrown) {
            error = thrown
            if (!record.told) {
                build.tell(error)
            }
            build.result = Build.resultOf(error)
            record.ended = Build.resultOf(error)
        }
        record.remove('told')
        record.remove('decided')
        return error
    }

    /** Evaluates `when` at the place that it asks for, once. */
    private void guarded(Sections parts, Map record, String flag, Closure body) {
        Section section = parts['when']
        if (record.decided || (flag != null && !before(section, flag))) {
            body()
            return
        }
        if (!holds(section)) {
            build.log.line("Stage \"$record.name\" skipped due to when conditional")
            skipped(parts)
            return
        }
        record.decided = true
        body()
    }

    private void skipped(Sections parts) {
        if (parts['stages']) {
            new Sections(steps, parts['stages'].block).said.each { inner ->
                build.stages << [name: inner.lone, ended: 'SKIPPED', exit: null]
                skipped(new Sections(steps, inner.block))
            }
        }
    }

    private void body(Sections parts, Map record) {
        Throwable error = null
        record.ended = 'SUCCESS'
        steps.exit = null
        try {
            if (parts['stages']) {
                error = sequence(parts['stages'], null)
            } else {
                steps.overridden([STAGE_NAME: (String) record.name]) { steps.within(parts['steps'].block) }
            }
        } catch (Throwable thrown) {
            error = thrown
            build.tell(error)
            build.result = Build.resultOf(error)
        }
        record.exit = parts['stages'] ? null : steps.exit
        error = post(parts['post'], error)
        if (error != null) {
            record.told = true
            throw error
        }
        record.ended = build.result == 'UNSTABLE' ? 'UNSTABLE' : 'SUCCESS'
    }

    // --- post --------------------------------------------------------------------------------------

    private Throwable post(Section section, Throwable before) {
        if (section == null) {
            return before
        }
        Throwable error = before
        Sections parts = new Sections(steps, section.block)
        Words.POST.findAll { parts[it] }.each { String name ->
            try {
                if (satisfied(name, error)) {
                    build.log.line("[Pipeline] post { ($name)")
                    steps.within(parts[name].block)
                }
            } catch (Throwable thrown) {
                build.log.line("Error when executing $name post condition:")
                build.tell(thrown)
                build.result = Build.resultOf(thrown)
                error = error ?: thrown
            }
        }
        return error
    }

    private boolean satisfied(String name, Throwable error) {
        String worst = [build.currentResult, Build.resultOf(error)].max { Build.SEVERITY.indexOf(it) }
        String previous = build.previous
        switch (name) {
            case ['always', 'cleanup']: return true
            case 'changed': return previous != null && previous != worst
            case 'fixed': return worst == 'SUCCESS' && previous in ['FAILURE', 'UNSTABLE', 'ABORTED']
            case 'regression':
                return previous != null && Build.SEVERITY.indexOf(worst) > Build.SEVERITY.indexOf(previous)
            case 'unsuccessful': return worst != 'SUCCESS'
            case 'notBuilt': return worst == 'NOT_BUILT'
        }
        return worst == name.toUpperCase()
    }
}
