"""What one watcher does for the models that it claimed: have each built once, and follow the build."""

from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from ci_steps.errors import OutsideError
from ci_steps.model.value import Value
from ci_steps.ports.triggers import Asked, Build, BusyError, Trigger
from ci_steps.watch.beats import Beats
from ci_steps.watch.entries import Asking, Claimed, Ended, Entry, Known, Triggered
from ci_steps.watch.happening import Happening, Tell
from ci_steps.watch.journal import Journal, now
from ci_steps.watch.wording import changed, ending, past

_SLOWEST = 60.0
_AT_MOST = 48 * 3600.0
"""A build may wait a day for somebody's approval; what nobody saw end after two is let go."""


@dataclass(slots=True)
class Claim:
    """One model that this watcher sees to."""

    key: str
    asked: Asked
    count: int
    """The number of its entries, the last of which it goes by."""
    begun: float
    tried: bool = False
    """Whether the build may have been asked for."""
    build: Build | None = None
    due: float = 0.0
    failures: int = 0
    complaint: str = ""


class Other(Value, frozen=True):
    """A model that another watcher sees to."""

    model: str
    claim: Claimed


@dataclass(slots=True)
class Claims:
    """The models that are being seen to, by this watcher and by others."""

    journal: Journal
    trigger: Trigger
    beats: Beats
    environment: str
    by: str
    every: float
    tell: Tell
    clock: Callable[[], float]
    held: dict[str, Claim] = field(default_factory=dict)
    others: dict[str, Other] = field(default_factory=dict)
    ended: list[Build] = field(default_factory=list)

    def consider(self, key: str, model: str) -> None:
        """Claim a model that nobody has; of one that another has, wait and see."""
        if key in self.held or key in self.others:
            return
        if ended := self.journal.ended(key):
            if model:
                self._tell("known", f"{model} {past(ended)}", model)
            return
        known = self.journal.known(key)
        if known.claim is None:
            self._tell("new", f"new: {model}", model)
            self._take(key, model, known)
        elif known.claim.owner == self.beats.owner:
            self._hold(key, known.claim.model, known)  # our own entry, whose answer was lost
        else:
            self.others[key] = Other(known.claim.model, known.claim)

    def resume(self) -> None:
        """Look for models that were begun and never ended."""
        for key in self.journal.open():
            if key not in self.held and key not in self.others:
                self.consider(key, "")

    def look_at_others(self, *, once: bool) -> None:
        """Take over what a watcher left that gives no sign of life any more."""
        for key, other in list(self.others.items()):
            if self.journal.ended(key):
                del self.others[key]
                continue
            silent = self.beats.silent(other.claim.owner, other.claim.lease)
            if silent is None:
                continue
            if silent:
                del self.others[key]
                self._take_over(key, other)
            elif once:
                del self.others[key]
                self._tell("left", f"{other.model} is seen to by {other.claim.by}", other.model)

    def step(self) -> None:
        """Go on with every claim that is due."""
        for claim in list(self.held.values()):
            if self.clock() < claim.due:
                continue
            following = claim.build is not None
            try:
                self._follow(claim) if following else self._start(claim)
            except OutsideError as error:
                self._failed(claim, error)
            else:
                claim.failures, claim.due = 0, self.clock() + self.every * following

    @property
    def due(self) -> float | None:
        """When something is to be done next; None: nothing is waited for."""
        dues = [claim.due for claim in self.held.values()]
        if self.others:
            dues.append(self.clock() + min(other.claim.lease for other in self.others.values()) / 4)
        return min(dues, default=None)

    def _take(self, key: str, model: str, known: Known) -> None:
        self.beats.begin()
        claim = Claimed(at=now(), owner=self.beats.owner, by=self.by, model=model, lease=self.beats.lease)
        if self.journal.add(key, known.count, claim):
            self._hold(key, model, replace(known, count=known.count + 1, claim=claim))
        else:
            self.consider(key, model)

    def _take_over(self, key: str, other: Other) -> None:
        known = self.journal.known(key)
        if known.claim and known.claim.owner != other.claim.owner:
            self.others[key] = Other(other.model, known.claim)
            return
        self._tell("taken-over", f"{other.model}: {other.claim.by} is gone and left it", other.model)
        self._take(key, other.model, known)

    def _hold(self, key: str, model: str, known: Known) -> None:
        claim = Claim(key, known.asked(model, self.environment), known.count, self.clock())
        self.held[key] = claim
        self._learn(claim, known)

    @staticmethod
    def _learn(claim: Claim, known: Known) -> None:
        claim.count, claim.tried, claim.build = known.count, known.mark is not None, known.build
        claim.asked = replace(claim.asked, mark=known.mark or "")

    def _start(self, claim: Claim) -> None:
        model, build = claim.asked.model, None
        if claim.tried:
            # Somebody, maybe this watcher, asked for it and never heard whether that arrived.
            build = self.trigger.look(claim.asked, None)
        else:
            mark = self.trigger.mark()
            if not self._noted(claim, Asking(at=now(), owner=self.beats.owner, mark=mark)):
                return
            claim.tried, claim.asked = True, replace(claim.asked, mark=mark)
        if build:
            self._tell("found", f"{model}: was triggered before", model, build)
        else:
            self.beats.confirm()
            if self.journal.more(claim.key, claim.count):
                self._lost(claim)
                return
            build = self.trigger.start(claim.asked)
            self._tell("triggered", f"{model}: triggered {self.trigger.place}", model, build)
        claim.build = build
        if line := changed(None, build):
            self._tell(build.state, f"{model}: {line}", model, build)
        self._noted(claim, Triggered(at=now(), owner=self.beats.owner, build=build))

    def _follow(self, claim: Claim) -> None:
        model, before = claim.asked.model, claim.build
        build = self.trigger.look(claim.asked, before) or before
        assert build
        assert before
        if build.state != "ended" and self.clock() - claim.begun > _AT_MOST:
            build = replace(build, state="ended", result="unknown", why="it did not end within two days")
        claim.build = build
        if build.state == "ended":
            ended = Ended(at=now(), owner=self.beats.owner, model=model, build=build)
            if self.journal.end(claim.key, ended):
                self._tell("ended", f"{model}: {ending(build)}", model, build)
            self.ended.append(build)
            del self.held[claim.key]
            return
        if line := changed(before, build):
            self._tell(build.state, f"{model}: {line}", model, build)
        if build.number != before.number:
            self._noted(claim, Triggered(at=now(), owner=self.beats.owner, build=build))

    def _noted(self, claim: Claim, entry: Entry) -> bool:
        """Add an entry; where one is there, go by what is noted, unless the claim is another's now."""
        if self.journal.add(claim.key, claim.count, entry):
            claim.count += 1
            return True
        known = self.journal.known(claim.key)
        if known.claim and known.claim.owner == self.beats.owner:
            self._learn(claim, known)
        else:
            self._lost(claim)
        return False

    def _lost(self, claim: Claim) -> None:
        model = claim.asked.model
        self._tell("lost", f"{model}: another watcher took it over, as this one was silent too long", model)
        self.held.pop(claim.key, None)

    def _failed(self, claim: Claim, error: OutsideError) -> None:
        claim.failures += 1
        wait = min(self.every * 2 ** min(claim.failures, 16), _SLOWEST)
        claim.due = self.clock() + wait
        if str(error) != claim.complaint:
            claim.complaint = str(error)
            what = "busy" if isinstance(error, BusyError) else "failed"
            self._tell(what, f"{claim.asked.model}: {error}; trying again", claim.asked.model)

    def _tell(self, event: str, text: str, model: str, build: Build | None = None) -> None:
        url, result = (build.url, build.result) if build else ("", "")
        self.tell(Happening(event, text, model=model, url=url, result=result))
