"""PyTorch's files: the pickle that names every class, and all the numbers that it refers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ci_steps.steps.scan_model.content import Buffer, Problem, Shown, fills, trailing, unreadable
from ci_steps.steps.scan_model.names import Named
from ci_steps.steps.scan_model.pickles import Walk
from ci_steps.steps.scan_model.readers.cursor import Cursor
from ci_steps.steps.scan_model.readers.place import UnreadError

LEGACY = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""torch's magic number as a pickle, behind its PROTO."""
_LEGACY_PICKLES = 5
_BYTES = {
    "Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1,
    "Bool": 1, "ComplexDouble": 16, "ComplexFloat": 8, "QUInt8": 1, "QInt8": 1, "QInt32": 4, "QUInt4x2": 1,
    "QUInt2x4": 1, "Untyped": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers that a pickle refers to."""

    key: str
    count: int
    size: int


def is_legacy(buffer: Buffer) -> bool:
    return buffer[:1] == b"\x80" and buffer[2 : 2 + len(LEGACY)] == LEGACY


def storages(walk: Walk) -> tuple[dict[str, Storage], list[Problem]]:
    """Return the storages that persistent ids name; another id is nobody's."""
    found: dict[str, Storage] = {}
    problems = []
    for reference in walk.references or ():
        if isinstance(reference, tuple) and len(reference) == 4 and reference[:1] == ("module",):
            continue  # a class with its source, which torch compares and never runs
        storage = _storage(reference)
        if storage is None or found.get(storage.key, storage) != storage:
            problems.append(unreadable("it refers to something that is no storage of torch's"))
        else:
            found[storage.key] = storage
    return found, problems[:1]


def _storage(reference: Any) -> Storage | None:
    match reference:
        case ("storage", Named(text=kind), str(key), str(), int(count), *_) if count >= 0:
            name = kind.removeprefix("torch.").removeprefix("storage.").removesuffix("Storage")
            size = _BYTES.get(name.removeprefix("_"))
            return None if size is None else Storage(key, count, count * size)
    return None


def pickled(buffer: Buffer) -> tuple[Shown, dict[str, Storage]]:
    """Return what a member `data.pkl` would import, and the storages it needs."""
    walk = Walk(buffer=buffer, plain=True, references=[]).walk()
    found, problems = storages(walk)
    problems = [*walk.problems, *problems]
    if not walk.ended:
        problems.append(unreadable(f"its pickle cannot be read to its end: {walk.stopped}"))
    elif walk.at < len(buffer):
        problems.append(trailing(f"{len(buffer) - walk.at} bytes follow the pickle's end at {walk.at}"))
    return Shown("torch", globals=frozenset(walk.globals), problems=tuple(problems)), found


def legacy(buffer: Buffer) -> Shown:
    """Return what a file of torch before 1.6 holds: five pickles, and the numbers of each storage."""
    at, names = 0, set[str]()
    needed: dict[str, Storage] = {}
    problems: list[Problem] = []
    for _ in range(_LEGACY_PICKLES):
        walk = Walk(buffer=buffer, at=at, plain=True, references=[]).walk()
        found, doubtful = storages(walk)
        names |= walk.globals
        needed |= found
        problems += [*walk.problems, *doubtful]
        if not walk.ended:
            problems.append(unreadable(f"one of its pickles cannot be read to its end: {walk.stopped}"))
            return Shown("torch", globals=frozenset(names), problems=tuple(problems))
        at = walk.at
    cursor = Cursor(buffer, at)
    try:
        for key in sorted(needed):
            storage = needed[key]
            if cursor.number("q") != storage.count:
                problems.append(unreadable(f"storage {key[:40]!a} is not as long as its pickle says"))
                break
            cursor.skip(storage.size)
        else:
            behind = fills(cursor.at, len(buffer), "its last storage")
            if behind is not None:
                names |= Walk(buffer=buffer, at=cursor.at, plain=True).walk().globals
                problems.append(behind)
    except UnreadError as error:
        problems.append(error.problem)
    return Shown("torch", globals=frozenset(names), problems=tuple(problems))


def unaccounted(needed: Mapping[str, Storage], there: Mapping[str, int]) -> list[Problem]:
    """Return what is wrong between the storages that a pickle needs and the members that are there."""
    problems = []
    for key, storage in needed.items():
        if key not in there:
            problems.append(unreadable(f"storage {key[:40]!a} is missing"))
        elif there[key] != storage.size:
            problems.append(unreadable(f"storage {key[:40]!a} is not as long as its pickle says"))
    extra = sorted(set(there) - set(needed))
    if extra:
        problems.append(unreadable(f"nothing refers to storage {extra[0][:40]!a}, and {len(extra) - 1} more"))
    return problems[:20]
