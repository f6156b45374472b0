import org.xml.sax.SAXException

/** Counts what a JUnit file holds. */
class JUnit {
    private final Map<String, Integer> counts

    JUnit(Map<String, Integer> counts) {
        this.counts = counts
    }

    /** Adds a file; returns how many of its cases are bad. One that cannot be read is a bad case itself, as in Jenkins. */
    int add(File file) {
        Node root
        try {
            root = new XmlParser().parse(file)
        } catch (SAXException ignored) {
            counts.tests += 1
            counts.failures += 1
            return 1
        }
        List<Node> suites = root.name() == 'testsuites' ? root.testsuite : [root]
        List<Node> cases = suites.collectMany { it.testcase }
        int failures = cases.count { it.failure }, errors = cases.count { it.error }
        counts.suites += suites.size()
        counts.tests += cases.size()
        counts.failures += failures
        counts.errors += errors
        counts.skipped += cases.count { it.skipped }
        return failures + errors
    }
}
