import groovy.transform.CompileStatic

import java.nio.file.Files as Nio
import java.nio.file.Path
import java.nio.file.StandardCopyOption

/** Files by Ant patterns, as archiveArtifacts, junit, stash and cleanWs take them. */
@CompileStatic
class Files {
    /** Paths below the folder, with slashes; directories too where they are wanted. Links are not followed. */
    static List<String> matching(File folder, String includes, String excludes = null, boolean directories = false) {
        List<String> found = []
        walk(folder, '', found, directories)
        List<String> wanted = patterns(includes), unwanted = patterns(excludes)
        return found.findAll { String path ->
            wanted.any { matches(it, path) } && !unwanted.any { matches(it, path) }
        }.sort()
    }

    static void copy(File from, File to, List<String> paths) {
        paths.each { String path ->
            Path target = new File(to, path).toPath()
            Nio.createDirectories(target.parent)
            Nio.copy(new File(from, path).toPath(), target, StandardCopyOption.REPLACE_EXISTING)
        }
    }

    static void delete(File file) {
        if (file.isDirectory() && !Nio.isSymbolicLink(file.toPath())) {
            file.listFiles().each { File inner -> delete(inner) }
        }
        Nio.deleteIfExists(file.toPath())
    }

    /** Whether an Ant pattern takes the whole path: `*` and `?` within a name, `**` for any number of folders. */
    static boolean matches(String pattern, String path) {
        String whole = pattern.endsWith('/') ? pattern + '**' : pattern
        return taken(whole.split('/').toList(), path.split('/').toList())
    }

    private static boolean taken(List<String> pattern, List<String> path) {
        if (!pattern) {
            return !path
        }
        if (pattern[0] == '**') {
            return (0..path.size()).any { int n -> taken(pattern.drop(1), path.drop(n)) }
        }
        return path && path[0] ==~ name(pattern[0]) && taken(pattern.drop(1), path.drop(1))
    }

    private static String name(String pattern) {
        return pattern.collect { String c ->
            c == '*' ? '.*' : c == '?' ? '.' : java.util.regex.Pattern.quote(c)
        }.join('')
    }

    private static List<String> patterns(String text) {
        return (text ?: '').split(',')*.trim().findAll { it }
    }

    private static void walk(File folder, String prefix, List<String> found, boolean directories) {
        folder.listFiles().each { File file ->
            String path = prefix + file.name
            if (file.isDirectory() && !Nio.isSymbolicLink(file.toPath())) {
                if (directories) {
                    found << path
                }
                walk(file, path + '/', found, directories)
            } else {
                found << path
            }
        }
    }
}
