"""Reading a YAML file as a type: every mistake with its file, line and what may have been meant."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ci_steps.errors import InputError
from ci_steps.model.written import Place, Written

if TYPE_CHECKING:
    import yaml

T = TypeVar("T")
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
            """One that tells the line of what looks like a number or a day and is none: 2026-13-45."""

            def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
                try:
                    return super().construct_object(node, deep=deep)
                except ValueError as error:
                    raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from error

        lines: dict[Place, int] = {}
        try:
            loader = Loader(text)
            node = loader.get_single_node()
            _note(node, (), lines, self.path)
            return loader.construct_document(node) if node else None, lines
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            at = f"{self.path}:{mark.line + 1}" if mark else str(self.path)
            raise InputError(f"{at}: {error.problem or 'this is not YAML'}", hint="mend the line") from error
        except yaml.YAMLError as error:
            raise InputError(f"{self.path} is not YAML: {' '.join(str(error).split())}") from error
        except RecursionError as error:
            raise InputError(
                f"{self.path} is nested too deeply, or holds itself", hint="write it flat"
            ) from error
        except UnicodeEncodeError as error:
            raise InputError(f"{self.path} holds half of a character", hint="write it as UTF-8") from error


def _note(node: "yaml.Node | None", place: Place, lines: dict[Place, int], path: Path) -> None:
    """Note the line of every key and item, and refuse a key that stands twice."""
    import yaml

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
