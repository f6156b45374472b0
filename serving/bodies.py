"""From the bytes of a request to its rows, and from answers to the bytes of a response."""

from __future__ import annotations

import json
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


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows of one body, and whether they came as a list."""

    rows: list[Any]
    many: bool


def asked(body: bytes, *, max_rows: int) -> Asked:
    """The rows in ``body``: one object, or a list of at most ``max_rows``.

    orjson, because it takes JSON and nothing else: no NaN or Infinity, no number past a double, no lone
    surrogate, no bytes that are not UTF-8, and no nesting deep enough to end in a RecursionError.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BodyError(400, f"the body is not JSON: {error}") from error
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


def json_bytes(answers: Any) -> bytes:
    """``answers`` as JSON; numpy's scalars and arrays become numbers and lists, NaN is an AnswerError.

    Not orjson: it would write NaN as null and so hide it.
    """
    try:
        text = json.dumps(answers, allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=_native)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise AnswerError(f"the answers are not JSON: {type(error).__name__}") from error


def _native(value: Any) -> Any:
    if callable(convert := getattr(value, "tolist", None)):
        return convert()
    raise TypeError(type(value).__name__)
