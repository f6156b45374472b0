from typing import Protocol

from ci_steps.model.release import Observed, Release


class Target(Protocol):
    """A platform that serves one service in one environment."""

    def observe(self) -> Observed:
        """Return what really runs, read from the platform, and what the live address answers."""

    def apply(self, wanted: Release | None) -> None:
        """Make ``wanted`` serve, or nothing where it is None; running it again changes nothing.

        What serves goes on until ``wanted`` is healthy, and is then left warm: until :meth:`retire` the way
        back takes no start. A release that will not serve raises :class:`NotServingError` with the reason,
        what served before still serving.
        """

    def retire(self) -> None:
        """Stop whatever runs and does not serve, once its requests have ended; again changes nothing."""
