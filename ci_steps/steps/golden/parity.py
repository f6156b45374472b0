"""Answers held to golden ones: how many rows differ, and the worst of them first."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ci_steps.steps.golden.differences import Alike, Difference
from ci_steps.steps.golden.replay import Replayed
from ci_steps.steps.golden.service import NoAnswer

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that was not answered as it should be, and why not; ``share`` puts the worst first."""

    row_id: str
    why: str
    share: float = math.inf


@dataclass(frozen=True, slots=True)
class Parity:
    """What became of ``rows`` rows that were asked."""

    rows: int
    wrong: tuple[Wrong, ...]
    """Worst first."""

    @property
    def in_words(self) -> str:
        """How many differ, and where."""
        if self.wrong:
            return f"{len(self.wrong)} of {self.rows} rows differ: {named(self.wrong)}"
        return f"{self.rows} of {self.rows} rows answered the same"


def parity(replayed: Sequence[Replayed], alike: Alike) -> Parity:
    """Compare each row's outcome with its golden answer."""
    return Parity(len(replayed), worst_first(wrong for r in replayed if (wrong := _differs(r, alike))))


def worst_first(wrong: Iterable[Wrong]) -> tuple[Wrong, ...]:
    """Order rows by how far they are off; what is no number at all comes before any number."""
    return tuple(sorted(wrong, key=lambda row: -row.share))


def named(wrong: Sequence[Wrong]) -> str:
    """Name the first few rows, and count the rest."""
    told = "; ".join(f"{row.row_id} {row.why}" for row in wrong[:_NAMED])
    return f"{told}; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else told


def worst(row_id: str, found: Iterable[Difference]) -> Wrong | None:
    """Return a row by the worst of its differences; None where there is none."""
    ordered = sorted(found, key=lambda difference: -difference.share)
    if not ordered:
        return None
    others = f", and at {len(ordered) - 1} more" if ordered[1:] else ""
    return Wrong(row_id, f"{ordered[0].in_words}{others}", ordered[0].share)


def _differs(replayed: Replayed, alike: Alike) -> Wrong | None:
    if isinstance(replayed.outcome, NoAnswer):
        return Wrong(replayed.row.id, replayed.outcome.why)
    return worst(replayed.row.id, alike.differences(replayed.row.answer, replayed.outcome.value))
