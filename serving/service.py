"""The state that the server's parts share: how far it is, the model once loaded, and what is in flight."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from anyio import CapacityLimiter, to_thread

from serving.answering import Answered, Answering


class Phase(Enum):
    """How far a server is; it only ever moves forward."""

    LOADING = "the model is being loaded"
    READY = "ready"
    STOPPING = "stopping"


class OverloadError(Exception):
    """No answer now, perhaps later; the message says why."""


@dataclass(slots=True)
class Service:
    """One model and the threads it answers in.

    Always in a thread, never inline: the hop costs 0.1 ms, and a slow predictor then cannot keep the
    health checks from being answered.
    """

    threads: int
    max_waiting: int
    phase: Phase = Phase.LOADING
    answering: Answering | None = None
    in_flight: int = 0
    _limiter: CapacityLimiter | None = field(default=None, repr=False)

    def loaded(self, answering: Answering) -> None:
        """Take ``answering`` into service, unless the server was told to stop meanwhile."""
        self.answering = answering
        if self.phase is Phase.LOADING:
            self.phase = Phase.READY

    async def answer(self, body: bytes) -> Answered:
        """Return the answers to ``body``; OverloadError at once if there is no model yet or too many wait."""
        if self.answering is None:
            raise OverloadError(Phase.LOADING.value)
        if self.in_flight >= self.max_waiting + self.threads:
            raise OverloadError(
                f"{self.in_flight} requests are being answered or wait, which is as many as may"
            )
        if self._limiter is None:  # can only be made inside an event loop
            self._limiter = CapacityLimiter(self.threads)
        self.in_flight += 1
        try:
            # Abandoned at the end of the grace time: a predictor that hangs keeps no server from ending.
            return await to_thread.run_sync(
                self.answering.answer, body, limiter=self._limiter, abandon_on_cancel=True
            )
        finally:
            self.in_flight -= 1
