"""numpy's own files: an array's header, and the pickle behind it where the array holds objects."""

import io
import math
import tokenize

from ci_steps.steps.scan_model.content import Buffer, Shown, fills, trailing, unreadable
from ci_steps.steps.scan_model.pickles import Walk

MAGIC = b"\x93NUMPY"
_HEADER = 1 << 16
# What numpy's reader of a header lets through: it is Python's own parser that reads it.
_UNSOUND = (
    ValueError, TypeError, LookupError, AttributeError, SyntaxError, tokenize.TokenError, OSError,
    RecursionError, MemoryError, ArithmeticError, UserWarning,
)  # fmt: skip


def npy(content: Buffer) -> Shown:
    """Return what a file that begins as numpy's holds."""
    import numpy.lib.format as npy_format

    head = io.BytesIO(content[:_HEADER])
    try:
        version = npy_format.read_magic(head)
        read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, _, dtype = read(head)
    except _UNSOUND as error:
        reason = " ".join(str(error).split())[:100]
        return Shown("npy", problems=(unreadable(f"not a sound npy header: {reason}"),))
    if any(length < 0 for length in shape):
        return Shown("npy", problems=(unreadable("not a sound npy header: a length below 0"),))
    if dtype.hasobject:
        return _objects(content, head.tell())
    problem = fills(head.tell() + math.prod(shape) * dtype.itemsize, len(content), "the array")
    return Shown("npy", problems=(problem,) if problem else ())


def _objects(content: Buffer, at: int) -> Shown:
    walk = Walk(buffer=content, at=at, plain=True).walk()
    problems = list(walk.problems)
    if not walk.ended:
        problems.append(unreadable(f"its pickle cannot be read to its end: {walk.stopped}"))
    elif walk.at < len(content):
        problems.append(trailing(f"{len(content) - walk.at} bytes follow its pickle"))
    return Shown("npy with objects", frozenset(walk.globals), problems=tuple(problems), pickled=True)
