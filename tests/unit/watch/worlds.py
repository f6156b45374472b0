"""A place for models, a CI and a store in memory, and a clock that is moved by waiting."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from ci_steps.errors import StepError
from ci_steps.ports import Blobs
from ci_steps.ports.triggers import Build, Trigger
from ci_steps.watch import Beats, Claims, Happening, Journal, Settled, Watch
from ci_steps.watch.looking import There
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.triggers import MemoryTrigger


class EnoughError(Exception):
    """The test has seen what it waited for."""


@dataclass
class World:
    """What all watchers of a test share."""

    model: str = "m:1"
    broken: StepError | None = None
    trigger: MemoryTrigger = field(default_factory=MemoryTrigger)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    now: float = 1000.0
    looks: list[float] = field(default_factory=list)
    """When somebody looked."""

    def look(self) -> There:
        self.looks.append(self.now)
        if self.broken:
            raise self.broken
        return There(f"{self.model.encode().hex():0>64}", self.model)

    def watcher(
        self,
        name: str = "one",
        *,
        trigger: Trigger | None = None,
        blobs: Blobs | None = None,
        from_now: bool = False,
        retry: bool = False,
        settle: float = 0,
        every: float = 60,
    ) -> "Watcher":
        watcher = Watcher(self, name, trigger or self.trigger, blobs or self.blobs, from_now, settle, every)
        watcher.watch.retry = retry
        return watcher


class Watcher:
    """One run of a watcher; what happens while it waits is up to the test."""

    def __init__(
        self,
        world: World,
        name: str,
        trigger: Trigger,
        blobs: Blobs,
        from_now: bool,
        settle: float,
        every: float,
    ) -> None:
        self.world, self.said, self.rung = world, list[Happening](), False
        self._until: Callable[[], bool] = lambda: False
        self._meanwhile: Callable[[], None] = lambda: None
        journal = Journal.of(blobs, "a model", trigger.place)
        clock = lambda: world.now  # noqa: E731
        self.watch = Watch(
            what="a model",
            settled=Settled(world.look, settle, clock),
            journal=journal,
            claims=Claims(
                journal=journal,
                trigger=trigger,
                beats=Beats(blobs, journal.prefix, 20, clock=clock),
                environment="",
                by=name,
                every=5,
                tell=self.said.append,
                clock=clock,
            ),
            wait=self._wait,
            tell=self.said.append,
            every=every,
            from_now=from_now,
            clock=clock,
        )

    @property
    def events(self) -> list[str]:
        return [happening.event for happening in self.said]

    @property
    def texts(self) -> list[str]:
        return [happening.text for happening in self.said]

    def once(self) -> tuple[Build, ...]:
        return self.watch.run(once=True)

    def run(self, until: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> "Watcher":
        """Run it until something is so, and end it as Ctrl-C does."""
        self._until, self._meanwhile = until, meanwhile
        with suppress(EnoughError):
            self.watch.run()
        return self

    def turn(self) -> None:
        """Let it do what is due, as one that may be killed any time after."""
        self.watch._turn(once=False)

    def _wait(self, seconds: float) -> bool:
        self._meanwhile()
        if self._until():
            raise EnoughError
        if self.world.now > 1_000_000:
            raise AssertionError(f"it waits in vain; it said {self.texts}")
        if self.rung:
            self.rung = False
            self.world.now += 0.001
            return True
        self.world.now += max(seconds, 0.001)
        return False
