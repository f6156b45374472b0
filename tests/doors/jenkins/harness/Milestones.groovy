import groovy.json.JsonOutput
import groovy.json.JsonSlurper

/** Which build of the job passed which milestone last: an older one that comes later is not built further. */
class Milestones {
    private final Build build
    private int last = 0

    Milestones(Build build) {
        this.build = build
    }

    void pass(Integer given) {
        int ordinal = given ?: last + 1
        if (ordinal <= last) {
            throw new Failed("milestone $ordinal does not come after milestone $last")
        }
        last = ordinal
        File file = new File(build.folder.parentFile.parentFile, 'milestones.json')
        Map<String, Integer> passed = file.exists() ? (Map) new JsonSlurper().parse(file) : [:]
        int newest = passed.findAll { it.key.toInteger() >= ordinal }*.value.max() ?: 0
        if (newest > build.number) {
            throw new Interrupted('NOT_BUILT', "Canceled since build #$newest already got here")
        }
        passed["$ordinal".toString()] = build.number
        file.text = JsonOutput.toJson(passed)
        build.log.line("milestone $ordinal")
    }
}
