"""From the bytes of a request to its rows, and from answers to the bytes of a response."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from serving.errors import AnswerError


class BodyError(Exception):
    """The body as a whole cannot be answered, with the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows of one body, and whether they came as a list."""

    rows: list[Any]
    many: bool


def asked(body: bytes, *, max_rows: int) -> Asked:
    """Return the rows in ``body``: one object, or at most ``max_rows``, nested a hundred deep at most.

    By orjson, which takes JSON and nothing else: no NaN or Infinity, no number past a double, no lone
    surrogate, no bytes that are not UTF-8. It nests to 1024, where recursive code of a model's would fail.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BodyError(400, f"the body is not JSON: {error}") from error
    if _too_deep(found):
        raise BodyError(400, f"the body is nested more than {MAX_DEPTH} levels deep")
    match found:
        case dict():
            return Asked([found], many=False)
        case []:
            raise BodyError(422, "the list of requests is empty")
        case list() if len(found) > max_rows:
            raise BodyError(413, f"{len(found)} requests in one list, at most {max_rows} are taken")
        case list():
            return Asked(found, many=True)
        case _:
            raise BodyError(422, "the body is neither a request object nor a list of them")


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level if isinstance(outer, list | dict) for inner in _within(outer)]
        if not level:
            return False
    return True


def _within(value: list[Any] | dict[str, Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def json_bytes(answers: Any) -> bytes:
    """``answers`` as JSON; numpy's scalars and arrays become numbers and lists, NaN is an AnswerError.

    Not orjson: it would write NaN as null and so hide it.
    """
    try:
        text = json.dumps(
            answers, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_native
        )
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise AnswerError(f"the answers are not JSON: {type(error).__name__}") from error


def _native(value: Any) -> Any:
    if callable(convert := getattr(value, "tolist", None)):
        return convert()
    raise TypeError(type(value).__name__)
