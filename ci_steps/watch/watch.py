"""The loop of a watcher."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ci_steps.errors import InputError, OutsideError, StepError
from ci_steps.ports.triggers import Build
from ci_steps.watch.beats import uptime
from ci_steps.watch.claims import Claims
from ci_steps.watch.entries import Ended
from ci_steps.watch.happening import Happening, Tell
from ci_steps.watch.journal import Journal, now
from ci_steps.watch.looking import Settled, There

_BREATH = 1.0
"""Seconds between two looks that somebody asks for: a bell is rung for nothing, or a hundred times."""
_SLOWEST = 300.0
_SWEEP = 60.0


@dataclass(slots=True)
class Watch:
    """Looks every few seconds, or when told to, and sees to it that each new model is built once."""

    what: str
    settled: Settled
    journal: Journal
    claims: Claims
    wait: Callable[[float], bool]
    """Wait for some seconds, or less where somebody says that there may be something new: then true."""
    tell: Tell
    every: float
    from_now: bool = False
    retry: bool = False
    """Build once more what is there and failed."""
    clock: Callable[[], float] = uptime
    _last: There | None = field(default=None, init=False)
    _look_at: float = field(default=0.0, init=False)
    _looked: float = field(default=-_BREATH, init=False)
    _sweep_at: float = field(default=0.0, init=False)
    _failures: int = field(default=0, init=False)
    _complaint: str = field(default="", init=False)

    def run(self, *, once: bool = False) -> tuple[Build, ...]:
        """Watch until somebody ends it; ``once``: until what is there now is built, and return that."""
        with self.claims.beats.held():
            self._check(once=once)
            while True:
                self._turn(once=once)
                if once and self._last and self.claims.due is None:
                    return tuple(self.claims.ended)
                if self.wait(self._next - self.clock()):
                    self._look_at = min(self._look_at, max(self.clock(), self._looked + _BREATH))

    def _check(self, *, once: bool) -> None:
        """Fail at once where nothing could be triggered ever, not when the first model comes at night."""
        try:
            self.claims.trigger.mark()
        except OutsideError as error:
            if once:
                raise
            self._complain(error)

    def _turn(self, *, once: bool) -> None:
        try:
            if self.clock() >= self._sweep_at:
                self.claims.resume()
                self._sweep_at = self.clock() + _SWEEP
            if self.clock() >= self._look_at:
                self._look()
            self.claims.look_at_others(once=once)
        except StepError as error:
            # A wrong name is told at once; of one that was right before, an alias may be moving.
            if once or (self._last is None and isinstance(error, InputError)):
                raise
            self._failures += 1
            wait = min(self.every * 2 ** min(self._failures, 16), max(self.every, _SLOWEST))
            self._look_at = self._sweep_at = self.clock() + wait
            self._complain(error)
        self.claims.step()

    def _look(self) -> None:
        self._looked = self.clock()
        there, left = self.settled.there()
        self._look_at = self._looked + (min(self.every, left) if left else self.every)
        if self._failures:
            self._failures, self._complaint = 0, ""
            self.tell(Happening("answers", f"{self.what} answers again"))
        if left or there == self._last:
            return
        if self.from_now and not self.journal.begun:
            self._pass_over(there)
        self.journal.begin(self.what, self.claims.trigger.place)
        self.claims.consider(self.journal.retried(there.key) if self.retry else there.key, there.model)
        self._last = there

    def _pass_over(self, there: There) -> None:
        ended = Ended(at=now(), owner=self.claims.beats.owner, model=there.model, build=None)
        self.journal.end(there.key, ended)
        self.tell(Happening("passed-over", f"{there.model} is there already: not triggered", there.model))

    @property
    def _next(self) -> float:
        return min(self._look_at, self._sweep_at, *([self.claims.due] if self.claims.due else []))

    def _complain(self, error: StepError) -> None:
        if str(error) != self._complaint:
            self._complaint = str(error)
            self.tell(Happening("failed", f"{error}; trying again"))
