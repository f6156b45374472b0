"""Asking the jsonschema library, which has the last word on every single value.

Two keywords are asked here, as the server reads them: ``pattern``, because Python's own engine hangs on
``^(a+)+$`` and reads digits and ends of lines otherwise than ECMA-262, which JSON schema names; and
``multipleOf``, because a division of floats says that 0.3 is no multiple of 0.1.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from ci_steps.steps.check_interface.decimals import is_multiple
from ci_steps.steps.check_interface.effort import Effort, OutOfEffortError
from ci_steps.steps.check_interface.forms.dialects import DRAFT_7, Schema, dialect_of
from ci_steps.steps.check_interface.forms.document import all_in, patterns_in
from ci_steps.steps.check_interface.patterns import (
    ForeignPatternError,
    NoPatternError,
    PatternError,
    parsed,
    takes,
)

_STEPS = 200_000
_LONGEST = 400
_REPEATS = re.compile(r"[)\]][*+{]|[*+{].*[*+{].*[*+{]")
"""What repeats a group, or three times: without it Python's engine is quick, too."""


class UndecidableError(Exception):
    """A schema that the library can read but not apply: a reference to nowhere, a foreign pattern."""


class Judge:
    """One schema, ready to be asked."""

    def __init__(self, schema: Any) -> None:
        from referencing import Registry

        # An empty registry, because the usual one fetches what a $ref names from the network.
        self._validator = _by_steps(dialect_of(schema))(schema, registry=Registry())
        self._unsafe = next(_asked_of_python(schema), None)

    def accepts(self, value: Any) -> bool:
        """Whether the schema accepts the value."""
        return self.complaint(value) is None

    def complaint(self, value: Any) -> str | None:
        """Return the first thing that is wrong with the value, or None."""
        from referencing.exceptions import Unresolvable

        if self._unsafe is not None:
            raise UndecidableError(f"pattern {self._unsafe!r} is not followed beside unevaluatedProperties")
        try:
            wrong = next(self._validator.iter_errors(value), None)
        except Unresolvable as error:
            raise UndecidableError(f"reference {error.ref!r} leads nowhere in the schema") from error
        except RecursionError as error:
            raise UndecidableError("it is nested too deeply, or refers to itself without end") from error
        except ValueError as error:  # it takes whatever names an item for a number
            raise UndecidableError("a reference leads to an item by what is no number") from error
        except (PatternError, OutOfEffortError) as error:
            raise UndecidableError(str(error)) from error
        return _in_short(f"{wrong.json_path}: {wrong.message}") if wrong else None


def schema_errors(schema: Any) -> str | None:
    """Return what keeps this from being a JSON schema, or None."""
    from jsonschema import FormatChecker, SchemaError

    try:
        # Without formats: to the library a pattern is one for Python.
        _library(dialect_of(schema)).check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        return _in_short(f"{error.json_path}: {error.message}")
    except RecursionError:
        return "it is nested too deeply"
    for pattern in sorted(patterns_in(schema)):
        try:
            parsed(pattern)
        except NoPatternError as error:
            return f"{pattern!r} is no pattern: {error}"
        except ForeignPatternError:
            continue  # named where it matters
    return None


def _in_short(complaint: str) -> str:
    """Return what the library says, which repeats a whole enum."""
    return complaint if len(complaint) <= _LONGEST else f"{complaint[: _LONGEST - 1]}…"


def _library(dialect: str) -> Any:
    # Here, because it takes longer to import than everything else of this step takes to run.
    from jsonschema import Draft7Validator, Draft202012Validator

    return Draft7Validator if dialect == DRAFT_7 else Draft202012Validator


@cache
def _by_steps(dialect: str) -> Any:
    """Return the library's validator, with its own words for all but the patterns."""
    from jsonschema.validators import extend

    changed = {
        "multipleOf": _multiple_of,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    }
    return extend(_library(dialect), changed)  # type: ignore[no-untyped-call]


def _multiple_of(validator: Any, step: float, instance: Any, _schema: Schema) -> Iterator[Any]:
    from jsonschema import ValidationError

    if validator.is_type(instance, "number") and not is_multiple(instance, step):
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


def _pattern(validator: Any, pattern: str, instance: Any, _schema: Schema) -> Iterator[Any]:
    from jsonschema import ValidationError

    if validator.is_type(instance, "string") and not _is_found(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, by_pattern: Schema, instance: Any, _schema: Schema) -> Iterator[Any]:
    if validator.is_type(instance, "object"):
        for pattern, inner in by_pattern.items():
            for name in instance:
                if _is_found(pattern, name):
                    yield from validator.descend(instance[name], inner, path=name, schema_path=pattern)


def _additional_properties(validator: Any, inner: Any, instance: Any, schema: Schema) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not validator.is_type(instance, "object"):
        return
    patterns = schema.get("patternProperties", {})
    for name in instance.keys() - schema.get("properties", {}).keys():
        if any(_is_found(pattern, name) for pattern in patterns):
            continue
        if inner is False:
            yield ValidationError(f"property {name!r} is not allowed")
        else:
            yield from validator.descend(instance[name], inner, path=name)


def _is_found(pattern: str, text: str) -> bool:
    effort = Effort(_STEPS)
    try:
        return takes(parsed(pattern), text, effort)
    except PatternError as error:
        raise ForeignPatternError(f"pattern {pattern!r} is not followed: {error}") from error
    except OutOfEffortError as error:
        raise OutOfEffortError(f"pattern {pattern!r} takes more than {_STEPS} steps") from error


def _asked_of_python(schema: Any) -> Iterator[str]:
    """Yield the patterns that the library would ask of Python's engine, and that could take it long."""
    inside = list(all_in(schema))
    if any("unevaluatedProperties" in each for each in inside):
        names = {name for each in inside for name in each.get("patternProperties", {})}
        yield from sorted(name for name in names if _REPEATS.search(name))
