"""A worker's end: it joins, sends its share as it is told, and says what the way there costs."""

import asyncio
import os
import signal
import socket as sockets
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.errors import InputError, OutsideError, StepError
from ci_steps.model.wire import decoded
from ci_steps.ports import Programs
from ci_steps.steps.load_test.remote.crew import ECHO, LOCUST
from ci_steps.steps.load_test.remote.keys import keys
from ci_steps.steps.load_test.remote.streams import Streams
from ci_steps.steps.load_test.remote.wire import (
    HEARD_WITHIN_SECONDS,
    Kind,
    Message,
    Probed,
    Start,
    go_first,
    hello,
)

_PINGS = 20
_PROBE_EVERY_SECONDS = 0.05
_TELL_EVERY_SECONDS = 1.0
_QUIT_SECONDS = 5.0
_LAST_WORD_SECONDS = 0.2
_PROBE = b"x" * 512


@dataclass(frozen=True, slots=True)
class LoadWorker:
    """One process that sends requests for a `load-test` on another machine."""

    conductor: str
    secret: str
    programs: Programs
    say: Callable[[str], None]
    wait_seconds: float

    def run(self) -> None:
        """Join, send, and return when the load test is over; everything of it is gone then."""
        with tempfile.TemporaryDirectory(prefix="load-worker-") as folder:
            way = _Way(self, Path(folder))
            thread = threading.Thread(target=way.run, name="the way to load-test", daemon=True)
            thread.start()
            try:
                self._sent(way, Path(folder))
            except KeyboardInterrupt:
                if way.trouble is None and not way.over.is_set():
                    raise
            finally:
                way.end()
                thread.join(timeout=10)
            if way.trouble:
                raise way.trouble

    def _sent(self, way: "_Way", folder: Path) -> None:
        from ci_steps.steps.load_test.generator import worker_command, worker_environment

        way.begun.wait()
        if way.start is None:
            return
        self.say("the load test begins")
        try:
            ended = self.programs.run(
                worker_command(way.port_of_locust),
                cwd=folder,
                env=worker_environment(way.order, way.clock, way.name),
                timeout=way.start.seconds,
            )
        finally:
            way.sent.set()
        if not way.over.is_set() and way.trouble is None and ended.code:
            last = " | ".join(ended.output.splitlines()[-3:])
            raise OutsideError(f"Locust ended with exit code {ended.code}: {last}")
        self.say("the load test is over")


