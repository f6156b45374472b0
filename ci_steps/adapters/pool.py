"""Work side by side that ends with whoever began it, also by Ctrl-C."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Pool(ThreadPoolExecutor):
    """Threads, all of which have ended when the block does.

    Python's own forgets a thread when Ctrl-C comes while it is started, and goes through all that still
    waits for its turn before it lets an error pass.
    """

    def submit(self, work: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> Future[T]:
        with _held():
            return super().submit(work, *args, **named)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown(wait=True, cancel_futures=error is not None)


@contextmanager
def _held() -> Iterator[None]:
    """Let a request to end wait for the end of the block. Only the main thread hears of any."""
    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            for which in (signal.SIGINT, signal.SIGTERM):
                stack.enter_context(_held_back(which))
        yield


@contextmanager
def _held_back(which: signal.Signals) -> Iterator[None]:
    usual, came = signal.getsignal(which), False

    def note(*_: object) -> None:
        nonlocal came
        came = True

    if not callable(usual):  # nothing of Python's would run: there is nothing to hold back
        yield
        return
    try:
        signal.signal(which, note)
        yield
    finally:
        signal.signal(which, usual)
        if came:
            signal.raise_signal(which)
