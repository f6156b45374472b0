"""Reading a YAML file as a type: every mistake with its file, line and what may have been meant."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import yaml

from ci_steps.errors import InputError
from ci_steps.model.settings import EnvironmentSettings
from ci_steps.model.wire import converted

T = TypeVar("T")
_Place = tuple[str | int, ...]
_MOST_PLACES = 100_000
"""A few lines of aliases of aliases stand for more values than any machine can hold."""


@dataclass(frozen=True, slots=True)
class YamlFile(Generic[T]):
    """A YAML file that a person wrote, read as ``kind``; what is not there is said with ``missing_hint``."""

    path: Path
    kind: type[T]
    missing_hint: str

    def read(self) -> T:
        """Return what it says; a typo is an :class:`InputError` with its line and a suggestion."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise InputError(f"{self.path} is missing", hint=self.missing_hint) from error
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} cannot be read: {error}") from error
        plain, lines = self._parsed(text)
        placed = self._with_places(plain, lines)
        try:
            return converted(placed, self.kind, where="")
        except InputError as error:
            raise self._at_its_line(_with_key(str(error), placed), lines) from error

    def _parsed(self, text: str) -> tuple[Any, dict[_Place, int]]:
        lines: dict[_Place, int] = {}
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            plain = yaml.safe_load(text)
            _note(node, (), lines, self.path)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            at = f"{self.path}:{mark.line + 1}" if mark else str(self.path)
            raise InputError(f"{at}: {error.problem or 'this is not YAML'}", hint="mend the line") from error
        except yaml.YAMLError as error:
            raise InputError(f"{self.path} is not YAML: {error}") from error
        except RecursionError as error:
            raise InputError(
                f"{self.path} is nested too deeply, or holds itself", hint="write it flat"
            ) from error
        except UnicodeEncodeError as error:
            raise InputError(f"{self.path} holds half of a character", hint="write it as UTF-8") from error
        if not isinstance(plain, dict):
            raise InputError(f"{self.path} is not a mapping", hint="see the example in the README")
        return plain, lines

    def _with_places(self, plain: dict[str, Any], lines: dict[_Place, int]) -> dict[str, Any]:
        """Return ``plain`` with its place in each mapping whose type keeps one.

        A ``where`` of the user's own stays an unknown key.
        """

        def placed(value: Any, place: _Place) -> Any:
            if isinstance(value, dict):
                keeps_one = "where" in _keys_at(self.kind, place)
                named = _set_aside if keeps_one else str
                inner = {named(key): placed(item, (*place, str(key))) for key, item in value.items()}
                return inner | ({"where": f"{self.path.name}:{lines.get(place, 1)}"} if keeps_one else {})
            if isinstance(value, list):
                return [placed(item, (*place, number)) for number, item in enumerate(value)]
            return value

        return {**placed(plain, ())}

    def _at_its_line(self, text: str, lines: dict[_Place, int]) -> InputError:
        """Return the decoder's complaint with the line, and with the key that was likely meant."""
        place, what, key = _place_of(text)
        while place not in lines and place:
            place = place[:-1]
        unknown = re.search(r"unknown field `([^`]*)`", what)
        if unknown:
            name = unknown[1].strip()
            place = (*place, name)
            known = [k for k in _keys_at(self.kind, place[:-1]) if k != "where"]
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
            what = f"unknown key {name!r}"
        else:
            missing = re.search(r"missing required field `([^`]*)`", what)
            what = f"the key {missing[1]!r} is missing" if missing else what
            what = re.sub(r"expected `array` of length >= (\d+)", r"\1 or more must be listed", what)
            hint = "see the example in the README"
        under = f" in {key}" if key else ""
        return InputError(f"{self.path}:{lines.get(place, 1)}: {what}{under}", hint=hint)


def _note(node: yaml.Node | None, place: _Place, lines: dict[_Place, int], path: Path) -> None:
    """Note the line of every key and item, and refuse a key that stands twice."""
    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if len(lines) > _MOST_PLACES:
        raise InputError(f"{path} holds more than {_MOST_PLACES:,} values", hint="leave out its aliases")
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            child = (*place, str(key.value))
            if child in lines:
                at = f"{path}:{key.start_mark.line + 1}"
                raise InputError(
                    f"{at}: {key.value!r} stands twice, first in line {lines[child]}", hint="keep one"
                )
            lines[child] = key.start_mark.line + 1
            _note(value, child, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note(value, (*place, number), lines, path)


def _set_aside(key: object) -> str:
    return "where " if key == "where" else str(key)


def _kind_at(root: type, place: _Place) -> type[msgspec.Struct] | None:
    """Return the type that stands at a place of ``root``, or None."""
    kind: Any = msgspec.inspect.type_info(root)
    for part in place:
        if isinstance(kind, msgspec.inspect.UnionType):
            kind = next(t for t in kind.types if not isinstance(t, msgspec.inspect.NoneType))
        if isinstance(kind, msgspec.inspect.Metadata):
            kind = kind.type
        if isinstance(kind, msgspec.inspect.StructType) and isinstance(part, str):
            kind = next((f.type for f in kind.fields if f.encode_name == part), None)
        elif isinstance(kind, msgspec.inspect.DictType):
            kind = kind.value_type
        elif isinstance(kind, msgspec.inspect.VarTupleType) and isinstance(part, int):
            kind = kind.item_type
        else:
            return None
    if isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    return kind.cls if isinstance(kind, msgspec.inspect.StructType) else None


def _with_key(text: str, plain: dict[str, Any]) -> str:
    """Return the complaint with the environment's name, where the decoder only says that it is in one."""
    for name, value in (plain.get("environments") or {}).items() if "environments[...]" in text else ():
        try:
            converted(value, EnvironmentSettings, where="")
        except InputError as error:
            inner = str(error).removeprefix(": ")
            tail, what = inner[1:].split(": ", 1) if inner.startswith("$") else ("", inner)
            return f": $.environments.{name}{tail}: {what}"
    return text


def _keys_at(root: type, place: _Place) -> tuple[str, ...]:
    kind = _kind_at(root, place)
    return kind.__struct_fields__ if kind else ()


def _place_of(text: str) -> tuple[_Place, str, str]:
    """Split ``: $.metrics[0].floor: expected …`` into place, complaint, and place for a person."""
    match = re.fullmatch(r": (?:key in )?\$?(?P<path>[^:]*): (?P<what>.*)", text, flags=re.DOTALL)
    if not match:
        return (), text.removeprefix(": "), ""
    place: list[str | int] = []
    for name, number in re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", match["path"]):
        place.append(name or (int(number) if number.isdigit() else number))
    return tuple(place), match["what"], match["path"].removeprefix(".")
