"""HDF5: Keras's old files and weights. h5py reads them, where it is installed; else nobody does."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ci_steps.steps.scan_model.content import Buffer, Content, Problem, Shown, fills, outside, unreadable
from ci_steps.steps.scan_model.pickles import Walk
from ci_steps.steps.scan_model.readers import keras
from ci_steps.steps.scan_model.readers.place import UnreadError, stop

MAGIC = b"\x89HDF\r\n\x1a\n"
MOST_OBJECTS = 100_000
MOST_ATTRIBUTE = 1 << 20
"""Of numbers and texts in the file itself; Keras splits what is longer than 64 KiB."""
MOST_TEXTS = 4096
MOST_MEMORY = 512 << 20
_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
"""Those that come with the library; others are plug-ins."""
_CONFIGS = frozenset({"model_config", "training_config"})


def hdf5(content: Content) -> Shown:
    """Return what the file holds, which begins as HDF5."""
    marked = [marker for marker in keras.MARKERS if content.buffer.find(marker) >= 0]
    runs = (
        f"a Keras model with {marked[0].decode()} in it, which is code that nobody can read" if marked else ""
    )
    try:
        problem = _end(content.buffer)
        if problem is None and find_spec("h5py") is None:
            raise stop("hdf5: nobody could read it", "install h5py beside the kit, or save it as safetensors")
        shown = Shown("hdf5", problems=(problem,)) if problem else _read(content)
    except UnreadError as error:
        shown = Shown("hdf5", problems=(error.problem,))
    return Shown("hdf5", globals=shown.globals, problems=shown.problems, runs=runs or shown.runs)


def _end(buffer: Buffer) -> Problem | None:
    """Compare the end that the superblock names with the file's."""
    version = buffer[8:9]
    place = {b"\0": 40, b"\1": 44, b"\2": 28, b"\3": 28}.get(version)
    if place is None or len(buffer) < place + 8:
        raise stop("its superblock is none")
    sizes = buffer[13:15] if version in {b"\0", b"\1"} else buffer[9:11]
    if sizes != b"\x08\x08":
        raise stop("its offsets are not of 8 bytes")
    return fills(int.from_bytes(buffer[place : place + 8], "little"), len(buffer), "its last block")


def _read(content: Content) -> Shown:
    import h5py  # type: ignore[import-untyped,unused-ignore]  # has no types

    parts: list[Shown] = []
    content.file.seek(0)
    try:
        with _little_memory(), h5py.File(content.file, "r") as file:
            for count, thing in enumerate(_objects(file, h5py)):
                if count > MOST_OBJECTS:
                    raise stop(f"it holds more than {MOST_OBJECTS} objects")
                parts.append(_object(thing, h5py))
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise stop(f"not sound HDF5: {' '.join(str(error).split())[:100]}") from error
    return Shown(
        "hdf5",
        globals=frozenset().union(*(part.globals for part in parts)),
        problems=tuple(dict.fromkeys(problem for part in parts for problem in part.problems)),
        runs=next((part.runs for part in parts if part.runs), ""),
    )


@contextmanager
def _little_memory() -> Iterator[None]:
    """Let the block take no more memory than a model's texts need.

    HDF5 allocates what a text claims to be long, up to 4 GiB, before it looks whether the file has it.
    """
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:  # not Linux: the claim is believed, once a file
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + MOST_MEMORY
    allowed = [wanted, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(allowed), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _objects(group: Any, h5py: Any) -> Iterator[Any]:
    """Give every object once; a link that leads out of the file is an error."""
    waiting, seen = [group], set()
    while waiting:
        thing = waiting.pop()
        address = h5py.h5o.get_info(thing.id).addr
        if address in seen:
            continue
        seen.add(address)
        yield thing
        if isinstance(thing, h5py.Group):
            for name in thing:
                link = thing.get(name, getlink=True)
                if isinstance(link, h5py.ExternalLink):
                    raise UnreadError(outside(f"link {name[:200]!a} leads into another file"))
                if isinstance(link, h5py.HardLink):
                    waiting.append(thing[name])


def _object(thing: Any, h5py: Any) -> Shown:
    problems: list[Problem] = []
    if isinstance(thing, h5py.Dataset):
        problems += _dataset(thing)
    elif not isinstance(thing, h5py.Group):
        problems.append(unreadable("it holds a type of its own"))
    parts = []
    for name in thing.attrs:
        told = thing.attrs.get_id(name)
        count = math.prod(told.shape or ())
        if is_too_much(count * told.dtype.itemsize) or (told.dtype.hasobject and count > MOST_TEXTS):
            raise stop(f"attribute {name[:80]!a} claims to be larger than {MOST_ATTRIBUTE >> 20} MiB")
        parts.append(_attribute(str(name), thing.attrs[name]))
    return Shown(
        "hdf5",
        globals=frozenset().union(*(part.globals for part in parts)),
        problems=(*problems, *(problem for part in parts for problem in part.problems)),
        runs=next((part.runs for part in parts if part.runs), ""),
    )


def is_too_much(size: int) -> bool:
    return size > MOST_ATTRIBUTE


def _dataset(dataset: Any) -> Iterator[Problem]:
    creation = dataset.id.get_create_plist()
    if dataset.external or dataset.is_virtual:
        yield outside("a dataset lies in another file")
    if any(creation.get_filter(n)[0] not in _FILTERS for n in range(creation.get_nfilters())):
        yield unreadable("a dataset needs a plug-in to be read")
    if dataset.dtype.kind not in "biufcSUO":
        yield unreadable(f"a dataset of type {dataset.dtype.str} is no array of numbers or texts")
    if dataset.dtype.kind == "O" and dataset.size > MOST_OBJECTS:
        yield unreadable(f"a dataset of more than {MOST_OBJECTS} texts")
    elif dataset.dtype.kind == "O":
        for value in dataset[()].flat if dataset.shape else [dataset[()]]:
            if not isinstance(value, str | bytes) or _is_pickle(value):
                yield unreadable("a dataset holds something else than numbers and texts")
                return


def _attribute(name: str, value: Any) -> Shown:
    texts = value.ravel().tolist() if hasattr(value, "ravel") else [value]
    found = []
    for text in texts:
        if _is_pickle(text):
            return Shown("hdf5", problems=(unreadable(f"attribute {name[:80]!a} holds a pickle"),))
        config = _json(text)
        if keras.is_config(config) or (isinstance(config, dict) and name in _CONFIGS):
            found.append(keras.configured(config))
        elif name in _CONFIGS:
            return Shown("hdf5", problems=(unreadable(f"attribute {name} is not JSON"),))
    return found[0] if found else Shown("hdf5")


def _json(text: object) -> object:
    if not isinstance(text, str | bytes):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_pickle(text: object) -> bool:
    content = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    if not isinstance(content, bytes) or not content:
        return False
    walk = Walk(buffer=content).walk()
    return walk.ended and bool(walk.globals or content[:1] == b"\x80")
