"""ONNX: every message down to each tensor, the operators' domains, and the files that tensors lie in."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from ci_steps.model.verdict import Verdict
from ci_steps.steps.scan_model.content import Buffer, Claim, Problem, Shown, outside, trailing, unreadable
from ci_steps.steps.scan_model.readers.place import Place
from ci_steps.steps.scan_model.readers.protobuf import (
    BYTES,
    MOST_DEPTH,
    Field,
    WireError,
    fields,
    shape,
    text,
)

KNOWN_DOMAINS = frozenset(
    {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", "com.microsoft"}
)
# onnx.proto 1.18: field numbers and wire types of each message.
_SHAPES = {
    name: shape(fields_)
    for name, fields_ in {
        "model": "1:0 2:2 3:2 4:2 5:0 6:2 7:2 8:2 14:2 20:2 25:2 26:2",
        "graph": "1:2 2:2 5:2 10:2 11:2 12:2 13:2 14:2 15:2 16:2",
        "node": "1:2 2:2 3:2 4:2 5:2 6:2 7:2 8:2 9:2 10:2",
        "attribute": "1:2 2:5 3:0 4:2 5:2 6:2 7:5,2 8:0,2 9:2 10:2 11:2 13:2 14:2 15:2 20:0 21:2 22:2 23:2",
        "tensor": "1:0,2 2:0 3:2 4:5,2 5:0,2 6:2 7:0,2 8:2 9:2 10:1,2 11:0,2 12:2 13:2 14:0 16:2",
        "sparse": "1:2 2:2 3:0,2",
        "entry": "1:2 2:2",
        "opset": "1:2 2:0",
        "function": "1:2 4:2 5:2 6:2 7:2 8:2 9:2 10:2 11:2 12:2 13:2 14:2",
        "training": "1:2 2:2 3:2 4:2",
    }.items()
}
# Where a message lies in another one.
_INSIDE = {
    "model": {7: "graph", 8: "opset", 14: "entry", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse", 16: "entry"},
    "node": {5: "attribute", 9: "entry"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "tensor": {13: "entry", 16: "entry"},
    "sparse": {1: "tensor", 2: "tensor"},
    "function": {7: "node", 9: "opset", 11: "attribute", 14: "entry"},
    "training": {1: "graph", 2: "graph", 3: "entry", 4: "entry"},
}
_ONCE = frozenset({1, 2, 3, 4, 5, 6, 7})
_NEEDED = frozenset({1, 7, 8})
# They call Python, or load a library or a file that an attribute names.
_CALLING = frozenset({"PythonOp", "PythonOpGrad", "PyOp", "ExternalOp"})
_LOADING = frozenset({"EPContext", "ATen", "ATenOp"})
_DATA_STORED_OUTSIDE = 1


@dataclass(slots=True)
class _Model:
    buffer: Buffer
    place: Place
    operators: set[tuple[str, str]] = field(default_factory=set)
    functions: set[tuple[str, str]] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    def message(self, kind: str, start: int, end: int, depth: int = 0) -> list[Field]:
        if depth > MOST_DEPTH:
            raise WireError(f"messages in messages, more than {MOST_DEPTH} deep")
        inside, found = _INSIDE.get(kind, {}), []
        for each in fields(self.buffer, start, end, _SHAPES[kind]):
            found.append(each)
            if each.number in inside and each.wire == BYTES:
                self.message(inside[each.number], each.start, each.end, depth + 1)
        look = _LOOKS.get(kind)
        if look is not None:
            look(self, found)
        return found

    def text(self, found: list[Field], number: int) -> str:
        named = [text(self.buffer, each) for each in found if each.number == number]
        return named[-1] if named else ""

    def node(self, found: list[Field]) -> None:
        self.operators.add((self.text(found, 7), self.text(found, 4)))

    def function(self, found: list[Field]) -> None:
        self.functions.add((self.text(found, 10), self.text(found, 1)))

    def tensor(self, found: list[Field]) -> None:
        entries = [each for each in found if each.number == 13]
        stored = [each.value for each in found if each.number == 14]
        if not entries and _DATA_STORED_OUTSIDE not in stored:
            return
        values = {}
        for entry in entries:
            parts = list(fields(self.buffer, entry.start, entry.end, _SHAPES["entry"]))
            values[self.text(parts, 1)] = self.text(parts, 2)
        self.found(self._claimed(values))

    def found(self, problem: Problem | None) -> None:
        if problem is not None and problem not in self.problems:
            self.problems.append(problem)

    def _claimed(self, values: dict[str, str]) -> Problem | None:
        location = values.get("location", "")
        if leads_out(location):
            return outside(f"its tensors lie outside of the model, in {location[:200]!a}")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.place.path), location))
        size = self.place.sizes.get(path)
        try:
            start = int(values.get("offset", "0"))
            length = int(values["length"]) if "length" in values else (size or 0) - start
        except ValueError:
            return unreadable("the place of a tensor in another file is no number")
        if size is None or self.place.depth:
            return unreadable(f"its tensors lie in {location[:200]!a}, which is no file of the model")
        if not 0 <= start <= start + length <= size:
            return unreadable(f"a tensor lies behind the end of {location[:200]!a}")
        self.claims.append(Claim(path, start, start + length))
        return None

    def judged(self) -> None:
        """Say which operators need more than a runtime of ONNX."""
        for domain, name in sorted(self.operators):
            if name in _CALLING and (domain, name) not in self.functions:
                self.found(_calls(f"{domain}.{name}"))
            elif is_custom(domain, name, self.functions):
                self.found(
                    unreadable(
                        f"operator {domain}.{name} is not ONNX's own: a custom library runs it",
                        "export the model with standard operators, or waive it with a reason",
                    )
                )


def is_custom(domain: str, name: str, functions: set[tuple[str, str]]) -> bool:
    """Whether a runtime needs a library of somebody else's for the operator."""
    return (domain, name) not in functions and (domain not in KNOWN_DOMAINS or name in _LOADING)


