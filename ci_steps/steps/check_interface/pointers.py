"""JSON pointers (RFC 6901) into an answer."""

import re
from collections.abc import Iterator
from typing import Any

from ci_steps.steps.check_interface.schemas import NOTHING, Schema, child, items, keywords, kinds

_POINTER = re.compile(r"(/([^~/]|~[01])*)*")
_INDEX = re.compile(r"0|[1-9][0-9]*")


def misplaced(pointer: str, schema: Any) -> str | None:
    """Return why no answer that keeps to the schema can have something there, or None.

    >>> misplaced("/label", {"properties": {"name": {}}, "additionalProperties": False})
    'the output schema lets nothing be there'
    """
    if not _POINTER.fullmatch(pointer):
        return "it is not a JSON pointer such as /label"
    parts = [keywords(schema)]
    for name in _names(pointer):
        parts = [keywords(part) for whole in parts if whole != NOTHING for part in _under(whole, name)]
    if all(part == NOTHING for part in parts):
        return "the output schema lets nothing be there"
    return None


def there(answer: Any, pointer: str) -> bool:
    """Whether the answer has something at the pointer."""
    for name in _names(pointer):
        if isinstance(answer, dict) and name in answer:
            answer = answer[name]
        elif isinstance(answer, list) and _INDEX.fullmatch(name) and int(name) < len(answer):
            answer = answer[int(name)]
        else:
            return False
    return True


def _under(said: Schema, name: str) -> Iterator[Any]:
    if "object" in kinds(said):
        yield child(said, name)
    if "array" in kinds(said) and _INDEX.fullmatch(name):
        yield items(said)


def _names(pointer: str) -> list[str]:
    return [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]
