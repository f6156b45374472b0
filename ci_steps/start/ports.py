"""Ports for a service to be reached at."""

import socket
from collections.abc import Iterable

from ci_steps.errors import OutsideError

_TRIED = range(8080, 8180)


def free_ports(count: int, tried: Iterable[int] = _TRIED) -> tuple[int, ...]:
    """Return the first ports of loopback that nobody listens on."""
    free: list[int] = []
    for port in tried:
        if len(free) == count:
            break
        with socket.socket() as probe:
            # As a server binds: a port whose last connections only linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            free.append(port)
    if len(free) < count:
        raise OutsideError(
            f"fewer than {count} ports from {_TRIED.start} to {_TRIED.stop - 1} are free",
            hint="stop what listens there",
        )
    return tuple(free)
