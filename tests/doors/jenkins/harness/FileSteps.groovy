/** The steps that read, keep, hand on and delete files of the workspace. */
abstract class FileSteps {
    final Build build
    protected File place

    FileSteps(Build build) {
        this.build = build
        place = build.workspace
    }

    abstract Object within(Closure block)

    Object run_dir(Map given) {
        File before = place
        place = file(given.path)
        place.mkdirs()
        try {
            return within((Closure) given.block)
        } finally {
            place = before
        }
    }

    void run_deleteDir(Map given) {
        Files.delete(place)
        if (place == build.workspace) {
            place.mkdirs()
        }
    }

    boolean run_fileExists(Map given) {
        return file(given.file).exists()
    }

    String run_readFile(Map given) {
        File file = file(given.file)
        if (!file.isFile()) {
            throw new Failed("java.nio.file.NoSuchFileException: $file")
        }
        return file.getText((String) given.encoding ?: 'UTF-8')
    }

    void run_writeFile(Map given) {
        File file = file(given.file)
        file.parentFile.mkdirs()
        file.setText(given.text.toString(), (String) given.encoding ?: 'UTF-8')
    }

    void run_archiveArtifacts(Map given) {
        List<String> found = Files.matching(place, given.artifacts.toString(), given.excludes?.toString())
        build.log.line("Archiving artifacts: ${found.size()}")
        if (!found && !given.allowEmptyArchive && build.currentResult in ['SUCCESS', 'UNSTABLE']) {
            throw new Failed("No artifacts found that match the file pattern \"$given.artifacts\". Configuration error?")
        }
        if (!given.onlyIfSuccessful || build.currentResult == 'SUCCESS') {
            Files.copy(place, new File(build.folder, 'archive'), found)
        }
    }

    void run_junit(Map given) {
        List<String> found = Files.matching(place, given.testResults.toString())
        if (!found) {
            if (given.allowEmptyResults) {
                build.log.line('None of the test reports contained any result')
                return
            }
            throw new Failed('No test report files were found. Configuration error?')
        }
        int bad = found.sum { new JUnit(build.junit).add(new File(place, it)) }
        build.log.line("Recorded test results of ${found.size()} files: $bad failed")
        if (bad && !given.skipMarkingBuildUnstable) {
            build.result = 'UNSTABLE'
        }
    }

    void run_stash(Map given) {
        List<String> found = Files.matching(place, (given.includes ?: '**').toString(), given.excludes?.toString())
        if (!found && !given.allowEmpty) {
            throw new Failed('No files included in stash')
        }
        File stash = new File(build.folder, "stashes/$given.name")
        Files.delete(stash)
        stash.mkdirs()
        Files.copy(place, stash, found)
        build.log.line("Stashed ${found.size()} file(s)")
    }

    void run_unstash(Map given) {
        File stash = new File(build.folder, "stashes/$given.name")
        if (!stash.isDirectory()) {
            throw new Failed("No such saved stash '$given.name'")
        }
        Files.copy(stash, place, Files.matching(stash, '**'))
    }

    void run_cleanWs(Map given) {
        String when = [SUCCESS: 'cleanWhenSuccess', UNSTABLE: 'cleanWhenUnstable', FAILURE: 'cleanWhenFailure',
                       NOT_BUILT: 'cleanWhenNotBuilt', ABORTED: 'cleanWhenAborted'][build.currentResult]
        if (given[when] == false) {
            return
        }
        Closure<String> of = { String type -> given.patterns.findAll { it.type == type }*.pattern.join(',') }
        given.patterns.each {
            if (it.keySet() != ['pattern', 'type'] as Set || !(it.type in ['INCLUDE', 'EXCLUDE'])) {
                throw new Failed("a pattern of cleanWs is [pattern: …, type: 'INCLUDE' or 'EXCLUDE'], not $it")
            }
        }
        String include = of('INCLUDE') ?: given.patterns ? of('INCLUDE') ?: '**/*' : '**/*'
        List<String> found = Files.matching(build.workspace, include, of('EXCLUDE'), given.deleteDirs || !given.patterns)
        found.each { Files.delete(new File(build.workspace, it)) }
        build.log.line("[WS-CLEANUP] done: ${found.size()}")
    }

    protected File file(Object path) {
        File given = new File(path.toString())
        return given.absolute ? given : new File(place, given.path)
    }
}
