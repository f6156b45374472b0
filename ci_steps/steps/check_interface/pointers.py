"""JSON pointers (RFC 6901)."""

import re
from typing import Any

POINTER = re.compile(r"(/([^~/]|~[01])*)*")
INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
"""No list has more items than that, and Python reads no number of more than 4,300 digits."""


def there(answer: Any, pointer: str) -> bool:
    """Whether the answer has something at the pointer.

    >>> there({"a": [1]}, "/a/0"), there({"a": [1]}, "/a/1")
    (True, False)
    """
    for name in names_in(pointer):
        if isinstance(answer, dict) and name in answer:
            answer = answer[name]
        elif isinstance(answer, list) and INDEX.fullmatch(name) and int(name) < len(answer):
            answer = answer[int(name)]
        else:
            return False
    return True


def names_in(pointer: str) -> list[str]:
    return [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]


def pointer_of(*names: str) -> str:
    """Return the pointer of the names, one in another.

    >>> pointer_of("a/b", "~")
    '/a~1b/~0'
    """
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
