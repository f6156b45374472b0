import groovy.transform.CompileStatic

import java.util.concurrent.TimeUnit

/**
 * Runs what stands in `sh` as the durable-task plugin does: a script file given to the shell with -xe, its output in a
 * file that is followed, and a cookie in its environment by which everything that it starts is found again.
 *
 * The step is over when the shell is. When a build is stopped, SIGTERM goes to every process with the cookie at once,
 * and the step ends with the shell, or after 20 s: a child that outlives its shell is not waited for.
 */
@CompileStatic
class Shell {
    static final int PATIENCE = 20
    static final String COOKIE = 'JENKINS_SERVER_COOKIE'

    private final Log log
    private final String cookie
    private Process process
    private Interrupted cause
    private long deadline
    private int scripts = 0

    Shell(Log log, String cookie) {
        this.log = log
        this.cookie = cookie
    }

    /** The exit code, or what was printed. */
    Object run(String script, File folder, File control, Map<String, String> environment, boolean capture, Closure seen) {
        File place = new File(control, "durable-${++scripts}")
        place.mkdirs()
        File file = new File(place, 'script.sh'), said = new File(place, 'jenkins-log.txt')
        file.text = script
        said.text = ''
        ProcessBuilder builder = new ProcessBuilder('/bin/dash', '-xe', file.path).directory(folder)
        builder.environment().clear()
        builder.environment().putAll(environment)
        builder.environment().put(COOKIE, cookie)
        builder.redirectInput(new File('/dev/null'))
        File printed = new File(place, 'output.txt')
        if (capture) {
            builder.redirectOutput(printed).redirectError(said)
        } else {
            builder.redirectErrorStream(true).redirectOutput(said)
        }
        synchronized (this) {
            cause = null
            process = builder.start()
        }
        int code = followed(said, seen)
        synchronized (this) {
            process = null
            if (cause != null && code != 0) {
                throw cause
            }
        }
        return capture && code == 0 ? printed.text : code
    }

    /** Ends what runs; nothing where nothing does. */
    synchronized void stop(Interrupted why) {
        if (process == null || cause != null) {
            return
        }
        cause = why
        deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE)
        log.line('Sending interrupt signal to process')
        signal('TERM')
    }

    /** Sends a signal to every process of this build. */
    void signal(String name) {
        List<String> pids = new File('/proc').list().toList().findAll { String pid ->
            pid.isInteger() && environ(pid).contains(COOKIE + '=' + cookie + '\0')
        }
        if (pids) {
            new ProcessBuilder(['kill', '-' + name] + pids).redirectErrorStream(true).start().waitFor()
        }
    }

    private static String environ(String pid) {
        try {
            return new String(new File("/proc/$pid/environ").bytes)
        } catch (IOException ignored) {
            return '' // it has ended, or is not ours to read
        }
    }

    private int followed(File said, Closure seen) {
        said.withReader { Reader reader ->
            BufferedReader lines = new BufferedReader(reader)
            StringBuilder rest = new StringBuilder()
            boolean alive = true
            while (alive) {
                alive = !process.waitFor(50, TimeUnit.MILLISECONDS)
                follow(lines, rest, seen)
                if (cause != null && alive && System.nanoTime() > deadline) {
                    log.line("After ${PATIENCE}s process did not stop")
                    throw cause
                }
            }
            if (rest) {
                log.line(rest)
            }
        }
        return process.exitValue()
    }

    private void follow(BufferedReader lines, StringBuilder rest, Closure seen) {
        for (int c = lines.read(); c >= 0; c = lines.read()) {
            if (c != ('\n' as char)) {
                rest.append((char) c)
                continue
            }
            String line = rest.toString()
            rest.length = 0
            log.line(line)
            seen.call(line)
        }
    }
}
