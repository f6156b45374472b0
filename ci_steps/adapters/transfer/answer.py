"""What a server answers: its head, and its body as far as the head says that it goes."""

from datetime import UTC, datetime
from typing import NamedTuple, Self

from ci_steps.adapters.transfer.connection import Connection
from ci_steps.adapters.transfer.faults import BrokenError

_BODYLESS = (204, 304)


class Span(NamedTuple):
    """What `Content-Range` says; a total of None is not known."""

    first: int
    last: int
    total: int | None


class Answer:
    """An answer whose body is read into the caller's buffer, exactly as long as was announced."""

    def __init__(self, connection: Connection, status: int, headers: dict[str, str], *, keeps: bool) -> None:
        self.connection = connection
        self.status = status
        self.headers = headers
        self._keeps = keeps
        self._chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        self.length = None if self._chunked else self._number("content-length")
        self._left = 0 if status in _BODYLESS else (0 if self._chunked else self.length)
        """Of the body, or of a chunk of it; None: up to the end of the connection."""
        self._ended = status in _BODYLESS or self.length == 0

    @classmethod
    def on(cls, connection: Connection) -> Self:
        """Read the head of an answer."""
        status = 100
        while 100 <= status < 200:
            lines = connection.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            version, _, rest = lines[0].partition(" ")
            if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
                raise BrokenError(f"{connection.origin} does not speak HTTP")
            status = int(rest[:3])
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            if name == "content-length" and headers.get(name, value) != value:
                raise BrokenError(f"{connection.origin} says two lengths")
            headers[name] = value
        wants_end = "close" in headers.get("connection", "").lower()
        keeps = not wants_end and (
            version == "HTTP/1.1" or "keep-alive" in headers.get("connection", "").lower()
        )
        connection.is_used = True
        return cls(connection, status, headers, keeps=keeps)

    def into(self, view: memoryview) -> int:
        """Read some of the body; none when it has ended as it should, else it broke off."""
        if self._ended or (self._chunked and not self._left and not self._next_chunk()):
            return 0
        left = self._left
        count = self.connection.into(view if left is None else view[:left])
        if left is None:
            self._ended = not count
        elif not count:
            raise BrokenError(f"{self.connection.origin} broke off")
        else:
            self._left = left - count
            if self._chunked and not self._left:
                self.connection.until(b"\r\n")
            self._ended = not self._chunked and not self._left
        return count

    def released(self) -> bool:
        """Whether the connection can be asked again; else it is closed."""
        if self._ended and self._keeps and (self._chunked or self.length is not None or self._left == 0):
            return True
        self.connection.close()
        return False

    def drained(self, most: int = 64 << 10) -> None:
        """Read a short body that nobody wants, to keep the connection."""
        view = memoryview(bytearray(8192))
        while most > 0 and (count := self.into(view)):
            most -= count

    @property
    def span(self) -> Span | None:
        """Return what part of the whole the body is; None where that is not said."""
        kind, _, rest = self.headers.get("content-range", "").partition(" ")
        spanned, _, total = rest.strip().partition("/")
        first, _, last = spanned.partition("-")
        if kind.lower() != "bytes" or not (first.isdigit() and last.isdigit()):
            return None
        return Span(int(first), int(last), int(total) if total.isdigit() else None)

    @property
    def wait(self) -> float | None:
        """Return the seconds of `Retry-After`; None where there is none that can be read."""
        text = self.headers.get("retry-after", "")
        if text.isdigit():
            return float(text)
        from email.utils import parsedate_to_datetime

        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())

    def _number(self, name: str) -> int | None:
        text = self.headers.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise BrokenError(f"{self.connection.origin} says a length that is no number")
        return int(text)

    def _next_chunk(self) -> bool:
        """Read the head of a chunk; false where it was the last one."""
        size = self.connection.until(b"\r\n").split(b";")[0].strip()
        try:
            self._left = int(size, 16)
        except ValueError:
            raise BrokenError(f"{self.connection.origin} broke off") from None
        if self._left:
            return True
        while self.connection.until(b"\r\n"):
            pass
        self._ended = True
        return False
