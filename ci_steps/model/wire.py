"""Types that travel as JSON: one strict form, one canonical form, one schema."""

import json
import re
from typing import Any, TypeVar

import msgspec
import rfc8785

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest

T = TypeVar("T")


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value with a JSON form; an unknown or missing key, or a wrong type, is refused on reading."""


def plain(value: object) -> Any:
    """Return ``value`` as dicts, lists, strings and numbers."""
    return msgspec.to_builtins(value, enc_hook=_encoded)


def canonical(value: object) -> bytes:
    """Return the canonical JSON of ``value`` (RFC 8785): equal values give equal bytes."""
    return rfc8785.dumps(plain(value))


def digest_of(value: object) -> Digest:
    """Return the digest of the canonical JSON of ``value``."""
    return Digest.of(canonical(value))


def pretty(value: object) -> bytes:
    """Return JSON that a person can read, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=_encoded), indent=2) + b"\n"


def decoded(content: bytes | str, kind: type[T], *, where: str) -> T:
    """Read JSON as ``kind``; what is wrong is an :class:`InputError` that says where."""
    try:
        return msgspec.json.decode(content, type=kind, dec_hook=_decoded)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{where}: {_in_words(error)}") from error
    except RecursionError as error:
        raise InputError(f"{where}: nested too deeply") from error


def decoded_once(content: bytes | str, kind: type[T], *, where: str) -> T:
    """Read JSON as ``kind``, and refuse a name that stands twice in an object of it, however deep.

    Readers take the one or the other (RFC 8259, section 4), so that two of them could read different things.
    """
    found = decoded(content, kind, where=where)
    try:
        # Numbers stay text: what is a number was decided above, and a long one is not to be computed.
        json.loads(content, object_pairs_hook=_once, parse_int=str, parse_float=str)
    except RecursionError as error:
        raise InputError(f"{where}: nested too deeply") from error
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
    return found


def converted(value: object, kind: type[T], *, where: str) -> T:
    """Read plain dicts and lists as ``kind``; what is wrong is an :class:`InputError` that says where."""
    try:
        return msgspec.convert(value, type=kind, dec_hook=_decoded)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # half of a surrogate pair as a key
        raise InputError(f"{where}: {_in_words(error)}") from error


def schema_of(kind: type, *, title: str) -> dict[str, Any]:
    """Return the JSON schema (2020-12) that the JSON form of ``kind`` obeys."""
    schema = msgspec.json.schema(kind, schema_hook=_schema, ref_template="#/$defs/{name}")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"key {name!r} is there twice")
        found[name] = value
    return found


def _encoded(value: object) -> object:
    if isinstance(value, Digest):
        return str(value)
    raise TypeError(type(value).__name__)


def _decoded(kind: type, value: object) -> object:
    if kind is Digest:
        return Digest.parse(str(value))
    raise TypeError(kind.__name__)


def _schema(kind: type) -> dict[str, Any]:
    if kind is Digest:
        return {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
    raise TypeError(kind.__name__)


def _in_words(error: Exception) -> str:
    """Return msgspec's sentence in our form: the place first, lower case, no full stop."""
    text = str(error).rstrip(".")
    match = re.fullmatch(r"(?P<what>.*) - at `(?P<place>.*)`", text, flags=re.DOTALL)
    what, place = (match["what"], match["place"]) if match else (text, "")
    what = what if what[:2].isupper() else what[:1].lower() + what[1:]
    return f"{place}: {what}" if place else what
