"""Mutants of a module, made from its source: one comparison, condition or connective changed at a time."""

import ast
import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import CodeType

INVERSE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
AT_THE_EDGE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
SIGNS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
WORDING = frozenset({"because", "hint", "next", "observed", "rule", "seen", "subject", "then", "where"})
"""Names of what is only shown to a person: a selftest judges verdicts, so their wording is left alone."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the ``number``-th that can be made to the module."""

    module: str
    function: str
    line: int
    change: str
    source: str
    number: int
    inverts: bool
    """Whether it turns a comparison or a condition round; the others move or loosen one."""

    @property
    def place(self) -> str:
        return f"{self.module.replace('.', '/')}.py:{self.line}"

    def __str__(self) -> str:
        return f"{self.place} {self.change}: {self.source}"


@dataclass(frozen=True, slots=True)
class _Site:
    function: str
    line: int
    change: str
    make: Callable[[], None]
    inverts: bool


def mutants_of(module: str) -> Iterator[Mutant]:
    """Give every mutant of a module, in the order of its source."""
    text = source_of(module).read_text(encoding="utf-8")
    lines = text.splitlines()
    for number, site in enumerate(_sites(ast.parse(text))):
        yield Mutant(
            module, site.function, site.line, site.change, lines[site.line - 1].strip(), number, site.inverts
        )


def compiled(mutant: Mutant) -> CodeType:
    """Return the code of a module with one change; the source must still be what the mutant came from."""
    if mutant not in mutants_of(mutant.module):
        raise LookupError(f"{mutant.place} was edited since its mutants were listed")
    path = source_of(mutant.module)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    _sites(tree)[mutant.number].make()
    return builtins.compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)


def source_of(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


def _sites(tree: ast.Module) -> list[_Site]:
    finder = _Finder()
    finder.visit(tree)
    return finder.sites


class _Finder(ast.NodeVisitor):
    def __init__(self) -> None:
        self.sites: list[_Site] = []
        self._inside: list[str] = []

    def visit(self, node: ast.AST) -> None:
        for test in _conditions(node):
            if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp):
                # A loop that never ends says nothing about a decision.
                inverts = not isinstance(node, ast.While)
                self._add(test, "condition negated", _negation(node, test), inverts=inverts)
        super().visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for index, op in enumerate(node.ops):
            for table in (INVERSE, AT_THE_EDGE):
                if other := table.get(type(op)):
                    self._add(
                        node,
                        f"{SIGNS[type(op)]} becomes {SIGNS[other]}",
                        _operator(node, index, other()),
                        inverts=table is INVERSE,
                    )
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._add(
            node, "and becomes or" if isinstance(node.op, ast.And) else "or becomes and", _op(node, other)
        )
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._add(
                node, "not left out", _operand(node, ast.UnaryOp(ast.Not(), node.operand)), inverts=True
            )
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        other = {"all": "any", "any": "all", "max": "min", "min": "max"}.get(node.id)
        if other:
            self._add(node, f"{node.id} becomes {other}", _name(node, other))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._nested(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._nested(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave texts alone."""

    def visit_Assert(self, node: ast.Assert) -> None:
        """Leave alone what narrows a type for the checker."""

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in WORDING:
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        names = {n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)}
        if not names or not names <= WORDING:
            self.generic_visit(node)

    def _nested(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    def _add(self, node: ast.expr, change: str, make: Callable[[], None], *, inverts: bool = False) -> None:
        self.sites.append(_Site(".".join(self._inside), node.lineno, change, make, inverts))


def _conditions(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            return [test]
        case ast.comprehension(ifs=tests):
            return list(tests)
    return []


def _negation(node: ast.AST, test: ast.expr) -> Callable[[], None]:
    negated = ast.copy_location(ast.UnaryOp(ast.Not(), test), test)

    def make() -> None:
        if isinstance(node, ast.comprehension):
            node.ifs[node.ifs.index(test)] = negated
        else:
            setattr(node, "test", negated)  # noqa: B010 - one of three kinds of node

    return make


def _operator(node: ast.Compare, index: int, other: ast.cmpop) -> Callable[[], None]:
    def make() -> None:
        node.ops[index] = other

    return make


def _op(node: ast.BoolOp, other: ast.boolop) -> Callable[[], None]:
    def make() -> None:
        node.op = other

    return make


def _operand(node: ast.UnaryOp, other: ast.expr) -> Callable[[], None]:
    def make() -> None:
        node.operand = ast.copy_location(other, node)

    return make


def _name(node: ast.Name, other: str) -> Callable[[], None]:
    def make() -> None:
        node.id = other

    return make
