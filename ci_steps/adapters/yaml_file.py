"""Reading a YAML file as a type: every mistake with its file, line and what may have been meant."""

import math
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ci_steps.errors import InputError
from ci_steps.model.written import Place, Written

if TYPE_CHECKING:
    import yaml

T = TypeVar("T")
_LARGEST = 2**53 - 1
"""The largest whole number that canonical JSON has (RFC 8785)."""
_MERGE = "tag:yaml.org,2002:merge"
_QUOTED = 'quote it: slices: ["*"]'
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
        return self.typed(self.written())

    def typed(self, written: Written) -> T:
        """Return what was written as its type, or raise its first mistake."""
        for mistake in written.mistakes(self.kind):
            at = f"{self.path}:{written.line(mistake.place)}"
            raise InputError(f"{at}: {mistake.what}", hint=mistake.hint)
        return written.part(self.kind)

    def written(self) -> Written:
        """Return its values with their lines, whatever they are; only what is no YAML mapping is an error."""
        try:
            # A pipe would be waited for, and a device may never end.
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise InputError(f"{self.path} is not a file", hint=self.missing_hint)
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise InputError(f"{self.path} is missing", hint=self.missing_hint) from error
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} cannot be read: {error}") from error
        plain, lines = self._parsed(text)
        if not isinstance(plain, dict):
            raise InputError(f"{self.path} is not a mapping", hint="see the example in the README")
        return Written(self.path.name, plain, lines)

    def _parsed(self, text: str) -> tuple[Any, dict[Place, int]]:
        # Here, so that a step that reads no settings does not wait for it.
        import yaml

        class Loader(yaml.SafeLoader):
            """One that tells the line of what is called a number or a day and is none: 2026-13-45, .inf."""

            def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
                try:
                    value = super().construct_object(node, deep=deep)
                except ValueError as error:
                    raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from error
                except (AttributeError, LookupError) as error:  # PyYAML's own, of `!!bool abc` or `!!int ""`
                    what = f"{node.value!r} is no {node.tag.rpartition(':')[2]}"
                    raise yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark) from error
                if isinstance(value, (int, float)) and not _kept_by_json(value):
                    what = f"{str(node.value)[:40]} is not a number that JSON has"
                    raise yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark)
                return value

        lines: dict[Place, int] = {}
        try:
            loader = Loader(text)
            node = loader.get_single_node()
            _note(node, (), lines, self.path)
            return loader.construct_document(node) if node else None, lines
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            at = f"{self.path}:{mark.line + 1}" if mark else str(self.path)
            if error.context == "while scanning an alias":
                raise InputError(f"{at}: * alone is an alias in YAML", hint=_QUOTED) from error
            raise InputError(f"{at}: {error.problem or 'this is not YAML'}", hint="mend the line") from error
        except yaml.YAMLError as error:
            raise InputError(f"{self.path} is not YAML: {' '.join(str(error).split())}") from error
        except RecursionError as error:
            raise InputError(
                f"{self.path} is nested too deeply, or holds itself", hint="write it flat"
            ) from error
        except UnicodeEncodeError as error:
            raise InputError(f"{self.path} holds half of a character", hint="write it as UTF-8") from error


def _kept_by_json(number: float) -> bool:
    return abs(number) <= _LARGEST if isinstance(number, int) else math.isfinite(number)


def _note(node: "yaml.Node | None", place: Place, lines: dict[Place, int], path: Path) -> None:
    """Note the line of every key and item, and refuse a key that stands twice."""
    import yaml

    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if len(lines) > _MOST_PLACES:
        raise InputError(f"{path} holds more than {_MOST_PLACES:,} values", hint="leave out its aliases")
    if isinstance(node, yaml.MappingNode):
        _note_keys(node, place, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note(value, (*place, number), lines, path)


def _note_keys(node: "yaml.MappingNode", place: Place, lines: dict[Place, int], path: Path) -> None:
    import yaml

    for key, value in node.value:
        at = f"{path}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise InputError(f"{at}: a key is a list or a mapping", hint="write a word")
        child = (*place, str(key.value))
        if child in lines:
            raise InputError(
                f"{at}: {key.value!r} stands twice, first in line {lines[child]}", hint="keep one"
            )
        lines[child] = key.start_mark.line + 1
        _note(value, child, lines, path)
    for key, value in _merged(node):
        child = (*place, str(key.value))
        if child not in lines:
            lines[child] = key.start_mark.line + 1
            _note(value, child, lines, path)


def _merged(node: "yaml.MappingNode") -> "Iterator[tuple[yaml.Node, yaml.Node]]":
    """Give what `<<` brings into a mapping, the pair that counts before those of the same key that do not."""
    import yaml

    for key, value in node.value:
        if key.tag != _MERGE:
            continue
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if isinstance(source, yaml.MappingNode):
                yield from (pair for pair in source.value if pair[0].tag != _MERGE)
                yield from _merged(source)