def leads_out(location: str) -> bool:
    """Whether a path that a file names leads out of the file's own folder."""
    normal = posixpath.normpath(location.replace("\\", "/"))
    return (
        not location or normal.startswith(("/", "../")) or normal in {"..", "."} or location[1:2] == ":"
        or "\0" in location or "://" in location
    )  # fmt: skip


_LOOKS: dict[str, Callable[[_Model, list[Field]], None]] = {
    "node": _Model.node,
    "function": _Model.function,
    "tensor": _Model.tensor,
}


def onnx(buffer: Buffer, place: Place) -> Shown | None:
    """Return what an ONNX model holds; None where the file is none."""
    size = len(buffer)
    try:
        numbers = [each.number for each in fields(buffer, 0, size, _SHAPES["model"])]
    except WireError:
        return None
    if not set(numbers) >= _NEEDED:
        return None
    model = _Model(buffer, place)
    problems = list(_whole(numbers))
    try:
        model.message("model", 0, size)
        model.judged()
    except WireError as error:
        problems.append(unreadable(f"not a sound ONNX model: {error}"))
    return Shown("onnx", problems=(*problems, *model.problems), claims=tuple(model.claims))


def _whole(numbers: list[int]) -> list[Problem]:
    """Refuse two models in one file: readers merge what is appended into one model that nobody exported."""
    twice = sorted(number for number in _ONCE if numbers.count(number) > 1)
    if twice:
        return [trailing(f"a second model was appended: field {twice[0]} is there twice")]
    if numbers != sorted(numbers):
        return [
            unreadable("its fields are not in the order that exporters write: it may be two files in one")
        ]
    return []


def _calls(operator: str) -> Problem:
    return Problem(
        kind="trick",
        verdict=Verdict.REFUSED,
        observed=f"operator {operator} calls Python",
        rule="a graph computes and nothing else",
        next="do not load this file; export the model with standard operators",
    )
