"""What each gate can say, read from its source: the ids of its checks, and the verdicts beside them."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from ci_steps.model.verdict import Verdict

GATES: Mapping[str, str] = {
    name: f"ci_steps.steps.{name.replace('-', '_')}"
    for name in (
        "unit-tests",
        "fetch-model",
        "scan-model",
        "check-metrics",
        "check-interface",
        "integration-test",
        "load-test",
    )
}
_BY_NAME = {
    "passed": Verdict.PASSED,
    "warned": Verdict.WARNED,
    "inconclusive": Verdict.INCONCLUSIVE,
    "undecided": Verdict.INCONCLUSIVE,
    "UndecidableError": Verdict.INCONCLUSIVE,
    "refused": Verdict.REFUSED,
    "_refused": Verdict.REFUSED,
}
_GIVEN = frozenset({"Finding", "Problem", "_finding", "_nothing"})


def said_by(gate: str) -> dict[str, set[Verdict]]:
    """Return the ids of a gate's checks, each with the verdicts that its source names for it.

    An id whose verdict is computed elsewhere has an empty set: that it has a case is all that can be asked.
    """
    found: dict[str, set[Verdict]] = defaultdict(set)
    for path in _sources(GATES[gate]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = dict(_named_texts(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (kind := _kind(node, gate, texts)):
                found[f"{gate}.{kind}"] |= set(_verdicts(node))
    return dict(found)


def _sources(module: str) -> Iterator[Path]:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    yield from sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]


def _named_texts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give the names that stand for one text: ``CHECK = "..."``, also beside others on its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs = list(zip(names, values, strict=False))
            case ast.Assign(targets=[ast.Name() as name], value=value):
                pairs = [(name, value)]
            case _:
                continue
        for given, text in pairs:
            match given, text:
                case ast.Name(id=called), ast.Constant(value=str(said)):
                    yield called, said


def _kind(call: ast.Call, gate: str, texts: Mapping[str, str]) -> str:
    name = _name(call)
    if name not in _BY_NAME and name not in _GIVEN:
        return ""
    named = [keyword.value for keyword in call.keywords if keyword.arg in {"check", "kind"}]
    for given in [*named, *call.args[:1]]:
        text = given.value if isinstance(given, ast.Constant) else None
        text = texts.get(given.id) if isinstance(given, ast.Name) else text
        if isinstance(text, str):
            kind = text.removeprefix(f"{gate}.")
            return kind if kind.replace("-", "").isalnum() else ""
    return ""


def _verdicts(call: ast.Call) -> Iterator[Verdict]:
    if fixed := _BY_NAME.get(_name(call)):
        yield fixed
        return
    for given in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "verdict")]:
        for node in ast.walk(given):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "Verdict"
            ):
                yield Verdict[node.attr]


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
