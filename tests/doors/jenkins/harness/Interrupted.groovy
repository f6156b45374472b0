/** A build that was told to end, and what it counts as. */
class Interrupted extends RuntimeException {
    final String result

    Interrupted(String result, String message) {
        super(message)
        this.result = result
    }
}
