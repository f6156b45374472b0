"""The life of the process: listen, load, serve, drain, end."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from anyio import to_thread

from serving.answering import Answering
from serving.errors import ModelError, PortError
from serving.logs import log
from serving.service import Phase, Service
from serving.settings import Settings


def listening(port: int) -> socket.socket:
    """Return a socket that listens on every IPv4 address; port 0 lets the system choose."""
    # Named as TCP: on a socket of protocol 0, which socket.create_server makes, asyncio leaves Nagle's
    # algorithm on, and every answer on a kept-alive connection waits 40 ms for the client's delayed ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("0.0.0.0", port))  # noqa: S104  # a container's own network
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortError(f"port {port} cannot be opened: {error.strerror}") from error
    return listener


class Server(uvicorn.Server):
    """uvicorn, which loads its model while it answers health checks, and ends without a lost request."""

    def __init__(
        self, config: uvicorn.Config, service: Service, settings: Settings, load: Callable[[], Answering]
    ) -> None:
        super().__init__(config)
        self.service = service
        self.settings = settings
        self.load = load
        self.exit_code = 0
        self._loading: asyncio.Task[None] | None = None
        self._began = time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then to load."""
        await super().startup(sockets)
        for listener in sockets or []:
            log(logging.INFO, "listening", port=listener.getsockname()[1])
        self._loading = asyncio.create_task(self._load())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is in flight, in `STOP_SECONDS` at most."""
        self.service.phase = Phase.STOPPING
        began = time.monotonic()
        in_flight = self.service.in_flight
        await super().shutdown(sockets)
        if in_flight and time.monotonic() - began >= self.settings.stop_seconds:
            log(logging.ERROR, "requests cut off", after_seconds=self.settings.stop_seconds)
            self.exit_code = 1
        if self._loading and self._loading.done() and not self._loading.cancelled():
            self._loading.result()  # a crash while loading is a crash, told with its traceback
        log(logging.INFO, "stopped", exit_code=self.exit_code)

    async def _load(self) -> None:
        try:
            answering = await to_thread.run_sync(self.load, abandon_on_cancel=True)
        except ModelError as error:
            log(logging.ERROR, "model does not load", reason=str(error))
            self.exit_code = error.exit_code
        else:
            self.service.loaded(answering)
            log(logging.INFO, "ready", seconds=round(time.monotonic() - self._began, 3))
        finally:
            self.should_exit = self.should_exit or self.service.answering is None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop being ready at once, and end after `DRAIN_SECONDS`; a second signal ends the wait.

        The signal is not kept: uvicorn would raise it again at the end, and the exit code would not be ours.
        """
        del frame
        again = self.service.phase is Phase.STOPPING
        self.service.phase = Phase.STOPPING
        if again or not self.settings.drain_seconds:
            self.should_exit = True
            return
        log(logging.INFO, "draining", signal=sig, seconds=self.settings.drain_seconds)
        asyncio.get_running_loop().call_later(self.settings.drain_seconds, self._end)

    def _end(self) -> None:
        self.should_exit = True
