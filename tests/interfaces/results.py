"""The tables of pairs with known answers and of random pairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.interfaces.answers import Answer, Answered
from tests.interfaces.campaign import Trial
from tests.interfaces.corpus import Question
from tests.interfaces.random_pairs import WAYS

PAGE = Path(__file__).with_name("RESULTS.md")

_HEAD = """\
# Does one schema accept all that another accepts

`make campaign` wrote these tables. The gate's answer is *compatible* (proven), *broken* (shown by a value) or
*inconclusive*.

## Pairs with known answers

Each pair is asked in both directions; why yes, or a value that shows why not, stands beside it in
`tests/interfaces/corpus/` and `tests/interfaces/pydantic_pairs.py`, and the jsonschema library agrees.

* *missed*: answered compatible where a value is known that only the inner schema accepts
* *made up*: answered broken where everything is accepted, or with a value that shows nothing
"""

_RANDOM = """\
## Random pairs

Values that the inner schema accepts are generated, with no knowledge of how the gate decides, until the outer
rejects one or there are enough of them; then all small values (a few thousand) are tried by a second library.

* *values*: so many were put to the outer schema
* *contradictions*: compatible, and one of the values is rejected; or broken by a value that shows nothing
* *found too*: broken, and one of the values is rejected as well; the share says how good the generation is
* *could be shown*: inconclusive, and one of the values is rejected
"""


@dataclass(frozen=True, slots=True)
class Asked:
    question: Question
    answered: Answered

    @property
    def missed(self) -> bool:
        return self.question.answer is None and self.answered.answer is Answer.COMPATIBLE

    @property
    def made_up(self) -> bool:
        wrong = self.question.answer is not None and self.answered.answer is Answer.BROKEN
        return wrong or bool(self.answered.untrue)

    @property
    def open(self) -> bool:
        return self.answered.answer is Answer.INCONCLUSIVE


def page(asked: Sequence[Asked], trials: Sequence[Trial]) -> str:
    slowest = max(trial.seconds for trial in trials)
    size = f"{len(trials)} pairs; the slowest answer took {slowest:.1f} s of processor time."
    return f"{_HEAD}\n{by_theme(asked)}\n\n{_RANDOM}\n{size}\n\n{by_way(trials)}\n"


def by_theme(asked: Sequence[Asked]) -> str:
    themes = list(dict.fromkeys(one.question.theme for one in asked))
    lines = [
        "| theme | questions | compatible | broken | inconclusive | missed | made up |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *(_row(theme, [one for one in asked if one.question.theme == theme]) for theme in themes),
        _row("**all**", asked),
    ]
    return "\n".join(lines)


def by_way(trials: Sequence[Trial]) -> str:
    lines = [
        f"| pairs | number | {' | '.join(Answer)} | values | contradictions | found too | could be shown |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(_random_row(way, [trial for trial in trials if trial.way == way]) for way in WAYS),
        _random_row("**all**", trials),
    ]
    return "\n".join(lines)


def recorded() -> Mapping[str, int]:
    """Return how many questions of each theme were inconclusive when the page was written."""
    known = PAGE.read_text(encoding="utf-8").split("## Random pairs")[0]
    rows = [line.strip("| ").split(" | ") for line in known.splitlines() if line.startswith("| ")]
    return {row[0]: int(row[4].split()[0]) for row in rows[1:] if row[0] != "**all**"}


def _row(name: str, asked: Sequence[Asked]) -> str:
    missed, made_up = sum(one.missed for one in asked), sum(one.made_up for one in asked)
    answers = [one.answered.answer for one in asked]
    return _cells(name, len(asked), *_shares(answers), missed, made_up)


def _random_row(name: str, trials: Sequence[Trial]) -> str:
    broken = [trial.shown for trial in trials if trial.answer is Answer.BROKEN]
    unknown = sum(trial.shown for trial in trials if trial.answer is Answer.INCONCLUSIVE)
    contradictions = sum(bool(trial.contradiction) for trial in trials)
    tried = sum(trial.tried for trial in trials)
    found = f"{sum(broken)} ({sum(broken) / max(len(broken), 1):.0%})"
    shares = _shares([trial.answer for trial in trials])
    return _cells(name, len(trials), *shares, f"{tried:,}", contradictions, found, unknown)


def _shares(answers: Sequence[Answer]) -> Iterable[str]:
    compatible, broken, unknown = (answers.count(answer) for answer in Answer)
    return str(compatible), str(broken), f"{unknown} ({unknown / max(len(answers), 1):.1%})"


def _cells(name: str, *cells: object) -> str:
    return f"| {name} | {' | '.join(map(str, cells))} |"
