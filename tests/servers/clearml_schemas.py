"""ClearML's published schemas, as its own client carries them: what a request and an answer may hold.

They are read from the installed package `clearml` (Apache License 2.0), in whose environment this runs.
"""

import copy
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

# The package is in an environment of its own, where this runs, and not in that of the type checker.
from clearml.backend_api import services  # type: ignore[import-not-found, unused-ignore]
from clearml.backend_api.session import Request  # type: ignore[import-not-found, unused-ignore]
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

VERSION = "2.23"
"""The newest version of the API that the client has schemas of."""


class Action:
    """One action of one service, as ``tasks.get_by_id``."""

    def __init__(self, request: Any, answer: Any) -> None:
        self.asked, self.answered = _validator(request._schema), _validator(answer._schema)

    def wrong_request(self, content: object) -> str:
        return _mistake(self.asked, content)

    def wrong_answer(self, content: object) -> str:
        return _mistake(self.answered, content)


@cache
def action(name: str) -> Action | None:
    """Return the newest schemas of an action; None where the API has no such."""
    service, _, verb = name.partition(".")
    for module in _modules(service):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Request) and getattr(kind, "_action", "") == verb:
                answer = getattr(module, kind.__name__.removesuffix("Request") + "Response", None)
                if answer is not None and getattr(kind, "_service", "") == service:
                    return Action(kind, answer)
    return None


def _modules(service: str) -> Iterator[Any]:
    versions = [each.name for each in pkgutil.iter_modules(services.__path__) if each.name.startswith("v2_")]
    for version in sorted(versions, key=lambda name: int(name.removeprefix("v2_")), reverse=True):
        if re.fullmatch(r"[a-z]+", service):
            path = f"{services.__name__}.{version}"
            if service in {
                each.name for each in pkgutil.iter_modules(importlib.import_module(path).__path__)
            }:
                yield importlib.import_module(f"{path}.{service}")


def _validator(schema: dict[str, Any]) -> Draft7Validator:
    return Draft7Validator(_closed(copy.deepcopy(schema)))


def _closed(schema: Any) -> Any:
    """Refuse properties that no schema names: what the client would not know is not the API."""
    if isinstance(schema, dict):
        for part in schema.values():
            _closed(part)
        if isinstance(schema.get("properties"), dict) and schema["properties"]:
            schema.setdefault("additionalProperties", False)
    elif isinstance(schema, list):
        for part in schema:
            _closed(part)
    return schema


def _mistake(validator: Draft7Validator, content: object) -> str:
    error = best_match(validator.iter_errors(content))
    return f"{error.json_path}: {error.message[:300]}" if error else ""
