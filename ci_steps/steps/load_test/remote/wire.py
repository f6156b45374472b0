"""What the two ends say to each other."""

import os
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from ci_steps.model.value import Value
from ci_steps.model.wire import Wire
from ci_steps.steps.load_test import sending
from ci_steps.steps.load_test.arrivals import Round
from ci_steps.steps.load_test.sending.order import Order

HEARD_WITHIN_SECONDS = 5.0
"""An end that is silent for longer is gone."""


class Kind(Enum):
    """What a message is; OPEN, DATA and END belong to a stream."""

    HELLO = b"hello"
    WELCOME = b"welcome"
    REFUSED = b"refused"
    PING = b"ping"
    PONG = b"pong"
    READY = b"ready"
    START = b"start"
    PROBED = b"probed"
    STOP = b"stop"
    OPEN = b"open"
    DATA = b"data"
    END = b"end"


class Message(Value, frozen=True):
    """One message; ``stream`` is 0 where it belongs to none."""

    kind: Kind
    content: bytes = b""
    stream: int = 0

    @property
    def frames(self) -> list[bytes]:
        return [self.kind.value, self.stream.to_bytes(4, "big"), self.content]

    @classmethod
    def of(cls, frames: Sequence[bytes]) -> "Message | None":
        """Return what was said; None where it is no message of ours."""
        if len(frames) != 3 or len(frames[1]) != 4:
            return None
        try:
            return cls(Kind(frames[0]), frames[2], int.from_bytes(frames[1], "big"))
        except ValueError:
            return None


class Hello(Wire, frozen=True, kw_only=True):
    """Who wants to join. Both ends must run the same code: they measure one thing together."""

    name: Annotated[str, Meta(description="machine and process", max_length=200)]
    code: Annotated[str, Meta(description="digest of what sends")]
    locust: Annotated[str, Meta(description="Locust's version")]


class Start(Wire, frozen=True, kw_only=True):
    """What a worker is to send, and for how long at most."""

    order: Annotated[Order, Meta(description="whom to ask what; a worker has addresses of its own for them")]
    rounds: Annotated[tuple[Round, ...], Meta(description="the planned moments of all")]
    seconds: Annotated[float, Meta(description="all is over by then")]


class Probed(Wire, frozen=True, kw_only=True):
    """What a worker found out about the way to the containers, since it last said so."""

    ms: Annotated[tuple[float, ...], Meta(description="how long small requests took there and back, ms")] = ()
    clock_ms: Annotated[float, Meta(description="how far its clock may be off, ms", ge=0)] = 0
    cpu: Annotated[float, Meta(description="share of a core that its end of the way used", ge=0)] = 0


def go_first() -> None:
    """Have this thread go first where it may: it is part of the clock that the service is measured by."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)


def hello(name: str) -> Hello:
    files = sorted(Path(sending.__file__).parent.glob("*.py"))
    code = sha256(b"".join(file.read_bytes() for file in files))
    return Hello(name=name, code=code.hexdigest(), locust=version("locust"))
