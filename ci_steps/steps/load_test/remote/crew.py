"""The conductor's end: who may join, what they reach through it, and what they tell of the way there."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ci_steps.errors import InputError, OutsideError, StepError
from ci_steps.model.settings import RemoteWorkers
from ci_steps.model.value import Value
from ci_steps.model.wire import decoded
from ci_steps.steps.load_test.remote.door import Known, echoed
from ci_steps.steps.load_test.remote.keys import keys
from ci_steps.steps.load_test.remote.streams import Streams
from ci_steps.steps.load_test.remote.wire import (
    HEARD_WITHIN_SECONDS,
    Hello,
    Kind,
    Message,
    Probed,
    Start,
    go_first,
    hello,
)

ECHO, LOCUST = "echo", "locust"
_DOMAIN = "load"
_START_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.5


class Way(Value, frozen=True):
    """What one worker told of its way to the containers."""

    name: str
    ms: tuple[float, ...]
    clock_ms: float
    cpu: float


@dataclass(slots=True)
class _Member:
    """One worker that was welcomed."""

    name: str
    streams: Streams
    heard: float
    ready: bool = False
    probed: list[Probed] = field(default_factory=list)


class Crew:
    """The workers that joined. All of it happens in a thread of its own, which :func:`gathered` starts."""

    def __init__(self, remote: RemoteWorkers, secret: str) -> None:
        self._remote, self._secret = remote, secret
        self._members: dict[bytes, _Member] = {}
        self._gone: list[_Member] = []
        self._places: dict[str, tuple[str, int]] = {}
        self._began = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket: Any = None
        self._bound = threading.Event()
        self._over: asyncio.Event | None = None
        self._trouble: Exception | None = None
        self._cpu = 0.0
        self.refused: list[str] = []
        """Why somebody was not let in, each."""

    @property
    def joined(self) -> int:
        return sum(member.ready for member in tuple(self._members.values()))

    @property
    def cpu(self) -> float:
        """The share of a core that this end used since the workers began."""
        return self._cpu

    @property
    def ways(self) -> tuple[Way, ...]:
        """What each worker told of its way, also one that is gone."""
        return tuple(
            Way(
                name=member.name,
                ms=tuple(ms for probed in member.probed for ms in probed.ms),
                clock_ms=max((probed.clock_ms for probed in member.probed), default=0.0),
                cpu=max((probed.cpu for probed in member.probed), default=0.0),
            )
            for member in (*self._members.values(), *self._gone)
        )

    def begin(self, start: Start, targets: Sequence[tuple[str, int]], locust: tuple[str, int]) -> None:
        """Tell everyone what to send. Nobody joins any more, and nothing else can be reached through it."""
        assert self._loop
        asyncio.run_coroutine_threadsafe(self._begin(start, targets, locust), self._loop).result()

    async def _begin(self, start: Start, targets: Sequence[tuple[str, int]], locust: tuple[str, int]) -> None:
        self._places |= {str(number): place for number, place in enumerate(targets)} | {LOCUST: locust}
        self._began = True
        for whom in tuple(self._members):
            await self._send(whom, Message(Kind.START, msgspec.json.encode(start)))

    def run(self) -> None:
        """Listen until :meth:`end`."""
        import zmq

        go_first()
        try:
            asyncio.run(self._listened())
        except (OSError, zmq.ZMQError, StepError) as error:
            self._trouble = error
        finally:
            self._bound.set()

    def end(self) -> None:
        """Send everyone home."""
        if self._loop and self._over:
            with suppress(RuntimeError):  # it ended by itself
                self._loop.call_soon_threadsafe(self._over.set)

    def await_bound(self) -> None:
        """Wait until workers can join."""
        import zmq

        self._bound.wait()
        if isinstance(self._trouble, zmq.ZMQError):
            raise InputError(
                f"{self._remote.listen} cannot be listened on: {self._trouble.strerror}",
                hint="correct load.remote.listen: an address of this machine, with a free port",
            ) from self._trouble
        if self._trouble:
            raise OutsideError(f"waiting for workers failed: {self._trouble}") from self._trouble

    async def _listened(self) -> None:
        import zmq
        import zmq.asyncio
        from zmq.auth.asyncio import AsyncioAuthenticator

        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        context = zmq.asyncio.Context()
        authenticator = AsyncioAuthenticator(context)
        authenticator.start()
        authenticator.configure_curve_callback(_DOMAIN, Known(self._secret))
        self._socket = socket = context.socket(zmq.ROUTER)
        own = keys(self._secret, "conductor")
        socket.curve_secretkey, socket.curve_publickey, socket.curve_server = own.private, own.public, True
        # Without these two, a library whose question who may come in goes unanswered lets everyone in.
        socket.zap_domain, socket.zap_enforce_domain = _DOMAIN.encode(), 1
        socket.router_mandatory, socket.linger = 1, 1000
        socket.sndhwm = socket.rcvhwm = 0  # a router drops what is too much, and a stream must lose nothing
        socket.heartbeat_ivl, socket.heartbeat_timeout = 1000, int(HEARD_WITHIN_SECONDS * 1000)
        failures = socket.get_monitor_socket(_HANDSHAKE_FAILED)
        echo = await asyncio.start_server(echoed, "127.0.0.1", 0)
        self._places[ECHO] = echo.sockets[0].getsockname()[:2]
        tasks = []
        try:
            socket.bind(f"tcp://{self._remote.listen}")
            self._bound.set()
            works = (self._heard(), self._watched(), self._strangers(failures))
            tasks = [asyncio.create_task(work) for work in works]
            ended = asyncio.create_task(self._over.wait())
            done, _ = await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for whom, member in tuple(self._members.items()):
                await self._send(whom, Message(Kind.STOP))
                member.streams.end_all()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            echo.close()
            socket.disable_monitor()
            authenticator.stop()
            context.destroy(linger=1000)

    async def _heard(self) -> None:
        while True:
            whom, *frames = await self._socket.recv_multipart()
            if message := Message.of(frames):
                await self._took(whom, message)

    async def _took(self, whom: bytes, message: Message) -> None:
        member = self._members.get(whom)
        if member is None:
            answer = self._welcomed(whom, message) if message.kind is Kind.HELLO else "it did not say hello"
            kind = Kind.REFUSED if answer else Kind.WELCOME
            await self._send(whom, Message(kind, answer.encode()))
            return
        member.heard = time.monotonic()
        match message.kind:
            case Kind.PING:
                await self._send(whom, Message(Kind.PONG, b"%s %.9f" % (message.content, time.monotonic())))
            case Kind.READY:
                member.ready = True
            case Kind.PROBED:
                if self._began:  # an idle way is no measure
                    with suppress(InputError):
                        member.probed.append(decoded(message.content, Probed, where=member.name))
            case Kind.OPEN:
                await self._opened(whom, member, message)
            case Kind.DATA | Kind.END:
                member.streams.took(message)

    def _welcomed(self, whom: bytes, message: Message) -> str:
        """Let a worker in, or return why not."""
        try:
            said, own = decoded(message.content, Hello, where="a worker's hello"), hello("")
        except InputError as error:
            return str(error)
        answer = ""
        if (said.code, said.locust) != (own.code, own.locust):
            answer = (
                f"it runs other code than load-test does, which has Locust {own.locust}: install the same"
            )
        elif self._began:
            answer = "it came too late: the load test has begun"
        elif len(self._members) >= self._remote.workers:
            answer = f"{self._remote.workers} workers have joined already"
        if answer:
            self.refused.append(f"{said.name}: {answer}")
            return answer
        self._members[whom] = _Member(said.name, Streams(lambda m: self._send(whom, m)), time.monotonic())
        return ""

    async def _opened(self, whom: bytes, member: _Member, message: Message) -> None:
        place = self._places.get(message.content.decode(errors="replace"))
        if place is None:
            await self._send(whom, Message(Kind.END, stream=message.stream))
            return
        patience = _START_SECONDS if message.content == LOCUST.encode() else 0
        member.streams.opened(message.stream, *place, patience)

    async def _send(self, whom: bytes, message: Message) -> None:
        import zmq

        try:
            await self._socket.send_multipart([whom, *message.frames])
        except zmq.ZMQError:
            self._lose(whom)

    def _lose(self, whom: bytes) -> None:
        if member := self._members.pop(whom, None):
            member.streams.end_all()
            if self._began:
                self._gone.append(member)

    async def _watched(self) -> None:
        """Lose whoever is silent, and keep account of what this end costs."""
        worked, at = 0.0, time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            now = time.monotonic()
            for whom, member in tuple(self._members.items()):
                if now - member.heard > HEARD_WITHIN_SECONDS:
                    self._lose(whom)
            if not self._began:
                worked, at = time.thread_time(), now
            else:
                self._cpu = (time.thread_time() - worked) / max(1e-6, now - at)

    async def _strangers(self, failures: Any) -> None:
        from zmq.utils.monitor import parse_monitor_message

        while True:
            parse_monitor_message(await failures.recv_multipart())
            self.refused.append("somebody without the secret")


# Failed: no detail, by protocol, by authentication (zmq.h): named here, as importing zmq takes its time.
_HANDSHAKE_FAILED = 0x0800 | 0x2000 | 0x4000


@contextmanager
def gathered(remote: RemoteWorkers, secret: str) -> Iterator[Crew]:
    """Give a crew that workers can join; when the block ends, all of them are sent home."""
    crew = Crew(remote, secret)
    thread = threading.Thread(target=crew.run, name="load-test workers", daemon=True)
    thread.start()
    try:
        crew.await_bound()
        yield crew
    finally:
        crew.end()
        thread.join(timeout=10)
