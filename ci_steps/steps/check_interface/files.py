"""What lies in a model's interface.json and golden.jsonl."""

from typing import Annotated, Any, TypeVar

from msgspec import Meta

from ci_steps.errors import InputError
from ci_steps.model.manifest import ModelFile
from ci_steps.model.value import Value
from ci_steps.model.wire import Wire, decoded_once
from ci_steps.rundir import RunDir

T = TypeVar("T")

INTERFACE = "interface.json"
GOLDEN = "golden.jsonl"


class UnreadableError(Exception):
    """The model's file, as it was published, cannot be used: something to find, not an error of the run."""


class Interface(Wire, frozen=True, kw_only=True):
    """What a model takes and what it promises."""

    input: Annotated[Any, Meta(description="JSON schema of one request")]
    output: Annotated[Any, Meta(description="JSON schema of one answer")]
    prediction: Annotated[str, Meta(description="JSON pointer to the prediction in an answer")]
    score: Annotated[str | None, Meta(description="JSON pointer to the score in an answer")] = None


class GoldenRow(Wire, frozen=True, kw_only=True):
    """A request, and the answer that the raw model gave."""

    id: Annotated[str, Meta(description="id of the evaluation that it agrees with")]
    request: Annotated[Any, Meta(description="the request")]
    answer: Annotated[Any, Meta(description="the answer")]


class Model(Value, frozen=True):
    """The files of one side."""

    run: RunDir
    folder: str
    files: tuple[ModelFile, ...]

    def interface(self) -> Interface:
        """Return the interface; UnreadableError where there is none."""
        content = self._content(INTERFACE)
        if content is None:
            raise UnreadableError(f"{INTERFACE} is missing")
        return _decoded(content, Interface, where=INTERFACE)

    def golden(self) -> tuple[GoldenRow, ...]:
        """Return the golden rows, none where the file is missing."""
        lines = enumerate((self._content(GOLDEN) or b"").split(b"\n"), start=1)
        return tuple(_decoded(line, GoldenRow, where=f"{GOLDEN}:{n}") for n, line in lines if line.strip())

    def _content(self, path: str) -> bytes | None:
        file = next((file for file in self.files if file.path == path), None)
        return None if file is None else self.run.verified(self.folder, file).read_bytes()


def _decoded(content: bytes, kind: type[T], *, where: str) -> T:
    try:
        return decoded_once(content, kind, where=where)
    except InputError as error:
        raise UnreadableError(str(error)) from error
