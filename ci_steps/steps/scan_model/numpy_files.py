"""numpy's own files: an array's header, and the pickle behind it where the array holds objects."""

import io

from ci_steps.steps.scan_model.content import Buffer, Shown, trailing, unreadable
from ci_steps.steps.scan_model.pickles import Walk

MAGIC = b"\x93NUMPY"
_HEADER = 1 << 16


def npy(content: Buffer, size: int, subject: str = "") -> Shown:
    """Return what an npy file of ``size`` bytes holds; ``content`` may be its beginning only."""
    import numpy.lib.format as npy_format

    head = io.BytesIO(content[:_HEADER])
    try:
        version = npy_format.read_magic(head)
        read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, _, dtype = read(head)
    except (ValueError, TypeError, SyntaxError, OSError, RecursionError, MemoryError) as error:
        reason = " ".join(str(error).split())[:100]
        return Shown("npy", problems=(unreadable(f"{subject}not a sound npy header: {reason}"),))
    at = head.tell()
    if dtype.hasobject:
        return _objects(content, size, at, subject)
    count = 1
    for length in shape:
        count *= length
    end = at + count * dtype.itemsize
    if end < size:
        return Shown("npy", problems=(trailing(f"{subject}{size - end} bytes follow the array"),))
    if end > size:
        return Shown(
            "npy", problems=(unreadable(f"{subject}it ends {end - size} bytes before its array does"),)
        )
    return Shown("npy")


def _objects(content: Buffer, size: int, at: int, subject: str) -> Shown:
    if len(content) < size:
        return Shown("npy", problems=(unreadable(f"{subject}an array of objects larger than 64 MiB"),))
    walk = Walk(buffer=content, at=at, plain=True).walk()
    problems = list(walk.problems)
    if not walk.ended:
        problems.append(unreadable(f"{subject}its pickle cannot be read to its end: {walk.stopped}"))
    elif walk.at < size:
        problems.append(trailing(f"{subject}{size - walk.at} bytes follow its pickle"))
    return Shown("npy with objects", frozenset(walk.globals), problems=tuple(problems), pickled=True)