class _Way:
    """The connection to the load test, in a thread of its own."""

    def __init__(self, worker: LoadWorker, folder: Path) -> None:
        self._worker, self._folder = worker, folder
        self.name = f"{sockets.gethostname()}-{os.getpid()}"
        self.begun, self.over, self.sent = threading.Event(), threading.Event(), threading.Event()
        self.start: Start | None = None
        self.trouble: StepError | None = None
        self.clock = 0.0
        """How much further this machine's monotonic clock is than the other's, seconds."""
        self.port_of_locust = 0
        self.order = folder
        """What Locust is told to send."""
        self._error = 0.0
        self._main = threading.main_thread().ident
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._heard = 0.0

    def run(self) -> None:
        go_first()
        try:
            asyncio.run(self._joined())
        except asyncio.CancelledError:
            pass
        except StepError as error:
            self.trouble = error
        except OSError as error:
            self.trouble = OutsideError(f"the way to {self._worker.conductor} failed: {error}")
        finally:
            self.begun.set()
            patience = _QUIT_SECONDS if self.over.is_set() else 0
            if self.start is not None and not self.sent.wait(patience) and self._main:
                # Locust, which waits for its conductor for a minute, is at work below the main thread.
                signal.pthread_kill(self._main, signal.SIGINT)

    def end(self) -> None:
        if self._loop and self._task:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _joined(self) -> None:
        import zmq
        import zmq.asyncio

        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        own, other = keys(self._worker.secret, "worker"), keys(self._worker.secret, "conductor")
        context = zmq.asyncio.Context()
        self._socket = socket = context.socket(zmq.DEALER)
        socket.curve_secretkey, socket.curve_publickey = own.private, own.public
        socket.curve_serverkey = other.public
        socket.sndhwm = socket.rcvhwm = 0
        socket.heartbeat_ivl, socket.heartbeat_timeout = 1000, int(HEARD_WITHIN_SECONDS * 1000)
        socket.linger = 1000
        watch = socket.get_monitor_socket()
        self._streams = Streams(self._send)
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._pongs: asyncio.Queue[bytes] = asyncio.Queue()
        tasks = []
        try:
            socket.connect(f"tcp://{self._worker.conductor}")
            works = (self._listened(), self._watched(watch), self._took_part())
            tasks = [asyncio.create_task(work) for work in works]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except zmq.ZMQError as error:
            where = self._worker.conductor
            raise InputError(f"{where} is not an address: {error.strerror}", hint="host:port") from error
        finally:
            self._streams.end_all()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            socket.disable_monitor()
            context.destroy(linger=1000)

    async def _took_part(self) -> None:
        where = self._worker.conductor
        self._worker.say(f"joining the load test at {where}")
        await self._send(Message(Kind.HELLO, msgspec.json.encode(hello(self.name))))
        try:
            await asyncio.wait_for(self._answer(Kind.WELCOME), self._worker.wait_seconds)
        except TimeoutError as error:
            waited = f"no load test answered at {where} within {self._worker.wait_seconds:g} s"
            raise OutsideError(waited, hint="start `load-test` there; see that the port is open") from error
        self._error = await self._clock_read()
        await self._send(Message(Kind.READY))
        self._worker.say(f"joined; the clocks are read to within {self._error * 1000:.2f} ms")
        keeping = asyncio.create_task(self._kept_in_touch())
        try:
            start = decoded((await self._answer(Kind.START)).content, Start, where="what load-test said")
            await self._opened(start)
            self.start = start
            self.begun.set()
            await self._answer(Kind.STOP)
            self.over.set()
        finally:
            keeping.cancel()

    async def _answer(self, wanted: Kind) -> Message:
        while True:
            message = await self._answers.get()
            if message.kind is wanted:
                return message
            if message.kind is Kind.STOP:
                raise OutsideError("the load test ended before it began", hint="see what it says there")
            if message.kind is Kind.REFUSED:
                said = message.content.decode(errors="replace")
                raise InputError(f"{self._worker.conductor} does not take this worker: {said}")

    async def _opened(self, start: Start) -> None:
        """Listen for Locust, on loopback, and write down what it is to send there."""
        ports = [await self._listening(str(side)) for side in range(len(start.order.targets))]
        self.port_of_locust = await self._listening(LOCUST)
        here = tuple(f"http://127.0.0.1:{port}" for port in ports)
        order = msgspec.structs.replace(start.order, targets=here)
        self.order = order.write(self._folder, start.rounds)

    async def _listening(self, where: str) -> int:
        server = await asyncio.start_server(partial(self._streams.accepted, where), "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    async def _listened(self) -> None:
        while True:
            message = Message.of(await self._socket.recv_multipart())
            if message is None:
                continue
            self._heard = time.monotonic()
            if message.kind is Kind.PONG:
                self._pongs.put_nowait(message.content)
            elif message.kind in {Kind.DATA, Kind.END}:
                self._streams.took(message)
            else:
                self._answers.put_nowait(message)

    async def _watched(self, watch: Any) -> None:
        """End where the other end does not know the secret, or is gone."""
        import zmq
        from zmq.utils.monitor import parse_monitor_message

        joined, where = False, self._worker.conductor
        while True:
            event = parse_monitor_message(await watch.recv_multipart())["event"]
            joined = joined or event == zmq.EVENT_HANDSHAKE_SUCCEEDED
            if event in {
                zmq.EVENT_HANDSHAKE_FAILED_AUTH,
                zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
                zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
            }:
                raise InputError(
                    f"{where} answers, and does not know this secret",
                    hint="give both the same CI_STEPS_LOAD_SECRET, and the address that load-test printed",
                )
            if joined and event == zmq.EVENT_DISCONNECTED:
                await asyncio.sleep(_LAST_WORD_SECONDS)  # what was said before may not have been read yet
                raise OutsideError(f"the connection to {where} was lost", hint="run load-test again")

    async def _clock_read(self) -> float:
        """Read the other clock as NTP does, by the quickest of many answers; return its error, seconds."""
        best = min([await self._ping() for _ in range(_PINGS)])
        self.clock = best[1]
        return best[0] / 2

    async def _ping(self) -> tuple[float, float]:
        """Return how long an answer took, and how much further this clock was in the middle of that."""
        before = time.monotonic()
        await self._send(Message(Kind.PING, b"%.9f" % before))
        while True:
            asked, read = (await self._pongs.get()).split()
            if float(asked) == float(b"%.9f" % before):
                break
        after = time.monotonic()
        return after - before, (before + after) / 2 - float(read)

    async def _kept_in_touch(self) -> None:
        """Send small requests along the way of the others, and tell how long they took."""
        port = await self._listening(ECHO)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        taken: list[float] = []
        told, worked, shift = time.monotonic(), time.thread_time(), 0.0
        while True:
            began = time.monotonic()
            writer.write(_PROBE)
            await reader.readexactly(len(_PROBE))
            taken.append(round((time.monotonic() - began) * 1000, 3))
            if (now := time.monotonic()) - told >= _TELL_EVERY_SECONDS:
                took, clock = await self._ping()
                # What the clocks have come apart is shown only as far as the answer was quick.
                shift = max(shift, abs(clock - self.clock) - took / 2 - self._error)
                cpu = (time.thread_time() - worked) / (now - told)
                probed = Probed(ms=tuple(taken), clock_ms=(self._error + shift) * 1000, cpu=cpu)
                await self._send(Message(Kind.PROBED, msgspec.json.encode(probed)))
                taken, told, worked = [], now, time.thread_time()
            await asyncio.sleep(_PROBE_EVERY_SECONDS)

    async def _send(self, message: Message) -> None:
        await self._socket.send_multipart(message.frames)
