"""A proxy on loopback between the kit and a real server, which spoils the answers it is told to spoil."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from re import Pattern
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import urlsplit

from tests.faults.answers import Answer, Spoilt
from tests.faults.faults import Course, Fault, Kind

_HOP = {"connection", "keep-alive", "transfer-encoding", "date"}
Serve = Callable[[socket.socket, BinaryIO], Iterator[None]]
"""How one connection is served: a step a request."""

_SECRETS = ("authorization", "x-amz-security-token", "cookie", "x-amz-signature", "sig=", "access_token")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came, so that what its sender signed stays as it was."""

    line: str
    headers: tuple[bytes, ...]
    body: bytes

    @classmethod
    def read(cls, stream: BinaryIO) -> Self | None:
        """Return the next one; none where the other side has no more."""
        line = stream.readline(65537).decode("latin-1").strip()
        headers = []
        while (header := stream.readline(65537)) not in {b"\r\n", b"\n", b""}:
            headers.append(header)
        if len(line.split(" ")) != 3:
            return None
        asked = cls(line, tuple(headers), b"")
        if "chunked" in asked.value("transfer-encoding"):
            return cls(line, tuple(headers), _chunked(stream))
        return cls(line, tuple(headers), stream.read(int(asked.value("content-length") or 0)))

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]

    def value(self, name: str) -> str:
        """Return a header's value, or nothing."""
        for header in self.headers:
            key, _, value = header.decode("latin-1").partition(":")
            if key.strip().lower() == name:
                return value.strip()
        return ""

    def without(self, name: str) -> "Asked":
        kept = (each for each in self.headers if not each.lower().startswith(name.encode() + b":"))
        return Asked(self.line, tuple(kept), self.body)

    @property
    def raw(self) -> bytes:
        return b"".join([self.line.encode("latin-1"), b"\r\n", *self.headers, b"\r\n", self.body])


def _chunked(stream: BinaryIO) -> bytes:
    """Return the body as it is framed, to be sent on as it came."""
    raw = []
    while size := stream.readline():
        raw.append(size)
        length = int(size.split(b";")[0], 16)
        raw.append(stream.read(length + 2))
        if not length:
            break
    return b"".join(raw)


@dataclass(slots=True)
class FaultyProxy:
    """Before the server at ``upstream``: what it answers comes through, but for what a fault strikes."""

    upstream: str
    bytes_: Pattern[str]
    port: int = 0
    course: Course = field(init=False)
    leaked: list[str] = field(default_factory=list)
    """Secrets that were sent where a redirect led to."""
    _doors: list[socket.socket] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.course = Course(None, self.bytes_)
        for serve, port in ((self._serve, self.port), (self._serve_stranger, 0)):
            door = socket.create_server(("127.0.0.1", port), backlog=128)
            self._doors.append(door)
            threading.Thread(target=self._opened, args=(door, serve), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for door in self._doors:
            door.shutdown(socket.SHUT_RDWR)
            door.close()

    @property
    def url(self) -> str:
        return _url(self._doors[0])

    @property
    def stranger(self) -> str:
        """The address that redirects lead to."""
        return _url(self._doors[1])

    def expect(self, fault: Fault | None) -> Course:
        """Let ``fault`` strike from now on, counted anew."""
        self.course = Course(fault, self.bytes_)
        self.leaked.clear()
        return self.course

    def _opened(self, door: socket.socket, serve: Serve) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = door.accept()
                threading.Thread(target=_quietly, args=(serve, near), daemon=True).start()

    def _serve(self, near: socket.socket, stream: BinaryIO) -> Iterator[None]:
        while asked := Asked.read(stream):
            course = self.course
            dice = course.struck(f"{asked.method} {asked.path}", asked.value("range"))
            if dice is None or course.fault is None:
                near.sendall(self._answer(asked).sent())
            else:
                kind = course.fault.kind
                # A server that does not know ranges; where the sender signed the Range it has to stay.
                signed = "range" in asked.value("authorization").partition("SignedHeaders=")[2].split(",")[0]
                if kind is Kind.WHOLE and not signed:
                    asked = asked.without("range")
                spoilt = Spoilt(near, self.stranger, self._over)
                if not spoilt.send(kind, self._answer(asked), dice, asked.raw):
                    return
            if asked.value("connection").lower() == "close":
                return
            yield

    def _serve_stranger(self, near: socket.socket, stream: BinaryIO) -> Iterator[None]:
        """Answer anything at all to whoever is sent here, and note which secrets they bring along."""
        while asked := Asked.read(stream):
            text = asked.raw.decode("latin-1").lower()
            self.leaked += [name for name in _SECRETS if name in text]
            near.sendall(Answer(200, "OK", (("Content-Type", "text/plain"),), b"come in").sent())
            yield

    def _answer(self, asked: Asked) -> Answer:
        there = urlsplit(self.upstream)
        with socket.create_connection((there.hostname or "", there.port or 80), timeout=30) as far:
            far.sendall(asked.raw)
            with http.client.HTTPResponse(far, method=asked.method) as answer:
                answer.begin()
                body = answer.read()
                chunked = "chunked" in answer.getheader("transfer-encoding", "")
                bodiless = asked.method == "HEAD"
                framing = set() if bodiless else {"content-length"}
                headers = tuple(h for h in answer.getheaders() if h[0].lower() not in _HOP | framing)
        return Answer(answer.status, answer.reason, headers, body, chunked=chunked, bodiless=bodiless)


def _quietly(serve: Serve, near: socket.socket) -> None:
    """Serve one connection; the other side may leave at any moment."""
    with near, contextlib.suppress(OSError, http.client.HTTPException), near.makefile("rb") as stream:
        for _ in serve(near, stream):
            pass


def _url(door: socket.socket) -> str:
    return f"http://127.0.0.1:{door.getsockname()[1]}"
