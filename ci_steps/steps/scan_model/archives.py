"""Archives: every member is read as a file of its own, or as the library reads it that wrote the archive."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from ci_steps.steps.scan_model.code import kind_by_name
from ci_steps.steps.scan_model.content import Content, Problem, Shown, unreadable
from ci_steps.steps.scan_model.readers import skops, tars, torch, zips
from ci_steps.steps.scan_model.readers.place import ALWAYS_BYTES, Place, UnreadError, together

_TORCH_NOTES = frozenset(
    {"version", "byteorder", ".format_version", ".storage_alignment", "serialization_id"}
)


def tarred(content: Content, place: Place) -> Shown:
    """Return what a tar archive holds, member by member."""
    parts = {}
    try:
        for member in tars.members(content.buffer, place.budget):
            place.budget.spend(member.size)
            inner = Content.of(content.buffer[member.start : member.start + member.size])
            parts[member.name] = place.read(inner, place.member(member.name))
    except UnreadError as error:
        return together("tar", parts, (error.problem,))
    if {"pickle", "storages", "tensors"} <= parts.keys():
        return together("torch", parts, (unreadable("torch wrote it before 0.1.10: save it again"),))
    return together("tar", parts)


def zipped(content: Content, place: Place) -> Shown:
    """Return what a zip archive holds, member by member."""
    try:
        members = zips.members(content.buffer, place.budget)
        by_name = {member.name: member for member in members}
        top = _torch_top(by_name)
        if top is not None:
            return _torch(content, place, by_name, top)
        code = [name for name in by_name if kind_by_name(name)]
        if code:
            return Shown("zip", runs=f"an archive with code in it: {code[0]}")
        parts = {}
        schema = b""
        for member in members:
            try:
                with zips.unpacked(content.buffer, member, place.budget) as inner:
                    if member.name == "schema.json" and member.size <= ALWAYS_BYTES:
                        schema = inner.buffer[:]
                    parts[member.name] = place.read(inner, place.member(member.name))
            except UnreadError as error:  # the others are read all the same: one of them may be worse
                parts[member.name] = Shown("unread", problems=(error.problem,))
    except UnreadError as error:
        return Shown("zip", problems=(error.problem,))
    if "schema.json" in parts:
        del parts["schema.json"]
        rest, shown = together("skops", parts), skops.skops(schema, parts)
        return replace(shown, globals=shown.globals | rest.globals, runs=rest.runs)
    if {"config.json", "metadata.json"} <= by_name.keys():
        return _keras(parts)
    return _npz(parts) if parts and all(name.endswith(".npy") for name in parts) else together("zip", parts)


def _npz(parts: Mapping[str, Shown]) -> Shown:
    shown = together("npz", parts)
    return together("npz with objects", parts) if shown.pickled else shown


def _keras(parts: Mapping[str, Shown]) -> Shown:
    problems: tuple[Problem, ...] = ()
    if parts["config.json"].format != "keras":
        problems = (unreadable("its config.json is no configuration of Keras's"),)
    shown = together("keras", parts, problems)
    runs = next((part.runs for part in parts.values() if part.runs), "")
    return Shown("keras", globals=shown.globals, problems=shown.problems, runs=runs, notes=shown.notes)


def _torch_top(names: Mapping[str, object]) -> str | None:
    """Return the folder that torch puts everything into; None where torch did not write the archive."""
    found = [name for name in names if PurePosixPath(name).name == "data.pkl"]
    tops = {name.partition("/")[0] for name in names}
    if len(found) != 1 or len(tops) != 1 or found[0].count("/") != 1:
        return None
    return f"{tops.pop()}/"


def _torch(content: Content, place: Place, members: Mapping[str, zips.Member], top: str) -> Shown:
    kinds = {name: _torch_kind(name.removeprefix(top)) for name in members}
    scripted = f"{top}constants.pkl" in members
    sources = [name for name, kind in kinds.items() if kind == "source"]
    if sources and not scripted:
        return Shown("torch", runs=f"an archive with code in it: {sources[0]}")
    parts: dict[str, Shown] = {}
    problems: list[Problem] = []
    needed: dict[str, dict[str, torch.Storage]] = {"data": {}, "constants": {}}
    there: dict[str, dict[str, int]] = {"data": {}, "constants": {}}
    for name, member in members.items():
        kind = kinds[name]
        try:
            with zips.unpacked(content.buffer, member, place.budget) as inner:
                if kind in there:
                    there[kind][PurePosixPath(name).name] = member.size
                elif kind == "pickle":
                    parts[name], found = torch.pickled(inner.buffer)
                    needed["constants" if name == f"{top}constants.pkl" else "data"] |= found
                elif kind == "other":
                    parts[name] = place.read(inner, place.member(name))
                elif kind == "note" and (member.size > 256 or not inner.buffer[:].isascii()):
                    problems.append(unreadable(f"member {name[:200]!a} is no note of torch's"))
        except UnreadError as error:
            problems.append(error.problem)
    for kind, storages in needed.items():
        problems += torch.unaccounted(storages, there[kind])
    shown = together("torch", parts, tuple(problems))
    if not scripted:
        return shown
    own = {name for name in shown.globals if name.startswith("__torch__.")}  # classes of its own code
    return Shown(
        "torchscript",
        globals=shown.globals - own,
        problems=shown.problems,
        runs=shown.runs or "TorchScript, which is a program",
        source=not shown.runs,
        notes=shown.notes,
    )


def _torch_kind(name: str) -> str:
    folder, _, rest = name.partition("/")
    if folder in {"data", "constants"} and rest.isdigit():
        return folder
    if name in _TORCH_NOTES or (folder == ".data" and rest in _TORCH_NOTES):
        return "note"
    if name in {"data.pkl", "constants.pkl"} or (folder == "code" and name.endswith(".debug_pkl")):
        return "pickle"
    # torch.package holds Python itself, which is imported as it is.
    return "source" if folder == "code" and name.endswith(".py") else "other"
