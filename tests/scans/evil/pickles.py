"""Every way in which pickle's opcodes can name and call a global."""

import pickle
import struct
from typing import Any

from tests.scans.evil.specimen import MKDIR, RAN, SOURCE, TRAP, Evil, call, named, op, text


class Trap:
    """Pickles to a call of posix.mkdir."""

    def __reduce__(self) -> tuple[Any, ...]:
        import posix

        return posix.mkdir, (RAN,)


LINE = f"S'{RAN}'\n".encode()
ARGS = text(RAN) + b"\x85"
PLAIN = b"cposix\nmkdir\n(" + LINE + b"tR."
"""A pickle that is a plain text."""
FRAME = b"\x95"


def framed(content: bytes, size: int) -> bytes:
    return FRAME + struct.pack("<Q", size) + content


def _dumped() -> list[Evil]:
    return [
        Evil(f"protocol {protocol}", pickle.dumps(Trap(), protocol=protocol), "pickle")
        for protocol in range(6)
    ]


BY_HAND = {
    "GLOBAL": op(b"cposix\nmkdir\n", ARGS, b"R"),
    "GLOBAL without PROTO": b"cposix\nmkdir\n(" + LINE + b"tR.",
    "STACK_GLOBAL": TRAP,
    "STACK_GLOBAL in protocol 2": b"\x80\x02X\x05\0\0\0posixX\x05\0\0\0mkdir\x93X\x03\0\0\0ran\x85R.",
    "STACK_GLOBAL from memory": op(text("mkdir"), b"\x94", text("posix"), b"\x940h\x01h\x00\x93", ARGS, b"R"),
    "STACK_GLOBAL from overwritten memory": op(
        text("numpy"),
        b"q\x07",
        text("posix"),
        b"q\x070",
        text("ndarray"),
        b"q\x08",
        text("mkdir"),
        b"q\x0800h\x07h\x08\x93",
        ARGS,
        b"R",
    ),
    "STACK_GLOBAL from a long memory": op(
        text("posix"), b"r\xff\xff\x00\x00", text("mkdir"), b"\x93j\xff\xff\x00\x000", ARGS, b"R"
    ),
    "STACK_GLOBAL over a decoy": op(
        text("posix"), text("numpy"), b"0", text("mkdir"), text("ndarray"), b"0\x93", ARGS, b"R"
    ),
    "STACK_GLOBAL over a mark": op(text("posix"), b"(", text("x"), b"1", text("mkdir"), b"\x93", ARGS, b"R"),
    "STACK_GLOBAL by DUP": op(text("posix"), b"2", text("x"), b"00", text("mkdir"), b"\x93", ARGS, b"R"),
    "STACK_GLOBAL of byte strings": b"\x80\x02U\x05posixU\x05mkdir\x93U\x03ran\x85R.",
    "STACK_GLOBAL of escaped strings": b"S'p\\x6fsix'\nS'mk\\144ir'\n\x93S'ran'\n\x85R.",
    "STACK_GLOBAL of escaped unicode": b"V\\u0070osix\nVmkd\\u0069r\n\x93Vran\n\x85R.",
    "STACK_GLOBAL of a long text": op(
        b"X\x05\0\0\0posix", b"\x8d\x05\0\0\0\0\0\0\0mkdir", b"\x93", ARGS, b"R"
    ),
    "STACK_GLOBAL with dots": op(named("os", "path.os.mkdir"), ARGS, b"R"),
    "STACK_GLOBAL of an allowed module's import": op(named("joblib.numpy_pickle", "os.mkdir"), ARGS, b"R"),
    "STACK_GLOBAL of an allowed class's globals": op(
        named("sklearn.pipeline", "Pipeline.__init__.__globals__.__class__.get"),
        named("sklearn.pipeline", "Pipeline.fit.__globals__"),
        text("__builtins__"),
        b"\x86R0",
        MKDIR,
    ),
    "a name that a call made": op(
        call("builtins", "str", text("posix")), call("builtins", "str", text("mkdir")), b"\x93", ARGS, b"R"
    ),
    "a module name that codecs made": op(
        call("_codecs", "decode", text("cbfvk"), text("rot13")),
        call("_codecs", "decode", text("zxqve"), text("rot13")),
        b"\x93",
        ARGS,
        b"R",
    ),
    "a name that codecs.encode made": op(
        call("_codecs", "encode", text("cbfvk"), text("rot13")), text("mkdir"), b"\x93", ARGS, b"R"
    ),
    "INST": b"(" + LINE + b"iposix\nmkdir\n.",
    "OBJ": b"(cposix\nmkdir\n" + LINE + b"o.",
    "REDUCE in a list": op(b"]", MKDIR, b"a"),
    "REDUCE as a key": op(b"}", MKDIR, text("x"), b"s"),
    "REDUCE thrown away": op(MKDIR, b"0}"),
    "REDUCE in a set": op(b"\x8f(", MKDIR, b"\x90"),
    "REDUCE in a frozenset": op(b"(", MKDIR, b"\x91"),
    "REDUCE after much that is honest": op(*(text(f"feature {n}") + b"0" for n in range(300)), MKDIR),
    "NEWOBJ": op(named("subprocess", "Popen"), b"(", b"]", text("mkdir"), b"a", text(RAN), b"at\x81"),
    "NEWOBJ_EX": op(
        named("subprocess", "Popen"),
        b")",
        b"}",
        text("args"),
        b"]",
        text("mkdir"),
        b"a",
        text(RAN),
        b"as",
        b"\x92",
    ),
    "BUILD of a class": op(
        named("sklearn.pipeline", "Pipeline"),
        b"}",
        text("__setstate__"),
        named("posix", "mkdir"),
        b"sb",
        named("sklearn.pipeline", "Pipeline"),
        b")\x81",
        text(RAN),
        b"b",
    ),
    "BUILD with a setstate of its own": op(
        named("sklearn.base", "BaseEstimator"),
        b")\x81}",
        text("__setstate__"),
        named("posix", "mkdir"),
        b"sb",
        text(RAN),
        b"b",
    ),
    "BUILD with slots": op(
        named("types", "SimpleNamespace"),
        b")\x81",
        b"N}",
        text("__setstate__"),
        named("posix", "mkdir"),
        b"s\x86b",
        text(RAN),
        b"b",
    ),
    "a frame that is too long": op(framed(MKDIR + b".", 4096)),
    "a frame that is too short": b"\x80\x04" + framed(MKDIR + b".", 3),
    "a frame that ends in an opcode": b"\x80\x04"
    + framed(text("posix")[:3], 3)
    + text("posix")[3:]
    + text("mkdir")
    + b"\x93"
    + ARGS
    + b"R.",
    "frames in frames": b"\x80\x04" + framed(framed(MKDIR + b".", len(MKDIR) + 1), len(MKDIR) + 10),
    "two PROTOs": b"\x80\x04\x80\x02c__builtin__\neval\n" + text(SOURCE) + b"\x85R.",
    "code before STOP is missing": TRAP[:-1],
    "code before an unknown opcode": TRAP[:-1] + b"\xff\xff",
    "code before an error": TRAP[:-1] + b"000000.",
    "code before what no text is": TRAP[:-1] + b"\x8c\x02\xff\xff.",
    "a second pickle": pickle.dumps({"a": 1}) + TRAP,
    "Python 2's names": b"\x80\x02c__builtin__\neval\n" + text(SOURCE) + b"\x85R.",
    "surrogates in a name": op(text("posix"), text("mkdir"), b"\x93", ARGS, b"R", text("\udc80"), b"0"),
    "a full-width name": op(named("posix", "\uff4dkdir"), ARGS, b"R0", MKDIR),
    "EXT1": b"\x80\x02\x82\x01" + ARGS + b"R.",
    "EXT2": b"\x80\x02\x83\x01\x01" + ARGS + b"R.",
    "EXT4": b"\x80\x02\x84\x01\x01\x01\x01" + ARGS + b"R.",
    "a registered extension": op(
        call("copyreg", "add_extension", text("posix"), text("mkdir"), b"K\x01"), b"0\x82\x01", ARGS, b"R"
    ),
    "PERSID": b"\x80\x02Pposix.mkdir\n.",
    "BINPERSID": op(text("posix"), text("mkdir"), b"\x86Q"),
    "NEXT_BUFFER": b"\x80\x05\x97.",
    "a plain text that runs": b"cposix\nmkdir\n(S'ran'\ntR0\nthis is a harmless list of names\n",
    "a line that is longer than any name": b"S'" + b"a" * 5000 + b"'\n0" + PLAIN,
    "the same in double quotes": b'S"' + b"a" * 5000 + b'"\n0' + PLAIN,
    "the same of unicode": b"V" + b"a" * 5000 + b"\n0" + PLAIN,
    "the same in front of a number": b"I" + b" " * 5000 + b"1\n0" + PLAIN,
    "a number of more digits than a name has letters": b"L" + b"1" * 4200 + b"L\n0" + PLAIN,
    "the same that notes a value": b"Np" + b" " * 5000 + b"1\n0" + PLAIN,
    "the same that takes a noted value": b"Np1\n0g" + b"0" * 4200 + b"1\n0" + PLAIN,
    "the same behind a PROTO": b"\x80\x02S'" + b"a" * 5000 + b"'\n0" + PLAIN,
    "a callable in a dict of an object": op(
        named("functools", "partial"),
        named("posix", "mkdir"),
        b"\x85R(",
        named("posix", "mkdir"),
        b")}NtbN\x85R0",
        MKDIR,
    ),
}
_RUN = set(BY_HAND) - {
    "NEWOBJ",
    "NEWOBJ_EX",
    "BUILD of a class",
    "EXT1",
    "EXT2",
    "EXT4",
    "PERSID",
    "BINPERSID",
    "NEXT_BUFFER",
    "a second pickle",
    "STACK_GLOBAL of an allowed class's globals",
    "a full-width name",
    "a frame that is too long",
    "a callable in a dict of an object",
    "surrogates in a name",
}


def files() -> list[Evil]:
    return [
        *_dumped(),
        *(Evil(name, content, "pickle" if name in _RUN else "") for name, content in BY_HAND.items()),
    ]
