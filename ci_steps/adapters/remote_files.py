"""Files that lie at a URL: how long they are, and by what their bytes are known."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from ci_steps.adapters.pool import Pool
from ci_steps.adapters.rest import reason
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.sourced import SourceFile
from ci_steps.model.value import Value
from ci_steps.ports import ChangedError, PartialError, Request

if TYPE_CHECKING:
    import requests

T = TypeVar("T")
_TIMEOUT = (10, 60)
_AT_ONCE = 8
_SIGNED = re.compile(
    r"[?&](x-amz-\w[\w-]*|x-goog-\w[\w-]*|sig|signature|token|access_token|password|key)=", re.IGNORECASE
)
_RANGE = re.compile(r"bytes (?:\d+-\d+|\*)/(\d+)")


class Seen(Value, frozen=True):
    """What a server says of a file."""

    size: int
    mark: str = ""
    """A strong ETag; empty: it gives none."""


class AbsentError(InputError):
    """Nothing lies at a URL."""


class ShutError(InputError):
    """The server does not give the file to these credentials, or to this signature any more."""


def seen(
    session: "requests.Session", url: str, headers: Mapping[str, str], what: str, *, shut: str = ""
) -> Seen:
    """Return a file's size and mark by asking for its first byte: a URL signed for GET is not for HEAD.

    ``shut`` is what to do where the server does not let us.
    """
    import requests

    wanted = {**headers, "Range": "bytes=0-0", "Accept-Encoding": "identity"}
    try:
        with session.get(
            url,
            headers=wanted,
            stream=True,
            timeout=_TIMEOUT,
            allow_redirects=not headers,  # our keys must not follow to another host
            auth=lambda request: request,  # else requests would put ~/.netrc over our headers
        ) as answer:
            return _seen(answer, what, shut)
    except requests.RequestException as error:
        raise OutsideError(f"{what} cannot be had: {reason(error)}") from error


def _seen(answer: "requests.Response", what: str, shut: str) -> Seen:
    status, etag = answer.status_code, answer.headers.get("ETag", "")
    mark = "" if etag.startswith("W/") else etag
    ranged = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if status in {206, 416} and ranged:
        return Seen(int(ranged[1]), mark)
    length = answer.headers.get("Content-Length", "")
    if status == 200 and length.isdigit():
        return Seen(int(length), mark)
    if status in {404, 410}:
        raise AbsentError(f"{what} is not there", hint="was it uploaded, and to its end? publish it again")
    if status in {401, 403}:
        hint = shut or "see to the credentials, and to who may read it"
        raise ShutError(f"{what} is not given to us: HTTP {status}", hint=hint)
    if status < 400:
        raise OutsideError(f"{what} has no length: HTTP {status}")
    if status < 500:
        raise InputError(f"{what} cannot be had: HTTP {status}")
    raise OutsideError(f"{what} cannot be had: HTTP {status}")


def together(look: Callable[[str, T], SourceFile], files: Sequence[tuple[str, T]]) -> tuple[SourceFile, ...]:
    """Return every file, looked at some at a time."""
    with Pool(_AT_ONCE) as pool:
        return tuple(pool.map(lambda file: look(*file), files))


def compared(said: int | None, there: Seen, what: str) -> Seen:
    """Return what is there, where it is as long as its system noted."""
    if said is None or said == there.size:
        return there
    text = f"{what} has {there.size:,} bytes, and {said:,} were noted when it was published"
    if there.size < said:
        raise PartialError(text, hint="was it uploaded to its end? publish it again")
    raise ChangedError(text, hint="find out who changed it; publish it again")


def refuse_secret(url: str, what: str) -> None:
    """Refuse a URL that lets anyone in: where a file lies is noted in the store, for all to read."""
    parts = urlsplit(url)
    if "@" in parts.netloc or _SIGNED.search(f"?{parts.query}"):
        raise InputError(
            f"{what} is noted with a login or a signature in its URL",
            hint="note where it lies without; credentials come from the environment",
        )


def quoted(url: str) -> str:
    """Return a URL that a tracking system noted with spaces and the like in it, as it is asked for."""
    from requests.utils import requote_uri

    return requote_uri(url)


def asked(url: str, headers: Mapping[str, str], mark: str, first: int, last: int) -> Request:
    """Return a GET of a range of exactly these bytes."""
    wanted = dict(headers) | {"Accept-Encoding": "identity"}
    if last >= first:
        wanted["Range"] = f"bytes={first}-{last}"
    if mark:
        wanted["If-Match"] = mark
    return Request(url, wanted)
