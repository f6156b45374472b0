"""A program run to its end in a container of its own: told once, listened to until it ends or is stopped."""

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ci_steps.adapters.uncut import uncut
from ci_steps.ports.containers import Finished

if TYPE_CHECKING:
    from docker import DockerClient

_OUTPUT_BYTES = 64 << 20
_LOG_BYTES = 16 << 10
_STDERR = 2
_NO_PROGRAM = 127
_NOT_THERE = re.compile(r"executable file not found|no such file or directory", re.IGNORECASE)


def finished(
    engine: "DockerClient", created: Mapping[str, Any], program: str, given: bytes, seconds: float
) -> Finished:
    """Create a container of ``created``, run ``program`` in it, and return how it ended; it stays there."""
    api = engine.api
    command = ["-B", "-c", program]
    create = partial(
        api.create_container, **created, entrypoint=["python3"], command=command, stdin_open=True
    )
    container = str(uncut(create)["Id"])
    attached = api.attach_socket(container, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    with closing(attached), closing(_inner(attached)) as wire:
        if why := _start(engine, container):
            return Finished(_NO_PROGRAM, log=why)
        wire.settimeout(None)
        with _ended_after(engine, container, seconds) as late, _told(wire, given):
            output, log, stopped = _heard(attached)
            if stopped:
                _kill(engine, container)
            code = int(api.wait(container)["StatusCode"])
    if late.is_set():
        stopped = f"it did not end within {seconds:g} s"
    return Finished(code, bytes(output), log.decode(errors="replace"), stopped)


def _inner(attached: Any) -> socket.socket:
    """Return what the SDK wraps: only that can say that nothing more will be told."""
    found: socket.socket = getattr(attached, "_sock", attached)
    return found


@contextmanager
def _told(wire: socket.socket, given: bytes) -> Iterator[None]:
    """Tell it everything while it is listened to: one that ends early leaves the rest unread."""

    def tell() -> None:
        with suppress(OSError):
            wire.sendall(given)
            wire.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        with suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        thread.join()


def _start(engine: "DockerClient", container: str) -> str:
    """Start it, and return why not where the image has no such program; other failures are the engine's."""
    from docker.errors import APIError

    try:
        engine.api.start(container)
    except APIError as error:
        why = str(error.explanation or error)
        if _NOT_THERE.search(why):
            return why
        raise
    return ""


def _heard(attached: Any) -> tuple[bytearray, bytearray, str]:
    """Return standard output, the end of standard error, and why no more was listened to."""
    from docker.utils.socket import frames_iter

    output, log = bytearray(), bytearray()
    for stream, block in frames_iter(attached, tty=False):  # type: ignore[no-untyped-call]
        if stream == _STDERR:
            log += block
            del log[:-_LOG_BYTES]
        else:
            output += block
            if len(output) > _OUTPUT_BYTES:
                return output, log, f"it wrote more than {_OUTPUT_BYTES >> 20} MiB"
    return output, log, ""


@contextmanager
def _ended_after(engine: "DockerClient", container: str, seconds: float) -> Iterator[threading.Event]:
    """Kill the container when its time is over, which ends the listening as well; say whether it was."""
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(engine, container)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()


def _kill(engine: "DockerClient", container: str) -> None:
    from docker.errors import APIError

    with suppress(APIError):  # it ended by itself meanwhile
        engine.api.kill(container)
