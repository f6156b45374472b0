"""A service's JSON over HTTP: what it says, or one line on why it did not."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ci_steps.errors import InputError, OutsideError

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10, 60)
PAUSES = (0.25, 0.75, 1.5)
"""Seconds before each further try: a service that is started anew answers in between."""
_LONGEST_WAIT = 10.0
"""Seconds, however long a busy server says."""
_LATEST = 60.0
"""Seconds after the first request from which on there is no further one."""
_BUSY = {429, 500, 502, 503, 504}
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[?::1\]?")


def session(pauses: tuple[float, ...] = PAUSES) -> "requests.Session":
    """Return a session that asks again where an answer was cut off, or the service is overloaded or starts.

    Every request of ours only reads, also those that are a POST.
    """
    import requests

    class Patient(requests.Session):
        def request(self, *args: Any, **how: Any) -> requests.Response:
            latest = time.monotonic() + _LATEST
            for pause in pauses:
                try:
                    answer = super().request(*args, **how)
                except requests.RequestException as error:
                    if not _passes(error) or time.monotonic() > latest:
                        raise
                    wait = pause
                else:
                    if answer.status_code not in _BUSY or time.monotonic() > latest:
                        return answer
                    wait = max(pause, _asked_wait(answer))
                    answer.close()
                time.sleep(wait)
            return super().request(*args, **how)

    return Patient()


def _passes(error: "requests.RequestException") -> bool:
    """Whether it may be over in a moment: not so of a certificate, or of a name that nobody knows."""
    from requests import ConnectionError, Timeout  # noqa: A004  (requests' name for it)
    from requests.exceptions import ChunkedEncodingError, SSLError

    may = isinstance(error, ConnectionError | Timeout | ChunkedEncodingError)
    return may and not isinstance(error, SSLError) and "resolve" not in str(error)


def _asked_wait(answer: "requests.Response") -> float:
    said = answer.headers.get("Retry-After", "")
    return min(float(said), _LONGEST_WAIT) if said.isdecimal() else 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content: Any


@dataclass(frozen=True, slots=True)
class Rest:
    """One service. ``headers`` may hold secrets: they are sent to ``root`` alone and are in no message."""

    name: str
    root: str
    """Its address without the last slash."""
    session: "requests.Session" = field(default_factory=session, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Return the answer to one request, whatever its status is below 500."""
        import requests

        try:
            answer = self.session.request(
                method,
                f"{self.root}/{path}",
                headers=dict(headers),
                params=params,
                json=body,
                timeout=_TIMEOUT,
                allow_redirects=False,  # headers with keys must not follow to another host
                auth=lambda request: request,  # else requests would put ~/.netrc over our headers
            )
        except requests.RequestException as error:
            raise OutsideError(f"{self.name} at {self.root} does not answer: {reason(error)}") from error
        if answer.status_code >= 500:
            raise OutsideError(f"{self.name} at {self.root} failed: HTTP {answer.status_code} on {path}")
        if 300 <= answer.status_code < 400:
            raise InputError(
                f"{self.name} at {self.root} sends elsewhere: HTTP {answer.status_code} on {path}",
                hint=f"name the address of {self.name}'s API itself",
            )
        try:
            content = answer.json()
        except requests.JSONDecodeError as error:
            raise InputError(
                f"{self.root} does not speak {self.name}'s API: no JSON on {path}, HTTP {answer.status_code}",
                hint=f"name the address of {self.name}'s API, not that of its pages",
            ) from error
        return Answer(answer.status_code, content)

    def is_at(self, url: str) -> bool:
        """Return whether ``url`` is this very service's, so that it may see our keys."""
        return origin(url) == origin(self.root)


def address(name: str, text: str, variable: str, *, secret: bool, usual: str = "https") -> str:
    """Return the address of a service as a variable names it; a secret goes in clear to loopback only."""
    url = text.strip().rstrip("/")
    url = url if "://" in url else f"{usual}://{url}"
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise InputError(f"{variable} is not the address of {name}", hint="write it as https://host:port")
    if parts.username is not None or parts.password is not None:
        raise InputError(f"{variable} has a login in it", hint="write the address alone")
    if secret and parts.scheme == "http" and not _LOOPBACK.fullmatch(parts.hostname):
        raise InputError(
            f"{variable} is plain http, and {name}'s keys would cross the network in clear",
            hint="write https://…; plain http is for this machine only",
        )
    return url


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port: who is asked."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def reason(error: Exception) -> str:
    """Return why a request did not come back, without its URL, whose query may hold a signature."""
    import requests

    if isinstance(error, requests.Timeout):
        return "timed out"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    text = str(error).lower()
    known = ("connection refused", "name or service not known", "connection reset", "remote end closed")
    return next((why for why in known if why in text), type(error).__name__)


def key_of(text: str, variable: str) -> str:
    """Return a key as it is sent in a header; what cannot be is bad input, and not repeated."""
    key = text.strip()
    if not (key.isascii() and key.isprintable()):
        raise InputError(f"{variable} holds characters that no key has", hint="copy the key anew")
    return key


def shown(text: str) -> str:
    """Return a name that someone gave a thing elsewhere, as it may stand on a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]
