"""The two schemas of interface.json, and where an answer says its prediction."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_steps.errors import InputError
from ci_steps.steps.golden.differences import shown
from ci_steps.steps.golden.promises import promises
from ci_steps.steps.golden.whole import NOWHERE, Whole

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


@dataclass(frozen=True, slots=True)
class Interface:
    """What the model promises to take and to answer."""

    requests: "Validator"
    answers: "Validator"
    prediction: str | None
    whole: Whole = NOWHERE
    """Where its answers promise whole numbers."""

    @classmethod
    def read(cls, path: Path) -> "Interface":
        written = promises(path)
        return cls(
            compiled(written.input, where=f"{path.name}: input"),
            compiled(written.output, where=f"{path.name}: output"),
            written.prediction,
            written.whole,
        )

    def takes(self, request: Any) -> bool:
        """Whether the interface promises an answer to this request."""
        return bool(self.requests.is_valid(request))

    def broken_by(self, answer: Any) -> Iterator[str]:
        """Yield, for each promise that an answer breaks, where and which."""
        yield from violations(self.answers, answer)


def compiled(schema: Any, *, where: str) -> "Validator":
    """Return a validator that fetches nothing; what is no schema is an input error."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise InputError(f"{where}: not a JSON schema: {error.message}") from error
    return kind(schema, registry=Registry())


def violations(schema: "Validator", value: Any) -> Iterator[str]:
    """Yield where a value breaks its schema, and by which keyword."""
    for error in schema.iter_errors(value):
        place = "".join(f"/{part}" for part in error.absolute_path)
        limit = shown(error.validator_value)
        yield f"{shown(error.instance)}{f' at {place}' if place else ''} breaks {error.validator}: {limit}"
