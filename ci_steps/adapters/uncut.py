"""Work that Ctrl-C does not cut short."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def uncut(work: Callable[[], T]) -> T:
    """Return what ``work`` returns; where Ctrl-C comes meanwhile, the interrupt is raised when it has ended.

    A request that is cut short while a server makes something leaves nothing to remove yet, and one thing too
    many a moment later.
    """
    with ThreadPoolExecutor(1) as pool:
        # For a thread whose start is cut short the pool does not wait: it starts with nothing to do.
        pool.submit(int).result()
        return pool.submit(work).result()
