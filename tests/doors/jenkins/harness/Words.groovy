/** One word of the language, the plugin that brings it, and what may be said with it. */
class Word {
    final String plugin
    /** Name of a parameter to its type: a class, or the list of the texts that it may be. */
    final Map<String, Object> parameters
    final List<String> required
    /** The parameter that may be given alone and without its name. */
    final String lone
    final boolean block

    Word(String plugin, Map<String, Object> parameters = [:]) {
        this([:], plugin, parameters)
    }

    Word(Map given, String plugin, Map<String, Object> parameters = [:]) {
        this.plugin = plugin
        this.parameters = parameters
        this.required = given.required ?: []
        this.lone = given.lone ?: (this.required.size() == 1 ? this.required[0] : null)
        this.block = given.block ?: false
    }

    /** What is wrong with a value of this type; null where nothing is, or where nobody can tell yet. */
    static String unfit(Object type, Object value) {
        if (value == null) {
            return null
        }
        if (type instanceof List) {
            return value.toString() in type ? null : "one of ${type.join(', ')}"
        }
        Class wanted = (Class) type
        if (wanted == String) {
            return value instanceof CharSequence ? null : 'a string'
        }
        return wanted.isInstance(value) ? null : "of type ${wanted.simpleName}"
    }
}

/**
 * The part of the declarative language, and of the standard plugins' steps, that this harness runs.
 * Names, required ones and types are those of the plugins' references on jenkins.io. What is not here is refused.
 */
class Words {
    static final List<String> UNITS =
        ['NANOSECONDS', 'MICROSECONDS', 'MILLISECONDS', 'SECONDS', 'MINUTES', 'HOURS', 'DAYS']
    static final List<String> RESULTS = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']

    static final Word TIMEOUT = new Word('workflow-basic-steps',
        [time: Integer, unit: UNITS, activity: Boolean], required: ['time'], block: true)
    static final Word TIMESTAMPS = new Word('timestamper', [:], block: true)

    static final Map<String, Word> STEPS = [
        archiveArtifacts: new Word('core',
            [artifacts: String, excludes: String, allowEmptyArchive: Boolean, fingerprint: Boolean,
             onlyIfSuccessful: Boolean, caseSensitive: Boolean, defaultExcludes: Boolean, followSymlinks: Boolean],
            required: ['artifacts']),
        catchError: new Word('workflow-basic-steps',
            [buildResult: RESULTS, stageResult: RESULTS, message: String, catchInterruptions: Boolean], block: true),
        checkout: new Word('workflow-scm-step', [scm: Object, poll: Boolean, changelog: Boolean], required: ['scm']),
        cleanWs: new Word('ws-cleanup',
            [cleanWhenAborted: Boolean, cleanWhenFailure: Boolean, cleanWhenNotBuilt: Boolean,
             cleanWhenSuccess: Boolean, cleanWhenUnstable: Boolean, deleteDirs: Boolean,
             disableDeferredWipeout: Boolean, notFailBuild: Boolean, patterns: List]),
        deleteDir: new Word('workflow-basic-steps'),
        dir: new Word('workflow-basic-steps', [path: String], required: ['path'], block: true),
        echo: new Word('workflow-basic-steps', [message: String], required: ['message']),
        error: new Word('workflow-basic-steps', [message: String], required: ['message']),
        fileExists: new Word('workflow-basic-steps', [file: String], required: ['file']),
        input: new Word('pipeline-input-step',
            [message: String, id: String, ok: String, submitter: String, submitterParameter: String],
            required: ['message']),
        junit: new Word('junit',
            [testResults: String, allowEmptyResults: Boolean, keepLongStdio: Boolean, healthScaleFactor: Number,
             skipMarkingBuildUnstable: Boolean, skipPublishingChecks: Boolean, checksName: String,
             skipOldReports: Boolean],
            required: ['testResults']),
        milestone: new Word('pipeline-milestone-step', [ordinal: Integer, label: String], lone: 'ordinal'),
        readFile: new Word('workflow-basic-steps', [file: String, encoding: String], required: ['file']),
        sh: new Word('workflow-durable-task-step',
            [script: String, label: String, encoding: String, returnStdout: Boolean, returnStatus: Boolean],
            required: ['script']),
        stash: new Word('workflow-basic-steps',
            [name: String, includes: String, excludes: String, allowEmpty: Boolean, useDefaultExcludes: Boolean],
            required: ['name']),
        timeout: TIMEOUT,
        timestamps: TIMESTAMPS,
        unstable: new Word('workflow-basic-steps', [message: String], required: ['message']),
        unstash: new Word('workflow-basic-steps', [name: String], required: ['name']),
        withCredentials: new Word('credentials-binding', [bindings: List], required: ['bindings'], block: true),
        withEnv: new Word('workflow-basic-steps', [overrides: List], required: ['overrides'], block: true),
        writeFile: new Word('workflow-basic-steps',
            [file: String, text: String, encoding: String], required: ['file', 'text']),
    ]

