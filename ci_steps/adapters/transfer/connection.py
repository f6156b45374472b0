"""Connections over which HTTP/1.1 is spoken, with a limit on silence; all can be cut at once."""

import socket
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Self

from ci_steps.adapters.transfer.faults import BrokenError, StaleError, StoppedError, UnreachableError
from ci_steps.adapters.transfer.limits import Limits
from ci_steps.adapters.transfer.proxies import Origin, Proxy, proxy_for
from ci_steps.errors import OutsideError

if TYPE_CHECKING:
    import ssl

_AT_ONCE = 16 << 10
_LONGEST_HEAD = 64 << 10


class Cutter:
    """Every open socket of a fetch, so that Ctrl-C or the first failure ends all of them at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._cut = threading.Event()

    def check(self) -> None:
        if self._cut.is_set():
            raise StoppedError

    def pause(self, seconds: float) -> None:
        if self._cut.wait(seconds):
            raise StoppedError

    def opened(self, one: socket.socket) -> None:
        with self._lock:
            self._open.add(one)
        if self._cut.is_set():
            self.close(one)
            raise StoppedError

    def close(self, one: socket.socket) -> None:
        with self._lock:
            self._open.discard(one)
        one.close()

    def cut(self) -> None:
        self._cut.set()
        with self._lock:
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class Connection:
    """One socket, with what was read of it too early."""

    def __init__(
        self,
        opened: socket.socket,
        cutter: Cutter,
        origin: Origin,
        proxy: Proxy | None,
        *,
        seconds: float,
    ) -> None:
        self._socket = opened
        self._seconds = seconds
        # The kernel fills a whole buffer before it wakes us: each waking costs a turn of Python's lock.
        self._flags = socket.MSG_WAITALL if type(opened) is socket.socket else 0
        self._cutter = cutter
        self._ahead = b""
        self.origin = origin
        self.proxy = proxy if origin.scheme == "http" else None
        """The proxy that reads our requests; what goes through a tunnel it does not."""
        self.is_used = False
        """Whether it was answered on before."""

    @classmethod
    def to(cls, origin: Origin, variables: Mapping[str, str], limits: Limits, cutter: Cutter) -> Self:
        proxy = proxy_for(origin, variables)
        there = proxy.origin if proxy else origin
        plain, seconds = _connected(there, limits.connect_seconds, cutter), limits.stall_seconds
        if origin.scheme == "http":
            _wait_in_the_kernel(plain, seconds)
            return cls(plain, cutter, origin, proxy, seconds=seconds)
        plain.settimeout(seconds)
        try:
            if proxy:
                cls(plain, cutter, origin, None, seconds=seconds).tunnel_through(proxy)
            secured = _wrapped(plain, origin)
        except BaseException:
            cutter.close(plain)
            raise
        cutter.close(plain)
        cutter.opened(secured)
        return cls(secured, cutter, origin, None, seconds=seconds)

    def send(self, message: bytes) -> None:
        try:
            self._socket.sendall(message)
        except OSError as error:
            raise self._broken(error, nothing=True) from error

    def into(self, view: memoryview) -> int:
        """Read some bytes; none at the end."""
        if self._ahead:
            count = min(len(self._ahead), len(view))
            view[:count] = self._ahead[:count]
            self._ahead = self._ahead[count:]
            return count
        try:
            count = self._socket.recv_into(view, 0, self._flags)
        except OSError as error:
            raise self._broken(error) from error
        self._cutter.check()
        return count

    def until(self, end: bytes, *, most: int = _LONGEST_HEAD) -> bytes:
        """Read up to ``end``, which is not returned."""
        found, at, late = self._ahead, 0, 0.0
        while (place := found.find(end, max(0, at - len(end)))) < 0:
            at = len(found)
            try:
                block = self._socket.recv(_AT_ONCE)
            except OSError as error:
                raise self._broken(error, nothing=not found) from error
            self._cutter.check()
            if not block:
                raise self._broken(None, nothing=not found)
            # Each byte may come just before we give up: together they may not.
            late = late or time.monotonic() + self._seconds
            if time.monotonic() > late:
                raise BrokenError(f"{self.origin} sends its answer byte by byte")
            found += block
            if len(found) > most and end not in found:
                raise BrokenError(f"{self.origin} does not speak HTTP")
        self._ahead = found[place + len(end) :]
        return found[:place]

    def close(self) -> None:
        with suppress(OSError):
            self._cutter.close(self._socket)

    def tunnel_through(self, proxy: Proxy) -> None:
        origin = self.origin
        login = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
        there = f"{origin.host}:{origin.port}" if ":" not in origin.host else f"[{origin.host}]:{origin.port}"
        self.send(f"CONNECT {there} HTTP/1.1\r\nHost: {there}\r\n{login}\r\n".encode())
        status = self.until(b"\r\n\r\n").split(b" ", 2)
        if len(status) < 2 or status[1] != b"200":
            code = status[1][:3].decode("ascii", "replace") if len(status) > 1 else "nothing"
            raise BrokenError(f"the proxy {proxy.origin} lets nobody through to {origin}: {code}")

    def _broken(self, error: OSError | None, *, nothing: bool = False) -> BrokenError:
        self._cutter.check()
        if isinstance(error, TimeoutError | BlockingIOError):
            return BrokenError(f"{self.origin} fell silent")
        kind = StaleError if nothing and self.is_used else BrokenError
        return kind(f"{self.origin} broke off")


def _connected(there: Origin, seconds: float, cutter: Cutter) -> socket.socket:
    """Connect to the first address that answers; each can be cut off while it is waited for."""
    broken = UnreachableError(f"{there} does not answer")
    try:
        # Python loads its tables of international names for any text, but not for bytes.
        host = there.host.encode() if there.host.isascii() else there.host
        found = socket.getaddrinfo(host, there.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError(f"{there} is not known by that name here") from error
    for family, kind, protocol, _, address in found:
        cutter.check()
        one = socket.socket(family, kind, protocol)
        cutter.opened(one)
        try:
            one.settimeout(seconds)
            one.connect(address)
            cutter.check()
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except StoppedError:
            cutter.close(one)
            raise
        except OSError as error:
            cutter.close(one)
            cutter.check()
            late = " in time" if isinstance(error, TimeoutError) else ""
            broken = UnreachableError(f"{there} does not answer{late}")
        else:
            return one
    raise broken


def _wait_in_the_kernel(plain: socket.socket, seconds: float) -> None:
    """Let the kernel keep the time: Python's own limit asks before each read whether there is something."""
    plain.settimeout(None)
    limit = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        plain.setsockopt(socket.SOL_SOCKET, option, limit)


def _wrapped(plain: socket.socket, origin: Origin) -> "ssl.SSLSocket":
    import ssl

    try:
        return _context().wrap_socket(plain, server_hostname=origin.host)
    except ssl.SSLCertVerificationError as error:
        raise OutsideError(
            f"{origin} has no certificate that this machine trusts: {error.verify_message}",
            hint="name the authority's certificate in SSL_CERT_FILE",
        ) from error
    except OSError as error:
        raise BrokenError(f"{origin} broke off while TLS was begun") from error


@cache
def _context() -> "ssl.SSLContext":
    """Trust what the machine trusts and, as all the clients of sources do, Mozilla's list."""
    import ssl

    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
