"""A server of bytes on loopback that goes wrong as it is told to, and remembers what it was asked."""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    number: int
    """Of all requests, from 0."""
    target: str
    headers: Mapping[str, str]

    @property
    def span(self) -> tuple[int, int] | None:
        found = _RANGE.fullmatch(self.headers.get("range", ""))
        return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Given:
    """An answer; after `cut` bytes of the body the connection ends as `end` says."""

    status: int = 206
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    end: str = "reset"
    """`reset`, `close`, `silence`: nothing more, or `trickle`: a byte now and then."""
    chunked: bool = False


@dataclass(slots=True)
class Bytes:
    """Files by their path, as a good server gives them; with `fault` it may do otherwise."""

    files: dict[str, bytes]
    fault: Callable[[Asked, Given], Given | None] = lambda _, given: given
    ranges: bool = True
    etag: str = ""
    asked: list[Asked] = field(default_factory=list)
    sent: int = 0
    """Bytes of bodies."""
    connections: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    """Set: who is silent goes on to end the connection."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _came: threading.Condition = field(init=False)

    def __post_init__(self) -> None:
        self._came = threading.Condition(self._lock)

    def answer(self, asked: Asked) -> Given | None:
        content = self.files.get(asked.target.partition("?")[0])
        if content is None:
            return self.fault(asked, Given(404, body=b"no"))
        headers = {"ETag": self.etag} if self.etag else {}
        if not self.ranges or asked.span is None:
            return self.fault(asked, Given(200, headers, content))
        first, last = asked.span
        headers["Content-Range"] = f"bytes {first}-{min(last, len(content) - 1)}/{len(content)}"
        return self.fault(asked, Given(206, headers, content[first : last + 1]))

    def next(self, target: str, headers: Mapping[str, str]) -> Asked:
        with self._lock:
            asked = Asked(len(self.asked), target, headers)
            self.asked.append(asked)
            self._came.notify_all()
            return asked

    def until_asked(self, number: int) -> None:
        """Wait until so many requests came."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.asked) >= number, 30), f"{len(self.asked)} requests"

    def count(self, size: int) -> None:
        with self._lock:
            self.sent += size


@contextmanager
def serving(served: Bytes, secured: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run the server; it gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def opened() -> None:
            with suppress(OSError):
                while True:
                    near = door.accept()[0]
                    served.connections += 1
                    threading.Thread(target=_spoken, args=(near, served, secured), daemon=True).start()

        threading.Thread(target=opened, daemon=True).start()
        try:
            yield f"{'https' if secured else 'http'}://127.0.0.1:{door.getsockname()[1]}"
        finally:
            served.released.set()
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)


def _spoken(near: socket.socket, served: Bytes, secured: ssl.SSLContext | None) -> None:
    with suppress(OSError), near:
        wire = secured.wrap_socket(near, server_side=True) if secured else near
        with wire, wire.makefile("rb") as stream:
            while (asked := _read(stream, served)) is not None:
                given = served.answer(asked)
                if given is None or not _sent(wire, given, served):
                    return


def _read(stream: BinaryIO, served: Bytes) -> Asked | None:
    line = stream.readline().decode()
    headers = {}
    while header := stream.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return served.next(line.split(" ")[1], headers) if line else None


def _sent(wire: socket.socket, given: Given, served: Bytes) -> bool:
    """Whether the connection goes on."""
    headers = {**given.headers}
    if given.chunked:
        headers["Transfer-Encoding"] = "chunked"
    elif "Content-Length" not in headers:
        headers["Content-Length"] = str(len(given.body))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value != "none")
    wire.sendall(f"HTTP/1.1 {given.status} X\r\n{head}\r\n".encode())
    body = given.body if given.cut is None else given.body[: given.cut]
    if given.chunked:
        for place in range(0, len(body), 5000):
            block = body[place : place + 5000]
            wire.sendall(f"{len(block):x}\r\n".encode() + block + b"\r\n")
        wire.sendall(b"0\r\n\r\n")
    else:
        wire.sendall(body)
    served.count(len(body))
    if given.cut is not None:
        _ended(wire, given, served)
    return given.cut is None and headers.get("Content-Length") != "none"


def _ended(wire: socket.socket, given: Given, served: Bytes) -> None:
    if given.end == "silence":
        served.released.wait(30)
    elif given.end == "trickle":
        for byte in given.body[given.cut :]:
            if not served.released.wait(0.02):
                wire.sendall(bytes([byte]))
    elif given.end == "reset":
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass(frozen=True, slots=True)
class Plain:
    """A source of files below one address."""

    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""

    def resolve(self, address: object) -> Found:
        return Found(origin=Origin(address=str(address), facts={}), files=())

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        return Request(f"{self.base}/{file.locator}{self.query}", self.headers)
