import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.expr.BinaryExpression
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.GStringExpression
import org.codehaus.groovy.ast.expr.PropertyExpression
import org.codehaus.groovy.ast.expr.VariableExpression
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.Statement
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilationFailedException
import org.codehaus.groovy.control.Phases

/** Reads a Jenkinsfile's structure without running it, as Jenkins does before a build, and says what it would refuse. */
class Declarative extends StepReader {
    /** Of the whole pipeline. */
    final List<String> options = []
    private final Set<String> stages = []
    private final Set<String> parameters = []

    Declarative(String file, String source) {
        this.file = file
        CompilationUnit unit = new CompilationUnit()
        unit.addSource(file, source)
        try {
            unit.compile(Phases.CONVERSION)
        } catch (CompilationFailedException error) {
            errors << "$file: ${error.message}".toString()
            return
        }
        pipeline(unit.AST.modules[0])
        errors.unique()
    }

    private void pipeline(ModuleNode module) {
        List<Statement> top = module.statementBlock.statements
        int index = top.findIndexOf { Call.of(it)?.name == 'pipeline' }
        Call pipeline = index < 0 ? null : Call.of(top[index])
        if (pipeline?.block == null) {
            wrong(1, "no 'pipeline' block at the top")
            return
        }
        top.drop(index + 1).each { wrong(it.lineNumber, "nothing may stand after the 'pipeline' block") }
        Map<String, Call> found = sections(pipeline, 'pipeline', Words.PIPELINE)
        ['agent', 'stages'].findAll { !(it in found) }.each {
            wrong(pipeline.line, "missing required section '$it'")
        }
        found.parameters?.with { declared(it) }
        found.agent?.with { agent(it) }
        found.environment?.with { environment(it) }
        found.options?.with { this.options.addAll(options(it, Words.OPTIONS)) }
        found.stages?.with { stageList(it) }
        found.post?.with { post(it) }
        new References(this, parameters).visitBlockStatement(module.statementBlock)
    }

    private void stageList(Call owner) {
        List<Call> listed = calls(owner, 'stages')
        if (!listed && owner.block != null) {
            wrong(owner.line, 'no stages')
        }
        listed.each { stage(it) }
    }

    private void stage(Call call) {
        if (call.name != 'stage') {
            wrong(call.line, "expected a 'stage' in stages, not '$call.name'")
            return
        }
        String name = call.lone.size() == 1 ? Call.constant(call.lone[0]) : null
        if (!name) {
            wrong(call.line, 'a stage needs one name, in quotes')
            return
        }
        if (!stages.add(name)) {
            wrong(call.line, "duplicate stage name '$name'")
        }
        Map<String, Call> found = sections(call, "stage '$name'", Words.STAGE)
        if (('steps' in found) == ('stages' in found)) {
            wrong(call.line, "stage '$name' needs exactly one of 'steps' and 'stages'")
        }
        found.agent?.with { agent(it) }
        found.environment?.with { environment(it) }
        found.options?.with { options(it, Words.STAGE_OPTIONS) }
        found.when?.with { whenBlock(it) }
        found.input?.with { inputBlock(it) }
        found.stages?.with { stageList(it) }
        found.steps?.with { stepList(it, "the steps of '$name'") }
        found.post?.with { post(it) }
    }

    private void agent(Call call) {
        if (call.block != null) {
            Map<String, Call> found = sections(call, 'agent', ['label'])
            if (found.label?.lone?.size() != 1) {
                wrong(call.line, "agent { } needs one 'label'")
            }
        } else if (call.lone*.text != ['any'] && call.lone*.text != ['none'] || call.named) {
            wrong(call.line, "only 'agent any', 'agent none' and 'agent { label … }' are run by this harness")
        }
    }

    private void environment(Call call) {
        if (call.block == null) {
            wrong(call.line, "expected a block for 'environment'")
            return
        }
        Set<String> seen = []
        List<Statement> pairs = Call.statements(call.block)
        if (!pairs) {
            wrong(call.line, 'no variables in environment')
        }
        pairs.each { statement ->
            Expression pair = statement instanceof ExpressionStatement ? statement.expression : null
            if (!(pair instanceof BinaryExpression) || pair.operation.text != '=' ||
                !(pair.leftExpression instanceof VariableExpression)) {
                return wrong(statement.lineNumber, 'environment takes NAME = "value" lines')
            }
            String name = pair.leftExpression.text
            if (!seen.add(name)) {
                wrong(statement.lineNumber, "environment sets $name twice")
            }
            if (!text(pair.rightExpression)) {
                wrong(statement.lineNumber, "the value of $name must be in quotes: ${pair.rightExpression.text}")
            }
        }
    }

