import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.ListExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression

/** Reads what stands in `steps`, in a condition of `post`, and in `script`. */
class StepReader extends WordReader {
    final Set<String> plugins = new TreeSet<>()
    /** The steps in the order of the source: name, line, and the text of what `sh` runs. */
    final List<Map> steps = []

    protected void stepList(Call owner, String where) {
        List<Call> listed = calls(owner, where)
        if (owner.block != null && !Call.statements(owner.block)) {
            wrong(owner.line, "no steps in $where")
        }
        listed.each { step(it) }
    }

    protected void step(Call call) {
        if (call.name == 'script') {
            if (call.block == null) {
                wrong(call.line, "expected a block for 'script'")
                return
            }
            call.block.code.visit(new Script(this))
            return
        }
        Word word = known(call)
        if (word?.block && call.block != null) {
            stepList(call, call.name)
        }
    }

    /** Checks one step by itself; null where there is no such step. */
    Word known(Call call) {
        Word word = Words.STEPS[call.name]
        if (word == null) {
            wrong(call.line, "no step '$call.name' in the standard plugins, as far as this harness runs them")
            return null
        }
        plugins << word.plugin
        steps << [name: call.name, line: call.line, text: Call.constant(call.lone[0] ?: call.named[word.lone])]
        arguments(call, word)
        if (call.name == 'withCredentials') {
            Expression bindings = call.lone[0] ?: call.named.bindings
            if (bindings instanceof ListExpression) {
                nested(bindings.expressions, Words.BINDINGS, 'withCredentials')
            }
        }
        return word
    }

    /** `script` holds any Groovy, but its plain calls are steps too. */
    private static class Script extends CodeVisitorSupport {
        private final StepReader checks

        Script(StepReader checks) {
            this.checks = checks
        }

        @Override
        void visitMethodCallExpression(MethodCallExpression node) {
            boolean binding = node.methodAsString in Words.BINDINGS
            if (node.implicitThis && !binding) {
                checks.known(new Call(node))
            }
            super.visitMethodCallExpression(node)
        }
    }
}