    static final Map<String, Word> BINDINGS = [
        file: new Word('credentials-binding',
            [credentialsId: String, variable: String], required: ['credentialsId', 'variable']),
        string: new Word('credentials-binding',
            [credentialsId: String, variable: String], required: ['credentialsId', 'variable']),
        usernamePassword: new Word('credentials-binding',
            [credentialsId: String, usernameVariable: String, passwordVariable: String],
            required: ['credentialsId', 'usernameVariable', 'passwordVariable']),
    ]

    static final Map<String, Word> PARAMETERS = [
        booleanParam: new Word('core',
            [name: String, defaultValue: Boolean, description: String], required: ['name']),
        choice: new Word('core',
            [name: String, choices: List, description: String], required: ['name', 'choices']),
        string: new Word('core',
            [name: String, defaultValue: String, description: String, trim: Boolean], required: ['name']),
    ]

    /** Stands inside of `buildDiscarder`. */
    static final Map<String, Word> DISCARDERS = [
        logRotator: new Word('core',
            [numToKeepStr: String, daysToKeepStr: String, artifactNumToKeepStr: String,
             artifactDaysToKeepStr: String]),
    ]

    static final Map<String, Word> STAGE_OPTIONS = [
        skipDefaultCheckout: new Word('pipeline-model-definition', [skip: Boolean], lone: 'skip'),
        timeout: new Word('workflow-basic-steps', TIMEOUT.parameters, required: ['time']),
        timestamps: new Word('timestamper'),
    ]
    static final Map<String, Word> OPTIONS = STAGE_OPTIONS + [
        buildDiscarder: new Word('core', [strategy: Object], required: ['strategy']),
        disableConcurrentBuilds: new Word('workflow-job', [abortPrevious: Boolean]),
        disableResume: new Word('workflow-job'),
        skipStagesAfterUnstable: new Word('pipeline-model-definition'),
    ]

    static final List<String> INPUT = ['message', 'id', 'ok', 'submitter', 'submitterParameter']
    static final List<String> WHEN_FLAGS = ['beforeAgent', 'beforeInput', 'beforeOptions']
    static final Map<String, Word> WHEN = [
        environment: new Word('pipeline-model-definition',
            [name: String, value: String, ignoreCase: Boolean], required: ['name', 'value']),
        equals: new Word('pipeline-model-definition',
            [expected: Object, actual: Object], required: ['expected', 'actual']),
    ]
    /** These hold conditions; `expression` holds code. */
    static final List<String> WHEN_NESTED = ['allOf', 'anyOf', 'not']

    /** In the order in which they run. */
    static final List<String> POST = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success',
                                      'unstable', 'unsuccessful', 'notBuilt', 'cleanup']

    static final List<String> PIPELINE = ['agent', 'environment', 'options', 'parameters', 'post', 'stages']
    static final List<String> STAGE = ['agent', 'environment', 'input', 'options', 'post', 'stages', 'steps', 'when']
    /** Jenkins knows them. They are refused because nothing here runs them. */
    static final List<String> NOT_RUN = ['failFast', 'libraries', 'matrix', 'parallel', 'tools', 'triggers']
}