    private boolean text(Expression value) {
        if (value instanceof BinaryExpression && value.operation.text == '+') {
            return text(value.leftExpression) && text(value.rightExpression)
        }
        return value instanceof GStringExpression ||
            value instanceof ConstantExpression && value.value instanceof CharSequence
    }

    private Set<String> options(Call call, Map<String, Word> known) {
        Set<String> seen = []
        calls(call, 'options').each { option ->
            if (!(option.name in known)) {
                return wrong(option.line, "unknown option '$option.name'; known are ${known.keySet().join(', ')}")
            }
            if (!seen.add(option.name)) {
                wrong(option.line, "option '$option.name' stands twice")
            }
            arguments(option, known[option.name])
            if (option.name == 'buildDiscarder') {
                nested(option.lone, Words.DISCARDERS, 'buildDiscarder')
            }
        }
        return seen
    }

    private void declared(Call call) {
        calls(call, 'parameters').each { parameter ->
            Word word = Words.PARAMETERS[parameter.name]
            if (word == null) {
                return wrong(parameter.line,
                    "unknown parameter type '$parameter.name'; known are ${Words.PARAMETERS.keySet().join(', ')}")
            }
            arguments(parameter, word)
            String name = Call.constant(parameter.named.name)
            if (name && !parameters.add(name)) {
                wrong(parameter.line, "parameter $name is declared twice")
            }
        }
    }

    private void whenBlock(Call call) {
        List<Call> conditions = calls(call, 'when')
        conditions.findAll { it.name in Words.WHEN_FLAGS }.each {
            if (!(it.lone.size() == 1 && Call.constant(it.lone[0]) instanceof Boolean)) {
                wrong(it.line, "'$it.name' takes true or false")
            }
        }
        conditions = conditions.findAll { !(it.name in Words.WHEN_FLAGS) }
        if (!conditions && call.block != null) {
            wrong(call.line, "'when' has no condition")
        }
        conditions.each { condition(it) }
    }

    private void condition(Call call) {
        if (call.name in Words.WHEN_NESTED) {
            List<Call> children = calls(call, call.name)
            if (!children || call.name == 'not' && children.size() != 1) {
                wrong(call.line, "'$call.name' needs ${call.name == 'not' ? 'one condition' : 'conditions'}")
            }
            children.each { condition(it) }
        } else if (call.name == 'expression') {
            if (call.block == null) {
                wrong(call.line, "'expression' needs a block")
            }
        } else if (call.name in Words.WHEN) {
            arguments(call, Words.WHEN[call.name])
        } else {
            wrong(call.line, "unknown condition '$call.name' in when")
        }
    }

    private void inputBlock(Call call) {
        Map<String, Call> found = sections(call, 'input', Words.INPUT)
        if (call.block != null && !('message' in found)) {
            wrong(call.line, "input needs a 'message'")
        }
        found.values().each {
            if (it.lone.size() != 1 || it.named || it.block) {
                wrong(it.line, "'$it.name' of input takes one text")
            }
        }
    }

    private void post(Call call) {
        Map<String, Call> found = sections(call, 'post', Words.POST)
        if (call.block != null && !Call.statements(call.block)) {
            wrong(call.line, 'post has no condition')
        }
        found.values().each { stepList(it, "post $it.name") }
    }

    /** What `params.` is followed by has to be declared: Jenkins itself would go on with null. */
    private static class References extends CodeVisitorSupport {
        private final Declarative checks
        private final Set<String> declared

        References(Declarative checks, Set<String> declared) {
            this.checks = checks
            this.declared = declared
        }

        @Override
        void visitPropertyExpression(PropertyExpression node) {
            if (node.objectExpression.text == 'params' && !(node.propertyAsString in declared)) {
                checks.wrong(node.lineNumber, "params.$node.propertyAsString is not a parameter; " +
                    (declared ? "they are ${declared.join(', ')}" : 'there are none'))
            }
            super.visitPropertyExpression(node)
        }
    }
}
