from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ci_steps.model.value import Value


class Ended(Value, frozen=True):
    """How a program ended. ``timed_out``: it was stopped, with all its children, after its time."""

    code: int
    output: str
    timed_out: bool = False


class Programs(Protocol):
    """Other programs, run as children of this one; they end when it does."""

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float,
        on_line: Callable[[str], None] = lambda _: None,
        stdin: str = "",
    ) -> Ended:
        """Run ``command`` to its end and return what it wrote; one that is not there is an outside error.

        ``env`` is added to a minimal environment (PATH, HOME, locale, proxies): nothing of the caller's
        secrets is passed on unless named. ``stdin`` is what the program is told; it hears nothing else.
        """
