"""Asking the jsonschema library, which has the last word on every single value."""

import re
from typing import Any

from ci_steps.steps.check_interface.schemas import DIALECT, Schema


class UndecidableError(Exception):
    """A schema that the library can read but not apply: a reference to nowhere, a foreign pattern."""


class Judge:
    """One schema, ready to be asked."""

    def __init__(self, schema: Any) -> None:
        # Here, because it takes longer to import than everything else of this step takes to run.
        from jsonschema import Draft202012Validator
        from referencing import Registry

        self.schema = schema
        self.empty: dict[int, bool] = {}
        """Which parts of the schema, by identity, were found to accept nothing."""
        # An empty registry, because the usual one fetches what a $ref names from the network.
        self._validator = Draft202012Validator(schema, registry=Registry())

    def accepts(self, value: Any, part: Schema | None = None) -> bool:
        """Whether the schema, or a part of it, accepts the value."""
        return self.complaint(value, part) is None

    def complaint(self, value: Any, part: Schema | None = None) -> str | None:
        """Return the first thing that is wrong with the value, or None."""
        from referencing.exceptions import Unresolvable

        asked = self._validator if part is None else self._validator.evolve(schema=part)
        try:
            wrong = next(asked.iter_errors(value), None)
        except Unresolvable as error:
            raise UndecidableError(f"reference {error.ref!r} leads nowhere in the schema") from error
        except re.error as error:
            raise UndecidableError(f"pattern {error.pattern!r} cannot be read: {error.msg}") from error
        except RecursionError as error:
            raise UndecidableError("it is nested too deeply, or refers to itself without end") from error
        return f"{wrong.json_path}: {wrong.message}" if wrong else None


def schema_errors(schema: Any) -> str | None:
    """Return what keeps this from being a JSON schema, or None."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"
    except RecursionError:
        return "it is nested too deeply"
    return None


def foreign_dialect(schema: Any) -> str | None:
    """Return the dialect that the schema declares where it is not 2020-12."""
    declared = schema.get("$schema", DIALECT) if isinstance(schema, dict) else DIALECT
    return None if declared.rstrip("#") == DIALECT else declared
