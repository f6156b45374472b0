"""joblib's own form: compressed, with arrays between the opcodes, and with pickles in the arrays."""

import bz2
import gzip
import io
import lzma
import zlib
from typing import Any

import joblib  # type: ignore[import-untyped]  # has no types
import numpy as np

from tests.scans.evil.pickles import Trap
from tests.scans.evil.specimen import MKDIR, RAN, TRAP, Evil, named, op, text

PATH = "model/model.joblib"


def dumped(model: object, compress: Any = 0, protocol: int | None = None) -> bytes:
    file = io.BytesIO()
    joblib.dump(model, file, compress=compress, protocol=protocol)
    return file.getvalue()


ARRAYS = dumped({"a": np.arange(4.0), "b": np.arange(3)})
TRAPS = np.array([1, Trap()], dtype=object)
NAMES = {"a": np.array(["x", "y"], dtype=object)}
WRAPPER = named("joblib.numpy_pickle", "NumpyArrayWrapper")


def frame_over_array() -> bytes:
    start = ARRAYS.index(b"\x95")
    size = int.from_bytes(ARRAYS[start + 1 : start + 9], "little")
    return ARRAYS[: start + 1] + (size + 8).to_bytes(8, "little") + ARRAYS[start + 9 : -1] + MKDIR + b"0."


def padding() -> tuple[int, int]:
    """Return where the padding of the first array lies, and its length."""
    sizes = (n for n in range(len(ARRAYS)) if 1 <= ARRAYS[n] <= 16)
    at = next(n for n in sizes if ARRAYS[n + 1 : n + 1 + ARRAYS[n]] == b"\xff" * ARRAYS[n])
    return at, ARRAYS[at]


def in_padding() -> bytes:
    """Return arrays behind whose first one opcodes lie where padding should."""
    at, size = padding()
    return ARRAYS[:at] + b"\x95"[:1] + TRAP[2:].ljust(149, b"N") + ARRAYS[at + 1 + size :]


def in_numbers() -> bytes:
    """Return an array of numbers that are opcodes to whoever does not skip them."""
    numbers = np.frombuffer((MKDIR + b"0N.").ljust(64, b"."), dtype=np.uint8)
    content = dumped({"a": numbers})
    at = content.index(MKDIR)
    return content[: at - 40] + content[at - 40 :]


def wrapped(*state: tuple[str, bytes], protocol: int = 4) -> bytes:
    """Return a wrapper with a state of one's own."""
    items = b"".join(text(key) + value for key, value in state)
    return op(WRAPPER, b")\x81}(", items, b"ub", protocol=protocol)


def nested(dtype: bytes, behind: bytes) -> bytes:
    """Return a wrapper that says what dtype the array behind it has, and what lies there."""
    shape = b"K\x01\x85"
    state = (
        (b"subclass", named("numpy", "ndarray")),
        (b"shape", shape),
        (b"order", text("C")),
        (b"dtype", dtype),
        (b"allow_mmap", b"\x89"),
        (b"numpy_array_alignment_bytes", b"K\x10"),
    )
    items = b"".join(text(key.decode()) + value for key, value in state)
    return b"\x80\x04" + WRAPPER + b")\x81}(" + items + b"ub" + behind


