"""A walk through a pickle that imports nothing and calls nothing, and lists every global it would import."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from ci_steps.steps.scan_model.arrays import Dtype, Placeholder, array_bytes
from ci_steps.steps.scan_model.content import Buffer, trick
from ci_steps.steps.scan_model.names import Named, WrapperClass, importable, named
from ci_steps.steps.scan_model.opcodes import OPCODES, MalformedError, UnfollowableError
from ci_steps.steps.scan_model.values import MADE, OTHER, ReconstructorArguments, Values

MOST_OPCODES = 20_000_000
"""About half a minute; a vocabulary of a million words is a quarter of it."""
_RECONSTRUCTOR = Named("copyreg._reconstructor")
_DTYPE = Named("numpy.dtype")


@dataclass(slots=True, kw_only=True)
class Walk(Values):
    """One pass over one pickle, as `joblib.load` reads it, or as `pickle.load` does where ``plain``."""

    buffer: Buffer
    at: int = 0
    globals: set[str] = field(default_factory=set)
    ended: bool = False
    stopped: str = ""
    """Why it could not be walked to its end."""
    lost: bool = False
    """It could not be followed, and an unpickler might well read on."""
    called: bool = False
    """Whether it calls anything."""
    arrays: int = 0
    opcodes: int = 0
    protocol: int = 0
    frame_end: int = 0
    headless: bool = False
    """It has no PROTO in front: a plain text may happen to begin like it."""
    references: list[Any] | None = None
    """The persistent ids, where whoever loads it looks them up in the same file."""

    def walk(self) -> Self:
        """Go to the pickle's STOP, or as far as an unpickler could get, and return itself."""
        self.headless = self.buffer[self.at : self.at + 1] != b"\x80"
        try:
            self._walk()
        except UnfollowableError as error:
            self.stopped, self.lost = str(error), True
        except MalformedError as error:
            self.stopped = str(error)
        except IndexError:
            self.stopped = "it takes a value that is not there"
        return self

    def _walk(self) -> None:
        buffer, size = self.buffer, len(self.buffer)
        while not self.ended:
            if self.at >= size:
                raise MalformedError("it ends before its STOP")
            opcode = OPCODES[buffer[self.at]]
            if opcode is None:
                raise MalformedError(f"byte {self.at} is no opcode")
            self.at += 1
            self.opcodes += 1
            if self.opcodes > MOST_OPCODES:
                raise UnfollowableError(f"it has more than {MOST_OPCODES} opcodes")
            argument = None
            if opcode.read is not None:
                argument, self.at = opcode.read(buffer, self.at)
            act = ACTS.get(opcode.name)
            if act is None:
                self.other(opcode)
            else:
                act(self, argument)

    # -- the stream

    def proto(self, argument: bytes) -> None:
        if argument[0] > 5:
            raise MalformedError(f"protocol {argument[0]} is unknown")
        self.protocol = argument[0]

    def frame(self, argument: bytes) -> None:
        if self.at < self.frame_end:
            self.unknown("a frame begins inside another one")
        self.frame_end = self.at + int.from_bytes(argument, "little")

    def stop(self, _: object) -> None:
        self.watch((self.stack.pop(),))
        if self.stack or self.below:
            self.found(trick("it leaves values behind that nobody takes"))
        self.ended = True

    # -- globals

    def two_lines(self, argument: tuple[bytes, bytes]) -> None:
        """Import a global that stands in the stream itself."""
        module, name = argument
        if self.headless and not importable(module):
            raise MalformedError("it imports a module that cannot exist")
        try:
            self._import(module.decode("utf-8"), name.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise MalformedError("a global's name is not UTF-8") from error

    def from_stack(self, _: object) -> None:
        """Import a global whose two names were pushed or remembered before."""
        name, module = self.stack.pop(), self.stack.pop()
        if isinstance(name, str) and isinstance(module, str):
            self._import(module, name)
            return
        # A global can be a text, and so can what a call returned.
        if all(isinstance(part, str | Named) or part in (MADE, OTHER) for part in (name, module)):
            self.found(trick("it imports a global whose name is made while it loads"))
            self.stack.append(MADE)
            return
        raise MalformedError("a global's name is no text")

    def _import(self, module: str, name: str) -> None:
        found = named(module, name, self.protocol)
        self.globals.add(found.text)
        self.stack.append(found)

    def extension(self, _: object) -> None:
        self.unknown("it takes a global from copyreg's extension registry, by number")
        self.stack.append(MADE)

    def persistent(self, argument: object) -> None:
        self._refer(argument)

    def persistent_from_stack(self, _: object) -> None:
        value = self.stack.pop()
        self.watch((value,))
        self._refer(value)

    def _refer(self, value: object) -> None:
        if self.references is None:
            self.unknown("it refers to an object outside the file, by a persistent id")
        else:
            self.references.append(value)
        self.stack.append(MADE)

    def out_of_band(self, _: object) -> None:
        self.unknown("it takes a buffer from outside the file")
        self.stack.append(OTHER)

    def read_only(self, _: object) -> None:
        self.unknown("it takes a buffer from outside the file")
        self.watch(self.stack[-1:])

    # -- calls

    def reduce(self, _: object) -> None:
        args, function = self.stack.pop(), self.stack.pop()
        self._call(function, args)

    def new_with_names(self, _: object) -> None:
        names, args, cls = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.watch((names, cls))
        self._call(cls, args)

    def obj(self, _: object) -> None:
        cls, *args = self._at_least_one(self.pop_mark())
        self.watch((cls,))
        self._call(cls, tuple(args))

    @staticmethod
    def _at_least_one(values: list[object]) -> list[object]:
        if not values:
            raise IndexError
        return values

    def inst(self, argument: tuple[bytes, bytes]) -> None:
        self.two_lines(argument)
        cls = self.stack.pop()
        self.watch((cls,))
        self._call(cls, tuple(self.pop_mark()))

    def _call(self, function: object, args: object) -> None:
        """Leave what the call returns: an array's placeholder, a dtype, or anything."""
        self.called = True
        arrays = type(function) is WrapperClass and args == ()
        if arrays or (function == _RECONSTRUCTOR and type(args) is ReconstructorArguments):
            self.stack.append(Placeholder())
            return
        self.watch((function, args, *(args if isinstance(args, tuple) else ())))
        dtype = Dtype.of(args) if function == _DTYPE else None
        self.stack.append(dtype or MADE)

    def build(self, _: object) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        self.called = True
        self.watch((state,))
        self.refuse_change(target)
        if isinstance(target, Dtype):
            target.settle(state)
        elif isinstance(target, Placeholder) and not self.plain:
            self.stack[-1] = OTHER
            self._array(state)

    def _array(self, state: object) -> None:
        """Go over what joblib puts behind an array's placeholder."""
        follows = array_bytes(state)
        self.arrays += 1
        if self.at < self.frame_end:
            raise UnfollowableError("an array begins inside a frame")
        if follows.objects:
            self._objects()
            return
        padding = self.buffer[self.at : self.at + 1]
        size = padding[0] if padding else 0
        # Another padding could be opcodes to `pickle.load`, which does not know of arrays.
        if not 1 <= size <= 16 or self.buffer[self.at + 1 : self.at + 1 + size] != b"\xff" * size:
            raise UnfollowableError("an array is not padded as joblib pads it")
        self.at += 1 + size + follows.size
        if self.at > len(self.buffer):
            raise MalformedError("it ends in the middle of an array")

    def _objects(self) -> None:
        # A fresh unpickler reads them, which knows nothing of joblib and has a memory of its own.
        nested = Walk(
            buffer=self.buffer, at=self.at, plain=True, globals=self.globals, problems=self.problems
        ).walk()
        self.at, self.opcodes = nested.at, self.opcodes + nested.opcodes
        if not nested.ended:
            raise MalformedError(f"in an array of objects, {nested.stopped}")
        if nested.at < nested.frame_end:
            raise UnfollowableError("an array of objects ends inside a frame")


ACTS: dict[str, Callable[[Walk, Any], None]] = {
    "PROTO": Walk.proto,
    "FRAME": Walk.frame,
    "STOP": Walk.stop,
    "MARK": Walk.mark,
    "POP": Walk.pop,
    "POP_MARK": Walk.drop_to_mark,
    "DUP": Walk.duplicate,
    "NONE": Walk.none,
    "NEWTRUE": Walk.true,
    "NEWFALSE": Walk.false,
    "INT": Walk.number_line,
    "LONG": Walk.number_line,
    "BININT": Walk.whole,
    "BININT1": Walk.whole,
    "BININT2": Walk.whole,
    "LONG1": Walk.long,
    "LONG4": Walk.long,
    "STRING": Walk.quoted_line,
    "BINSTRING": Walk.byte_string,
    "SHORT_BINSTRING": Walk.byte_string,
    "UNICODE": Walk.text_line,
    "BINUNICODE": Walk.text,
    "SHORT_BINUNICODE": Walk.text,
    "BINUNICODE8": Walk.text,
    "EMPTY_TUPLE": Walk.empty_tuple,
    "TUPLE": Walk.tuple_to_mark,
    "TUPLE1": Walk.tuple1,
    "TUPLE2": Walk.tuple2,
    "TUPLE3": Walk.tuple3,
    "EMPTY_DICT": Walk.empty_dict,
    "DICT": Walk.dict_to_mark,
    "SETITEM": Walk.set_item,
    "SETITEMS": Walk.set_items,
    "APPEND": Walk.append,
    "APPENDS": Walk.append_to_mark,
    "ADDITEMS": Walk.append_to_mark,
    "GET": Walk.get,
    "BINGET": Walk.binary_get,
    "LONG_BINGET": Walk.binary_get,
    "PUT": Walk.put,
    "BINPUT": Walk.binary_put,
    "LONG_BINPUT": Walk.binary_put,
    "MEMOIZE": Walk.memoize,
    "GLOBAL": Walk.two_lines,
    "STACK_GLOBAL": Walk.from_stack,
    "EXT1": Walk.extension,
    "EXT2": Walk.extension,
    "EXT4": Walk.extension,
    "REDUCE": Walk.reduce,
    "NEWOBJ": Walk.reduce,
    "NEWOBJ_EX": Walk.new_with_names,
    "OBJ": Walk.obj,
    "INST": Walk.inst,
    "BUILD": Walk.build,
    "PERSID": Walk.persistent,
    "BINPERSID": Walk.persistent_from_stack,
    "NEXT_BUFFER": Walk.out_of_band,
    "READONLY_BUFFER": Walk.read_only,
}
