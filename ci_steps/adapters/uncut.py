"""Work that Ctrl-C does not cut short."""

from collections.abc import Callable
from typing import TypeVar

from ci_steps.adapters.pool import Pool

T = TypeVar("T")


def uncut(work: Callable[[], T]) -> T:
    """Return what ``work`` returns; where Ctrl-C comes meanwhile, the interrupt is raised when it has ended.

    A request that is cut short while a server makes something leaves nothing to remove yet, and one thing too
    many a moment later.
    """
    with Pool(1) as pool:
        return pool.submit(work).result()
