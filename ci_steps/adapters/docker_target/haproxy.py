"""HAProxy's two sides: the configuration it starts from, and the admin socket it is steered by.

The switch is one ``set map``. Nothing is ever reloaded: every server that there can be stands in the
configuration with its fixed address, and is only enabled or disabled.
"""

import csv
import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ci_steps.errors import OutsideError

Colour = Literal["blue", "green"]
COLOURS: tuple[Colour, Colour] = ("blue", "green")
SLOTS = 32
"""Replicas that one colour has room for."""
INSIDE = "/run/kit"
"""Where the state folder lies in the proxy's container."""
PORT = 8080
"""What the proxy and every replica listen on, inside."""

_TIMEOUT_SECONDS = 5

# http-server-close: with connections kept open to a replica, a request can meet one that the replica is just
# closing; a new connection on the same host costs a tenth of a millisecond.
# retry-on conn-failure: only what no replica has seen is tried again, so nothing is answered twice.
# timeout connect: the address of a container that died answers nothing at all.
_HEAD = """\
global
    maxconn 4096
    stats socket {inside}/admin.sock mode 600 level admin
defaults
    mode http
    option http-server-close
    option redispatch 1
    retries 3
    retry-on conn-failure
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout queue 10s
    timeout http-request 10s
    timeout http-keep-alive 60s
    balance leastconn
    default-server check inter 500ms fastinter 200ms downinter 200ms fall 3 rise 1 observe layer4 error-limit 3 on-error mark-down
frontend service
    bind :{port}
    use_backend %[str(active),map({inside}/active.map,none)]
backend none
    http-request return status 503 content-type text/plain string "no release serves here" hdr Retry-After 5
"""  # noqa: E501


def configuration(
    addresses: Mapping[tuple[Colour, int], str], enabled: Collection[tuple[Colour, int]]
) -> str:
    """Return what HAProxy starts from: every slot of both colours, the ``enabled`` ones taking requests."""
    lines = [_HEAD.format(inside=INSIDE, port=PORT)]
    for colour in COLOURS:
        lines.append(f"backend {colour}\n    option httpchk GET /health/ready\n")
        for number in range(1, SLOTS + 1):
            off = "" if (colour, number) in enabled else " disabled"
            lines.append(f"    server s{number} {addresses[colour, number]}:{PORT}{off}\n")
    return "".join(lines)


def map_text(active: Colour | None) -> str:
    return f"active {active or 'none'}\n"


@dataclass(frozen=True, slots=True)
class Server:
    """One slot, as HAProxy sees it now."""

    status: str
    check: str
    code: str
    sessions: int

    @property
    def healthy(self) -> bool:
        # After `state ready` a server is "UP 1/3", with the check of its earlier life, until checked anew.
        return self.status == "UP" and self.check == "L7OK"

    @property
    def said(self) -> str:
        """Return what the last check came to: L7STS 503."""
        return f"{self.check} {self.code}".strip() or "nothing"

    @property
    def enabled(self) -> bool:
        return not self.status.startswith("MAINT")


@dataclass(frozen=True, slots=True)
class AdminSocket:
    """The run-time side of a running HAProxy, through its UNIX socket in the state folder."""

    folder: Path

    def active(self) -> Colour | None:
        """Return the colour that takes the requests."""
        rows = [row.split() for row in self._ask(f"show map {INSIDE}/active.map").splitlines() if row]
        name = next((row[2] for row in rows if len(row) > 2 and row[1] == "active"), "none")
        return next((colour for colour in COLOURS if colour == name), None)

    def switch(self, colour: Colour | None) -> None:
        self._tell(f"set map {INSIDE}/active.map active {colour or 'none'}")

    def enable(self, colour: Colour, number: int) -> None:
        self._tell(f"set server {colour}/s{number} state ready")

    def disable(self, colour: Colour, number: int) -> None:
        """Take a slot out at once: no request and no check goes to its address any more."""
        self._tell(f"set server {colour}/s{number} state maint")

    def servers(self) -> dict[tuple[Colour, int], Server]:
        """Return every slot."""
        rows = csv.DictReader(self._ask("show stat").removeprefix("# ").splitlines())
        found: dict[tuple[Colour, int], Server] = {}
        for row in rows:
            colour = next((c for c in COLOURS if c == row["pxname"]), None)
            if colour and row["svname"] not in {"FRONTEND", "BACKEND"}:
                check = row["check_status"].removeprefix("* ")  # a star: a check is under way
                sessions = int(row["scur"] or 0) + int(row["qcur"] or 0)
                server = Server(row["status"], check, row["check_code"], sessions)
                found[colour, int(row["svname"].removeprefix("s"))] = server
        return found

    def answers(self) -> bool:
        try:
            self.active()
        except OutsideError:
            return False
        return True

    def _tell(self, command: str) -> None:
        said = self._ask(command).strip()
        if said:
            raise OutsideError(f"the proxy refused {command!r}: {said.splitlines()[0]}")

    def _ask(self, command: str) -> str:
        path = self.folder / "admin.sock"
        try:
            # Reached through its folder: the name of a UNIX socket may have no more than 107 bytes.
            folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.settimeout(_TIMEOUT_SECONDS)
                    connection.connect(f"/proc/self/fd/{folder}/{path.name}")
                    connection.sendall(f"{command}\n".encode())
                    return b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
            finally:
                os.close(folder)
        except OSError as error:
            raise OutsideError(
                f"the proxy's admin socket {path} does not answer: {error.strerror or error}"
            ) from error
