"""How far an archive is."""

from collections.abc import Callable

from ci_steps.ports import Progress


def telling(progress: Progress, total: int, *, before: int = 0) -> Callable[[int], None]:
    """Return what is told how many bytes came after ``before``; it tells each fiftieth of ``total``."""
    last = -1

    def tell(done: int) -> None:
        nonlocal last
        if total and (before + done) * 50 // total != last:
            last = (before + done) * 50 // total
            progress.advance(before + done, total, "bytes")

    return tell
