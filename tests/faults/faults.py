"""What can go wrong between the kit and a server, and which requests it strikes."""

import random
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from re import Pattern

ALWAYS = 1_000_000


class Kind(StrEnum):
    """One way for an answer to be bad; the value is what the table calls it."""

    RESET_BEFORE = "connection reset before the answer"
    RESET_WITHIN = "connection reset within the answer"
    SILENT_BEFORE = "silence before the answer"
    SILENT_WITHIN = "silence within the answer"
    BROKEN = "500"
    BUSY = "503, Retry-After a second"
    TOO_MANY = "429, Retry-After a second"
    TOMORROW = "429, Retry-After a day"
    CUT = "truncated, the whole length announced"
    SHORT = "truncated, the short length announced"
    BIT = "one flipped bit in the body"
    HEADER_BIT = "one flipped bit in a header"
    TRICKLE = "slow trickle that ends"
    CRAWL = "a byte at a time"
    HEAD = "a header's byte at a time"
    TOO_LONG = "a length beyond what comes"
    MORE = "more bytes than there are"
    ENDLESS = "chunks without an end"
    OTHER = "another object's bytes"
    WHOLE = "200 in the place of 206"
    REDIRECT = "redirect to a stranger"
    AROUND = "redirect to itself"
    GARBAGE = "no HTTP"
    NOTHING = "200 and no byte"
    PAGE = "200 and a login page"
    ECHO = "403 that repeats what was asked"


HARMLESS = frozenset(
    {
        *(
            Kind.RESET_BEFORE,
            Kind.RESET_WITHIN,
            Kind.SILENT_BEFORE,
            Kind.SILENT_WITHIN,
            Kind.BROKEN,
            Kind.BUSY,
        ),
        *(
            Kind.TOO_MANY,
            Kind.TOMORROW,
            Kind.CUT,
            Kind.TRICKLE,
            Kind.CRAWL,
            Kind.HEAD,
            Kind.ENDLESS,
            Kind.GARBAGE,
        ),
    }
)
"""Kinds that only a network or a busy server could be: nothing in them says that the model is another."""


class On(StrEnum):
    """Which requests are struck."""

    WORDS = "metadata"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that strikes the first ``times`` attempts of one request, or every one from there on.

    ``skip`` requests of its sort come through before.
    """

    kind: Kind
    on: On
    skip: int = 0
    times: int = 1
    seed: int = 0

    def __str__(self) -> str:
        often = "always" if self.times == ALWAYS else f"{self.times} times"
        return f"{self.kind} on {self.on}, {often} after {self.skip}, seed {self.seed}"


@dataclass(slots=True)
class Course:
    """The requests of one fetch: counted, and struck as planned."""

    fault: Fault | None
    bytes_: Pattern[str]
    """What requests of a model's bytes look like, as ``GET /path?query``."""
    counts: dict[On, int] = field(default_factory=lambda: dict.fromkeys(On, 0))
    hits: int = 0
    _chosen: tuple[str, str] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def struck(self, line: str, extent: str) -> random.Random | None:
        """Return the dice of a fault that strikes this request, asked for with this Range; else none."""
        on = On.BYTES if self.bytes_.search(line) else On.WORDS
        with self._lock:
            number = self.counts[on]
            self.counts[on] += 1
            if self.fault is None or on is not self.fault.on or not self._meant(number, line, extent):
                return None
            self.hits += 1
            # Other dice for each attempt: what lies the same way every time cannot be told from the truth.
            return random.Random(self.fault.seed * 1000 + self.hits)

    def _meant(self, number: int, line: str, extent: str) -> bool:
        assert self.fault
        if self.fault.times == ALWAYS:
            return number >= self.fault.skip
        # Signatures in the query differ between two attempts at the same thing.
        same = (line.partition("?")[0], extent)
        if self._chosen is None and number >= self.fault.skip:
            self._chosen = same
        return same == self._chosen and self.hits < self.fault.times
