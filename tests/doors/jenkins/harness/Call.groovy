import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.MapExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.ast.stmt.BlockStatement
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.Statement

/** A call as it stands in the source: `name key: value, 'lone' { block }`. */
class Call {
    final String name
    final int line
    final Map<String, Expression> named = [:]
    final List<Expression> lone = []
    ClosureExpression block
    /** What it is called on; null for a plain word. */
    final Expression target

    Call(MethodCallExpression node) {
        // Of a chain the line of the word itself, not that of where the chain begins.
        line = node.method.lineNumber
        name = node.methodAsString
        target = node.implicitThis ? null : node.objectExpression
        ((TupleExpression) node.arguments).expressions.each { argument ->
            if (argument instanceof MapExpression) {
                argument.mapEntryExpressions.each { named[it.keyExpression.text] = it.valueExpression }
            } else if (argument instanceof ClosureExpression && block == null) {
                block = argument
            } else {
                lone << argument
            }
        }
    }

    static Call of(Statement statement) {
        boolean called = statement instanceof ExpressionStatement &&
            statement.expression instanceof MethodCallExpression &&
            statement.expression.method instanceof ConstantExpression
        return called ? new Call((MethodCallExpression) statement.expression) : null
    }

    static List<Statement> statements(ClosureExpression block) {
        return block.code instanceof BlockStatement ? ((BlockStatement) block.code).statements : [block.code]
    }

    /** The value of a constant; null for everything that is known only when it runs. */
    static Object constant(Expression expression) {
        return expression instanceof ConstantExpression ? expression.value : null
    }
}
