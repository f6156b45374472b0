import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.GStringExpression
import org.codehaus.groovy.ast.expr.ListExpression
import org.codehaus.groovy.ast.expr.MapExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.stmt.Statement

/** Reads words with their arguments and blocks, and notes what is wrong with them. */
class WordReader {
    /** Each with file and line. */
    final List<String> errors = []
    protected String file

    protected void wrong(int line, String what) {
        errors << "$file:$line: $what".toString()
    }

    /** The calls of a block, each of which has to be one of the allowed words and to stand there once. */
    protected Map<String, Call> sections(Call owner, String where, List<String> allowed) {
        Map<String, Call> found = [:]
        calls(owner, where).each { call ->
            if (call.name in Words.NOT_RUN && where != 'input') {
                wrong(call.line, "'$call.name' is not run by this harness")
            } else if (!(call.name in allowed)) {
                wrong(call.line, "unknown section '$call.name' in $where; known are ${allowed.join(', ')}")
            } else if (found.putIfAbsent(call.name, call) != null) {
                wrong(call.line, "section '$call.name' stands twice in $where")
            }
        }
        return found
    }

    protected List<Call> calls(Call owner, String where) {
        if (owner.block == null) {
            wrong(owner.line, "expected a block for '$owner.name'")
            return []
        }
        return Call.statements(owner.block).collect { word(it, where) }.findAll { it != null }
    }

    protected Call word(Statement statement, String where) {
        Call call = Call.of(statement)
        if (call == null) {
            wrong(statement.lineNumber, "not valid in $where: expected a word with its arguments or block")
        } else if (call.target instanceof MethodCallExpression) {
            // Groovy reads `when {…} steps {…}` as `when({…}).steps({…})`.
            String before = ((MethodCallExpression) call.target).methodAsString
            wrong(call.line, "'$before' and '$call.name' stand on one line; each needs a line of its own")
            return null
        } else if (call.target != null) {
            wrong(call.line, "calls on objects stand in 'script' blocks only: ${call.target.text}.${call.name}")
            return null
        }
        return call
    }

    protected void nested(List<Expression> values, Map<String, Word> known, String where) {
        values.each { value ->
            Call call = value instanceof MethodCallExpression ? new Call(value) : null
            if (call == null || !(call.name in known)) {
                wrong(value.lineNumber, "$where takes ${known.keySet().join(', ')}; not ${call?.name ?: value.text}")
            } else {
                arguments(call, known[call.name])
            }
        }
    }

    protected void arguments(Call call, Word word) {
        if (call.lone && call.named) {
            wrong(call.line, "'$call.name' mixes named arguments with unnamed ones")
            return
        }
        if (call.lone.size() > (word.lone ? 1 : 0)) {
            wrong(call.line, "the arguments of '$call.name' must be named")
            return
        }
        Map<String, Expression> given = call.lone ? [(word.lone): call.lone[0]] : call.named
        given.each { name, value ->
            if (!(name in word.parameters)) {
                return wrong(call.line, "'$call.name' has no parameter '$name'; " +
                    (word.parameters ? "it has ${word.parameters.keySet().join(', ')}" : 'it has none'))
            }
            String unfit = unfit(word.parameters[name], value)
            if (unfit) {
                wrong(call.line, "'$name' of '$call.name' must be $unfit, not $value.text")
            }
        }
        word.required.findAll { !(it in given) }.each { wrong(call.line, "'$call.name' needs '$it'") }
        if (word.block && call.block == null) {
            wrong(call.line, "'$call.name' needs a block")
        } else if (!word.block && call.block != null) {
            wrong(call.line, "'$call.name' takes no block")
        }
    }

    protected static String unfit(Object type, Expression value) {
        if (value instanceof ConstantExpression) {
            return Word.unfit(type, value.value)
        }
        Class made = [(GStringExpression): String, (ListExpression): List, (MapExpression): Map][value.class]
        return made != null && type instanceof Class && !((Class) type).isAssignableFrom(made) ?
            Word.unfit(type, made == String ? '' : made == List ? [] : [:]) : null
    }
}
