/** `currentBuild`, as far as a Jenkinsfile may touch it here. */
class CurrentBuild {
    private final Build build

    CurrentBuild(Build build) {
        this.build = build
    }

    String getResult() {
        return build.result
    }

    void setResult(String result) {
        build.setResult(result)
    }

    String getCurrentResult() {
        return build.currentResult
    }

    String getDescription() {
        return build.description
    }

    void setDescription(String text) {
        build.description = text
    }

    int getNumber() {
        return build.number
    }
}