OBJECTS = (
    named("numpy", "dtype")
    + text("O8")
    + b"\x89\x88\x87R(K\x03"
    + text("|")
    + (b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb")
)
LYING = named("numpy", "dtype") + text("f8") + b"\x89\x88\x87R"

_RUN = {
    "an array of objects": dumped({"a": TRAPS}),
    "an array of objects between others": dumped([np.arange(3.0), TRAPS, np.arange(3.0)]),
    "an array of objects in an array of objects": dumped(
        np.array([np.array([Trap(), 1], dtype=object), 1], dtype=object)
    ),
    "an array of records with objects": dumped(np.array([(1, Trap())], dtype=[("a", "i4"), ("b", "O")])),
    "an array of objects, compressed": dumped({"a": TRAPS}, ("zlib", 3)),
    "an array of objects by hand": nested(OBJECTS, TRAP + b"."),
    "code before STOP, behind arrays": ARRAYS[:-1] + b"0" + MKDIR + b".",
    "code in front of arrays": ARRAYS[:2] + MKDIR + b"0" + dumped({"a": 1}, protocol=2)[2:],
    "a dtype that is made by a call": nested(MKDIR, b"."),
    "a shape that is made by a call": op(WRAPPER, b")\x81}", text("shape"), MKDIR, b"sb"),
    "a subclass that is called": op(
        WRAPPER, b")\x81}", text("subclass"), named("posix", "mkdir"), b"s0", MKDIR
    ),
    "a file by joblib's old wrapper": op(named("joblib.numpy_pickle", "NDArrayWrapper"), b"0", MKDIR),
    "a name through joblib": op(named("joblib.numpy_pickle", "os.mkdir"), text(RAN), b"\x85R"),
    "a wrapper in a list": op(WRAPPER, b")\x81\x94]h\x00a0", MKDIR),
    "protocol 0": dumped({"a": np.arange(3.0), "b": Trap()}, protocol=0),
    "protocol 2": dumped({"a": np.arange(3.0), "b": Trap()}, protocol=2),
}
_MEANT = {
    "a frame over an array": frame_over_array(),
    "padding of opcodes": in_padding(),
    "a second file behind the first": ARRAYS + TRAP,
    "a second file behind a compressed one": dumped(NAMES, ("gzip", 3)) + gzip.compress(TRAP, mtime=0),
    "a pickle behind a compressed one": dumped(NAMES, ("zlib", 3)) + TRAP,
    "two gzip members": gzip.compress(ARRAYS[:-1], mtime=0) + gzip.compress(b"0" + MKDIR + b".", mtime=0),
    "two bz2 streams": bz2.compress(ARRAYS[:-1]) + bz2.compress(b"0" + MKDIR + b"."),
    "two xz streams": lzma.compress(ARRAYS[:-1]) + lzma.compress(b"0" + MKDIR + b"."),
    "joblib before 0.10": b"ZF" + b"0x10".ljust(19) + zlib.compress(TRAP),
    "joblib before 0.10, with a bare length": b"ZF" + b"10".ljust(19) + zlib.compress(TRAP),
    "lz4": b"\x04\x22\x4d\x18\x60\x40\x82" + len(TRAP).to_bytes(4, "little")[:3] + b"\x80" + TRAP + bytes(4),
    "zstd": b"\x28\xb5\x2f\xfd\x20" + bytes([len(TRAP)]) + b"\x01\0\0" + TRAP,
    "zlib with a preset dictionary": b"\x78\xbb" + TRAP,
    "a dtype with a state that lies": nested(
        LYING + b"(K\x03" + text("<") + b"NNNJ\x00\x00\x00\x00K\x00K\x00tb", TRAP
    ),
    "a shape of no numbers": wrapped(("shape", text("x"))),
    "a negative shape": wrapped(
        ("shape", b"J\xff\xff\xff\xff\x85"), ("numpy_array_alignment_bytes", b"K\x10")
    ),
    "a wrapper without alignment": ARRAYS.replace(
        b"numpy_array_alignment_bytes", b"numpy_array_alignment_bytez"
    ),
    "a wrapper of another class": dumped({"a": np.arange(3.0)}).replace(b"numpy_pickle", b"numpy_pickld"),
    "a second meaning for pickle.load": dumped(["posix", "mkdir", np.array([None], dtype=object)]).rpartition(
        b"\x80\x05"
    )[0]
    + b"\x80\x05"
    + b"".join(text(n) + b"\x940" for n in ("x", "numpy", "ndarray"))
    + b"h\x01h\x02\x93."
    + b"e.",
}


def files() -> list[Evil]:
    packed = [
        Evil(f"compressed by {kind}", dumped({"m": Trap(), "a": np.arange(9.0)}, (kind, 3)), "joblib", PATH)
        for kind in ("zlib", "gzip", "bz2", "xz", "lzma")
    ]
    run = [Evil(name, content, "joblib", PATH) for name, content in _RUN.items()]
    meant = [Evil(name, content, "", PATH) for name, content in _MEANT.items()]
    gunzipped = Evil("a pickle in gzip", gzip.compress(TRAP, mtime=0), "gzip", "model/model.pkl.gz")
    return [*packed, *run, *meant, gunzipped]
