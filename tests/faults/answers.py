"""Answers of a server as they are sent on, whole or spoilt."""

import json
import random
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from tests.faults.faults import Kind

_PIECE = 1 << 16
_TELLING = {"content-length", "content-range", "etag", "last-modified", "content-type", "content-md5"}
_PAGE = b"<!DOCTYPE html><title>Sign in</title><form>The network wants to know who you are.</form>"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. ``framed`` is how its end is told: by ``length`` or by ``chunks``."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    chunked: bool = False
    bodiless: bool = False
    """It answers a HEAD: the headers tell of a body that is not sent."""

    def head(self, length: int | None = None) -> bytes:
        """Return the status line and the headers; a ``length`` takes the place of the true one."""
        framing = ("Transfer-Encoding", "chunked")
        if not self.chunked:
            framing = ("Content-Length", str(len(self.body) if length is None else length))
        rest = self.headers if self.bodiless and length is None else (*self.headers, framing)
        lines = [f"HTTP/1.1 {self.status} {self.reason}", *(f"{name}: {value}" for name, value in rest)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def sent(self) -> bytes:
        """Return the whole answer as it goes over the wire."""
        if self.bodiless:
            return self.head()
        return self.head() + (b"".join(chunks(self.body)) + b"0\r\n\r\n" if self.chunked else self.body)

    def without(self, *names: str) -> "Answer":
        kept = tuple(each for each in self.headers if each[0].lower() not in names)
        return replace(self, headers=kept)


def chunks(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), _PIECE):
        piece = body[at : at + _PIECE]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """Sends an answer with one thing wrong. Every method returns whether the connection may live on."""

    near: socket.socket
    stranger: str
    """The address of a server that nobody has to trust."""
    over: threading.Event

    def send(self, kind: Kind, answer: Answer, dice: random.Random, asked: bytes) -> bool:
        if kind in _PLAIN:
            self.near.sendall(_PLAIN[kind](answer, dice).sent())
            return True
        if kind is Kind.ECHO:
            self.near.sendall(echo(asked).sent())
            return True
        if kind in {Kind.REDIRECT, Kind.AROUND}:
            path = asked.split(b" ", 2)[1].decode("latin-1")
            # What a query holds may be a secret, and is the kit's to give away or not.
            there = self.stranger + path.partition("?")[0] if kind is Kind.REDIRECT else path
            where = (("Location", there),)
            status = dice.choice([(302, "Found"), (307, "Temporary Redirect"), (301, "Moved Permanently")])
            self.near.sendall(Answer(*status, where, b"").sent())
            return True
        return self._cut(kind, answer, dice) or self._dragged(kind, answer) or self._lied(kind, answer, dice)

    def _cut(self, kind: Kind, answer: Answer, dice: random.Random) -> bool:
        """End the connection, or fall silent, after none or a part of the answer."""
        head, whole = answer.head(), answer.sent()
        within = kind in {Kind.RESET_WITHIN, Kind.SILENT_WITHIN, Kind.CUT}
        if within:
            self.near.sendall(whole[: len(head) + dice.randint(0, max(0, len(whole) - len(head) - 1))])
        if kind in {Kind.RESET_BEFORE, Kind.RESET_WITHIN}:
            self.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if kind in {Kind.SILENT_BEFORE, Kind.SILENT_WITHIN}:
            self._silent()
        if kind is Kind.GARBAGE:
            self.near.sendall(dice.randbytes(dice.choice([1, 40, 4000])))
        return False

    def _dragged(self, kind: Kind, answer: Answer) -> bool:
        """Send the answer slowly: in a dozen pieces, or byte by byte."""
        whole = answer.sent()
        if kind is Kind.TRICKLE:
            step = len(whole) // 12 + 1
            return all(self._slowly(whole[at : at + step], 0.03) for at in range(0, len(whole), step))
        if kind is Kind.CRAWL:
            self.near.sendall(answer.head())
            return all(self._slowly(bytes([byte]), 0.15) for byte in whole[len(answer.head()) :])
        if kind is Kind.HEAD:
            slow = all(self._slowly(bytes([byte]), 0.15) for byte in whole[:12])
            self.near.sendall(whole[12:])
            return slow
        return False

    def _lied(self, kind: Kind, answer: Answer, dice: random.Random) -> bool:
        """Send the whole body with a wrong end, then close or fall silent."""
        if kind is Kind.TOO_LONG:
            length = len(answer.body) + dice.choice([1, 1000, 1 << 33])
            self.near.sendall(replace(answer, chunked=False).head(length) + answer.body)
        elif kind is Kind.ENDLESS:
            self.near.sendall(replace(answer, chunked=True).head() + b"".join(chunks(answer.body)))
        else:
            return False
        if dice.random() < 0.5:
            self._silent()
        return False

    def _slowly(self, piece: bytes, seconds: float) -> bool:
        self.near.sendall(piece)
        return not self._gone(seconds)

    def _silent(self) -> None:
        """Keep the connection and say no more, until the other side has had enough."""
        while not self._gone(0.1):
            pass

    def _gone(self, seconds: float) -> bool:
        """Wait; whether the other side left in the meantime, or there is no need to go on."""
        readable, _, _ = select.select([self.near], [], [], seconds)
        return self.over.is_set() or (bool(readable) and not self.near.recv(1, socket.MSG_PEEK))


