"""What to do where nearly no row was answered: then the golden rows are not what is to be mended."""

import re
from collections.abc import Callable, Sequence

from ci_steps.steps.golden.replay import Replayed
from ci_steps.steps.golden.service import REFUSED_ROW, NoAnswer
from ci_steps.steps.integration_test.readiness import LOG

NEARLY_ALL = 0.9
_NAMES = re.compile(r"column|feature|KeyError|indices", re.IGNORECASE)


def has_failed(replayed: Sequence[Replayed]) -> bool:
    """Whether nearly every row met a failure of the server's own."""
    return bool(_nearly_all(replayed, lambda outcome: outcome.failed))


def is_silent(replayed: Sequence[Replayed]) -> bool:
    """Whether nothing at all came back for nearly every row."""
    return bool(_nearly_all(replayed, lambda outcome: outcome.silent))


def instead_of_answers(replayed: Sequence[Replayed], exception: str) -> str:
    """Return what to do where nearly no row was answered, and nothing where most were.

    ``exception`` is the last one in the container's log.
    """
    if has_failed(replayed):
        cause = f": {exception}" if exception else ""
        ask = "; trained with column names that the request does not have?" if _NAMES.search(cause) else ""
        return f"the model failed in the container{cause}; see {LOG}{ask}"
    if is_silent(replayed):
        return f"the container did not answer: see {LOG}"
    if refused := _nearly_all(replayed, lambda outcome: outcome.status == REFUSED_ROW):
        first = f"; first refused: {refused[0].refused}" if refused[0].refused else ""
        asks = "interface.json, or `features` in model.yaml, asks for other requests than golden.jsonl holds"
        return f"{asks}{first}"
    return ""


def _nearly_all(replayed: Sequence[Replayed], holds: Callable[[NoAnswer], bool]) -> list[NoAnswer]:
    """Return the outcomes for which it holds, if they are nearly all; else none."""
    found = [row.outcome for row in replayed if isinstance(row.outcome, NoAnswer) and holds(row.outcome)]
    return found if len(found) >= NEARLY_ALL * len(replayed) else []
