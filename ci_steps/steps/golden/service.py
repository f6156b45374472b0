"""A service as its callers see it: every request has a timeout, and every failure is a reply."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from requests import Session

_PAGE_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_LINE = 160
OK = 200
FAILED = 500
TOO_LARGE = 413
REFUSED_ROW = 422
TOO_BUSY = 503


class _Problem(msgspec.Struct):
    """The part of an RFC 9457 problem document that people read."""

    detail: str = ""


class _BadRow(msgspec.Struct):
    pointer: str
    reason: str


class _BadRows(msgspec.Struct):
    """The part that the server adds to status 422."""

    problems: tuple[_BadRow, ...] = ()


_P = TypeVar("_P", _Problem, _BadRows)


@dataclass(frozen=True, slots=True)
class Answer:
    """A value that the service answered with."""

    value: Any


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is no value."""

    why: str
    status: int = OK
    """0 where nothing came at all, not even a refusal."""
    refused: str = ""
    """The first row that was refused, by the server's own words: where in it, and why."""

    @property
    def silent(self) -> bool:
        return self.status == 0

    @property
    def failed(self) -> bool:
        """Whether the fault is the server's."""
        return self.status >= FAILED


Outcome = Answer | NoAnswer


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; status 0 where nothing did, and then ``fault`` says why."""

    status: int
    content: bytes = b""
    content_type: str = ""
    fault: str = ""
    release: str = ""
    """The release that says it answered, by its X-Release."""

    @property
    def in_words(self) -> str:
        """Status and, where the service says one, the reason."""
        if not self.status:
            return self.fault
        detail = self._detail
        return f"status {self.status}{f': {detail}' if detail else ''}"

    @property
    def outcome(self) -> Outcome:
        """The JSON value of a success; anything else is no answer."""
        if self.status != OK:
            return NoAnswer(self.in_words, self.status, self._refused)
        try:
            return Answer(msgspec.json.decode(self.content))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return NoAnswer(f"status {self.status} with a body that is not JSON")

    @property
    def _detail(self) -> str:
        return self._said(_Problem).detail[:_LINE]

    @property
    def _refused(self) -> str:
        rows = self._said(_BadRows).problems if self.status == REFUSED_ROW else ()
        return f"{rows[0].pointer or 'a request'} ({rows[0].reason[:_LINE]})" if rows else ""

    def _said(self, kind: type[_P]) -> _P:
        try:
            return msgspec.json.decode(self.content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return kind()


@dataclass(slots=True)
class Service:
    """The routes of a running container, or of the live address."""

    address: str
    session: "Session"
    sent: int = field(default=0, init=False)
    """Requests sent to /predict."""

    def page(self, path: str, *, timeout: float = _PAGE_SECONDS) -> Reply:
        return self._reply("GET", path, None, timeout)

    def predict(self, body: bytes, *, timeout: float = _ANSWER_SECONDS) -> Reply:
        self.sent += 1
        return self._reply("POST", "/predict", body, min(timeout, _ANSWER_SECONDS))

    def _reply(self, method: str, path: str, body: bytes | None, timeout: float) -> Reply:
        import requests

        headers = {"content-type": "application/json"} if body is not None else {}
        try:
            reply = self.session.request(
                method,
                self.address + path,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            )
        except requests.Timeout:
            return Reply(0, fault=f"no answer within {timeout:.3g} s")
        except requests.RequestException:
            return Reply(0, fault="the connection failed")
        said = reply.headers
        release = said.get("x-release", "")
        return Reply(reply.status_code, reply.content, said.get("content-type", ""), release=release)


@contextmanager
def calling(address: str, *, agent: str = "ci-steps") -> Iterator[Service]:
    """Talk to the service at ``address`` over connections that are kept until the block ends."""
    import requests

    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment's does not reach this machine's loopback
        session.headers["user-agent"] = agent
        yield Service(address, session)
