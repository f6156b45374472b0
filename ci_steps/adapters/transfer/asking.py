"""Requests of one lane, over connections that it keeps, and where they are redirected to."""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, urljoin

from ci_steps.adapters.transfer.answer import Answer
from ci_steps.adapters.transfer.connection import Connection, Cutter
from ci_steps.adapters.transfer.faults import BrokenError, StaleError, shown
from ci_steps.adapters.transfer.limits import Limits
from ci_steps.adapters.transfer.proxies import Origin
from ci_steps.errors import InputError, OutsideError
from ci_steps.ports import Request

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_ANYWHERE = frozenset({"range", "if-match", "if-range", "accept", "accept-encoding", "user-agent"})
"""What another host may see of a request; all else could be a password."""
_AS_IT_IS = "%/:=&?~#+!$,;'@()*[]"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)([^#]*)")
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f]|[^\x00-\x7f]")


class Asker:
    """One connection a host, used for one request after the other."""

    def __init__(self, variables: Mapping[str, str], limits: Limits, cutter: Cutter) -> None:
        self._variables = variables
        self._limits = limits
        self._cutter = cutter
        self._kept: dict[Origin, Connection] = {}

    def ask(self, request: Request, first: int, last: int, size: int) -> Answer:
        """Send a GET and return the head of its answer, after all redirects."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        if (first, last) != (0, size - 1) and last >= first:
            headers.setdefault("range", f"bytes={first}-{last}")
        headers.setdefault("accept-encoding", "identity")
        headers.setdefault("user-agent", "ci-steps")
        url = request.url
        for _ in range(_MOST_REDIRECTS + 1):
            origin, target = _split(url)
            answer = self._answered(origin, target, headers)
            elsewhere = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not elsewhere:
                return answer
            answer.drained()
            self.release(answer)
            url = urljoin(url, quote(elsewhere, safe=_AS_IT_IS))
            there, _ = _split(url)
            if origin.scheme == "https" and there.scheme == "http":
                raise OutsideError(
                    f"{origin} redirects to {there}, where anybody may read and change what is fetched",
                    hint="give the store's address as one that stays with https",
                )
            if there != origin:
                headers = {name: value for name, value in headers.items() if name in _ANYWHERE}
        raise BrokenError(f"{shown(request.url)} redirects in a circle")

    def release(self, answer: Answer) -> None:
        """Keep the connection of an answer that was read to its end; close any other."""
        if not answer.released():
            self._forget(answer.connection)

    def drop(self) -> None:
        """Close all connections, so that what is asked next goes over another one."""
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()

    def _answered(self, origin: Origin, target: str, headers: Mapping[str, str]) -> Answer:
        connection = self._kept.get(origin)
        if connection is not None:
            try:
                return self._on(connection, target, headers)
            except StaleError:  # closed by the other side while nobody looked; it has answered nothing
                pass
        connection = Connection.to(origin, self._variables, self._limits, self._cutter)
        self._kept[origin] = connection
        return self._on(connection, target, headers)

    def _on(self, connection: Connection, target: str, headers: Mapping[str, str]) -> Answer:
        try:
            connection.send(_message(connection, target, headers))
            return Answer.on(connection)
        except BaseException:
            self._forget(connection)
            raise

    def _forget(self, connection: Connection) -> None:
        connection.close()
        if self._kept.get(connection.origin) is connection:
            del self._kept[connection.origin]


def _split(url: str) -> tuple[Origin, str]:
    """Return whom to ask, and for what."""
    found = _URL.match(url)
    try:
        origin = _origin(found[1] if found else "")
    except ValueError:
        raise BrokenError("it leads to an address that is neither http nor https") from None
    target = found[2] if found else ""
    return origin, target if target.startswith("/") else f"/{target}"


@lru_cache(maxsize=64)
def _origin(place: str) -> Origin:
    return Origin.of(place)


def _message(connection: Connection, target: str, headers: Mapping[str, str]) -> bytes:
    if _UNSENDABLE.search(target) or any("\n" in value or "\r" in value for value in headers.values()):
        raise InputError(f"a request to {connection.origin} has characters in it that cannot be sent")
    proxy = connection.proxy
    lines = [f"GET {f'http://{connection.origin.netloc}' if proxy else ''}{target} HTTP/1.1"]
    lines.append(f"Host: {connection.origin.netloc}")
    if proxy and proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    lines += [f"{name}: {value}" for name, value in headers.items() if name != "host"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
