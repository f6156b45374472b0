"""What goes wrong while bytes are moved, before it is known whether trying again helps."""

from urllib.parse import urlsplit


class BrokenError(Exception):
    """One try failed; another may not."""

    def __init__(self, why: str, *, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait
        """Seconds, where the other side said how long."""


class StaleError(BrokenError):
    """A connection that was kept had been closed meanwhile: nothing was answered on it."""


class UnreachableError(BrokenError):
    """Nobody is there."""


class DifferentError(Exception):
    """What is there seems not to be what was named; seen twice in the same way, it is so."""


class DeniedError(Exception):
    """The other side does not let us."""


class StoppedError(Exception):
    """Somebody else failed, or the user wants an end."""


def shown(url: str) -> str:
    """Return scheme, host and port: a path may be long, and a query may hold a signature.

    >>> shown("https://user:word@s3.example.org:9000/x?sig=word")
    'https://s3.example.org:9000'
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
