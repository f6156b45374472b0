import groovy.transform.CompileStatic

/** The console of a build. */
@CompileStatic
class Log {
    boolean timestamps = false
    /** What stands as `****` for as long as a withCredentials block lasts. */
    final List<String> secrets = []
    private final PrintWriter out

    Log(File file) {
        out = new PrintWriter(new FileOutputStream(file), true)
    }

    synchronized void line(Object text) {
        String said = text
        new ArrayList<String>(secrets).sort { String it -> -it.length() }.each { String secret ->
            // dash -x prints a value with a quote in it as '…'"'"'…'.
            [secret, secret.replace("'", "'\"'\"'"), secret.replace("'", "'\\''")].each { said = said.replace(it, '****') }
        }
        out.println(timestamps ? "[${new Date().format("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", TimeZone.getTimeZone('UTC'))}] $said" : said)
    }
}
