"""The stack and the memory of a walked pickle: only what names of globals and ends of arrays depend on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ci_steps.steps.scan_model.arrays import Entries, Placeholder
from ci_steps.steps.scan_model.content import Problem, trick, unreadable
from ci_steps.steps.scan_model.names import Named, WrapperClass
from ci_steps.steps.scan_model.opcodes import (
    Line,
    MalformedError,
    Opcode,
    UnfollowableError,
    number,
    quoted,
)

OTHER = object()
"""A value that is no array and no global, and whose content nobody needs."""
MADE = object()
"""What a call returned: it can be anything."""
MOST_ITEMS = 64
_OBJECT = Named("builtins.object")


class ReconstructorArguments(tuple[Any, ...]):
    """How protocols 0 and 1 make an array's placeholder: (its class, object, None)."""

    __slots__ = ()


_ARRAYS = {Placeholder, WrapperClass, ReconstructorArguments}
_NEVER_AGAIN = {Placeholder, ReconstructorArguments}


@dataclass(slots=True, kw_only=True)
class Values:
    """What an unpickler would hold, and what of it is suspicious."""

    problems: list[Problem] = field(default_factory=list)
    plain: bool = False
    stack: list[Any] = field(default_factory=list)
    below: list[list[Any]] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def other(self, opcode: Opcode) -> None:
        """Take and leave as many values as the opcode does."""
        if opcode.takes_mark:
            self.watch(self.pop_mark())
        for _ in range(opcode.takes):
            self.watch((self.stack.pop(),))
        self.stack.extend([OTHER] * opcode.leaves)

    def watch(self, values: Iterable[Any]) -> None:
        """Refuse an array's placeholder where joblib puts none: its bytes could not be found."""
        if not self.plain and not _ARRAYS.isdisjoint(map(type, values)):
            self.found(trick("a NumpyArrayWrapper is used for something else than an array"))

    def found(self, problem: Problem) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def unknown(self, observed: str) -> None:
        self.found(unreadable(observed))

    def mark(self, _: object) -> None:
        self.below.append(self.stack)
        self.stack = []

    def pop_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def drop_to_mark(self, _: object) -> None:
        self.watch(self.pop_mark())

    def pop(self, _: object) -> None:
        """Take one value, or the mark where there is none above it, as unpicklers do."""
        self.watch((self.stack.pop(),) if self.stack else self.pop_mark())

    def duplicate(self, _: object) -> None:
        self.watch(self.stack[-1:])
        self.stack.append(self.stack[-1])

    # -- plain values

    def none(self, _: object) -> None:
        self.stack.append(None)

    def true(self, _: object) -> None:
        self.stack.append(True)

    def false(self, _: object) -> None:
        self.stack.append(False)

    def text(self, argument: bytes | int) -> None:
        if isinstance(argument, int):
            self.stack.append(OTHER)
            return
        try:
            self.stack.append(argument.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError as error:
            raise MalformedError("a text is not UTF-8") from error

    def text_line(self, argument: Line | int) -> None:
        if isinstance(argument, int):
            self.stack.append(OTHER)
            return
        try:
            self.stack.append(argument.text.decode("raw-unicode-escape"))
        except UnicodeDecodeError as error:
            raise MalformedError("a text has a broken escape") from error

    def quoted_line(self, argument: Line | int) -> None:
        self.stack.append(OTHER if isinstance(argument, int) else quoted(argument))

    def byte_string(self, argument: bytes | int) -> None:
        self.stack.append(OTHER if isinstance(argument, int) else argument.decode("latin-1"))

    def whole(self, argument: bytes) -> None:
        self.stack.append(int.from_bytes(argument, "little", signed=len(argument) == 4))

    def long(self, argument: bytes | int) -> None:
        if isinstance(argument, bytes) and len(argument) <= 16:
            self.stack.append(int.from_bytes(argument, "little", signed=True))
        else:
            self.stack.append(OTHER)

    def number_line(self, argument: Line | int) -> None:
        if isinstance(argument, int):
            self.stack.append(OTHER)
            return
        value = {b"00": False, b"01": True}.get(argument.text, number(argument))
        self.stack.append(OTHER if value is None else value)

    # -- containers

    def empty_tuple(self, _: object) -> None:
        self.stack.append(())

    def tuple1(self, _: object) -> None:
        self._tuple(self._last(1))

    def tuple2(self, _: object) -> None:
        self._tuple(self._last(2))

    def tuple3(self, _: object) -> None:
        self._tuple(self._last(3))

    def tuple_to_mark(self, _: object) -> None:
        self._tuple(self.pop_mark())

    def _last(self, count: int) -> list[Any]:
        values = [self.stack.pop() for _ in range(count)]
        return values[::-1]

    def _tuple(self, values: list[Any]) -> None:
        if (
            len(values) == 3
            and type(values[0]) is WrapperClass
            and values[1] == _OBJECT
            and values[2] is None
        ):
            self.stack.append(ReconstructorArguments(values))
            return
        self.watch(values)
        self.stack.append(tuple(values) if len(values) <= MOST_ITEMS else OTHER)

    def empty_dict(self, _: object) -> None:
        self.stack.append(Entries())

    def dict_to_mark(self, _: object) -> None:
        values = self.pop_mark()
        self.stack.append(Entries())
        self._set(values)

    def set_item(self, _: object) -> None:
        self._set(self._last(2))

    def set_items(self, _: object) -> None:
        self._set(self.pop_mark())

    def append(self, _: object) -> None:
        self._add(self._last(1))

    def append_to_mark(self, _: object) -> None:
        self._add(self.pop_mark())

    def _add(self, values: list[Any]) -> None:
        self.watch(values)
        self.refuse_change(self.stack[-1])

    def _set(self, values: list[Any]) -> None:
        self.watch(values)
        target = self.stack[-1]
        self.refuse_change(target)
        if isinstance(target, Entries):
            for key, value in zip(values[::2], values[1::2], strict=False):
                target.put(key, value)

    def refuse_change(self, target: object) -> None:
        """Refuse a change of a module's own object: an honest pickle changes what it made."""
        if isinstance(target, Named):
            self.found(trick(f"it changes {target.text} itself, not an object made of it"))

    # -- memory

    def get(self, argument: Line | int) -> None:
        self._get(_key(argument))

    def binary_get(self, argument: bytes) -> None:
        self._get(int.from_bytes(argument, "little"))

    def _get(self, key: int | None) -> None:
        if key is None or key not in self.memo:
            raise MalformedError("it takes a value that was never noted")
        value = self.memo[key]
        if type(value) in _NEVER_AGAIN:
            self.watch((value,))
        self.stack.append(value)

    def put(self, argument: Line | int) -> None:
        key = _key(argument)
        if key is None or key < 0:
            raise MalformedError("it notes a value under no number")
        self.memo[key] = self.stack[-1]

    def binary_put(self, argument: bytes) -> None:
        self.memo[int.from_bytes(argument, "little")] = self.stack[-1]

    def memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self.stack[-1]


def _key(argument: Line | int) -> int | None:
    if isinstance(argument, int):
        raise UnfollowableError(f"the number of a noted value takes {argument} bytes")
    return number(argument)
