/** What a step says when it fails a build on purpose (hudson.AbortException): no stack trace, no bug. */
class Failed extends RuntimeException {
    Failed(String message) {
        super(message)
    }
}