def echo(asked: bytes) -> Answer:
    """Refuse a request, and repeat all of it, its query decoded too, where clients look for a message."""
    text = f"you may not: {asked.decode('latin-1')} {unquote(asked.decode('latin-1'))}"
    shown = json.dumps({"error_code": "PERMISSION_DENIED", "message": text, "error": {"message": text}})
    return Answer(403, "Forbidden", (("Content-Type", "application/json"),), shown.encode())


def _error(status: int, reason: str, after: str = "") -> Callable[[Answer, random.Random], Answer]:
    headers = (("Retry-After", after),) if after else ()
    return lambda _, __: Answer(status, reason, headers, b"")


def _short(answer: Answer, dice: random.Random) -> Answer:
    return replace(answer, body=answer.body[: dice.randint(0, max(0, len(answer.body) - 1))])


def _bit(answer: Answer, dice: random.Random) -> Answer:
    if not answer.body or answer.bodiless:
        return _header_bit(answer, dice)
    at = dice.randrange(len(answer.body))
    flipped = bytes([answer.body[at] ^ (1 << dice.randrange(8))])
    return replace(answer, body=answer.body[:at] + flipped + answer.body[at + 1 :])


def _header_bit(answer: Answer, dice: random.Random) -> Answer:
    """Flip a bit so that the header stays one: what no parser takes is `garbage`."""
    framing = () if answer.chunked or answer.bodiless else (("Content-Length", str(len(answer.body))),)
    headers = [*answer.headers, *framing]
    telling = [at for at, (name, _) in enumerate(headers) if name.lower() in _TELLING or "-hash" in name]
    at = dice.choice(telling or range(len(headers)))
    name, value = headers[at]
    could = [
        value[:place] + chr(ord(old) ^ 1 << bit) + value[place + 1 :]
        for place, old in enumerate(value)
        for bit in range(7)
        if 33 <= ord(old) ^ 1 << bit < 127
    ]
    headers[at] = (name, dice.choice(could or [value]))
    return _Literal(
        answer.status, answer.reason, tuple(headers), answer.body, answer.chunked, answer.bodiless
    )


class _Literal(Answer):
    """An answer whose headers are sent as they are."""

    def head(self, length: int | None = None) -> bytes:
        framing = (("Transfer-Encoding", "chunked"),) if self.chunked else ()
        lines = [f"{name}: {value}" for name, value in (*self.headers, *framing)]
        return "\r\n".join([f"HTTP/1.1 {self.status} {self.reason}", *lines, "", ""]).encode("latin-1")


def _more(answer: Answer, dice: random.Random) -> Answer:
    return replace(answer, body=answer.body + dice.randbytes(dice.choice([1, 100, 70_000])))


def _other(answer: Answer, dice: random.Random) -> Answer:
    return replace(answer, body=dice.randbytes(len(answer.body)))


def _whole(answer: Answer, _: random.Random) -> Answer:
    return replace(answer.without("content-range"), status=200, reason="OK")


def _page(answer: Answer, _: random.Random) -> Answer:
    return Answer(200, "OK", (("Content-Type", "text/html"),), b"" if answer.bodiless else _PAGE)


def _nothing(answer: Answer, _: random.Random) -> Answer:
    return replace(answer, status=200, reason="OK", body=b"", chunked=False)


_PLAIN: dict[Kind, Callable[[Answer, random.Random], Answer]] = {
    Kind.BROKEN: _error(500, "Internal Server Error"),
    Kind.BUSY: _error(503, "Service Unavailable", "1"),
    Kind.TOO_MANY: _error(429, "Too Many Requests", "1"),
    Kind.TOMORROW: _error(429, "Too Many Requests", "86400"),
    Kind.SHORT: _short,
    Kind.BIT: _bit,
    Kind.HEADER_BIT: _header_bit,
    Kind.MORE: _more,
    Kind.OTHER: _other,
    Kind.WHOLE: _whole,
    Kind.NOTHING: _nothing,
    Kind.PAGE: _page,
}
