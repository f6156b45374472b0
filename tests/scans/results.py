"""The table of the corpus."""

import os
from collections.abc import Sequence
from pathlib import Path

from ci_steps.model.verdict import Verdict
from tests.scans.judged import Judgement, judgements, proposed
from tests.scans.samples import SAMPLES, UNREAD, Sample
from tests.scans.spoilt import COUNT

PAGE = Path(__file__).parent / "RESULTS.md"
_HEAD = """\
# Scans

`CI_STEPS_CAMPAIGN=full python -m pytest tests/scans` writes this page; without it the page must be what
the tests find.

## Malicious files

Each family is one model with all of its files in it, scanned by the whole step, with every name allowed that
any of the honest models below needs.

* *seen to run*: loaded as its users would, in a process of its own, it ran its code; the others need a
  library that the tests have not, or are cut off, or of a form that no loader here takes
* *proposed*: what `scan-model --propose` writes for the file alone, pasted unread, would let it pass: it
  names nothing but a class of the model's own, whose source must be in `scan.code`; or it means something
  else to `pickle.load` only, and a proposal does not know who loads it
"""
_HONEST = """\
## Honest models

Each was written by the library itself (`honest/make.py`), and is scanned with what `--propose` writes for it.
"""


def page() -> str:
    """Return the whole page."""
    counts = [_row(family, found) for family, found in judgements().items()]
    everything = [each for found in judgements().values() for each in found]
    evil = [
        "| family | files | seen to run | refused | inconclusive | passed | proposed |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *counts,
        _row("**all**", everything),
    ]
    unread = [f"`{name}`: {reason}." for name, reason in UNREAD.items()]
    spoilt = (
        f"Each was also cut off at {COUNT} places and given a byte more at either end {COUNT} times "
        f"({2 * COUNT * len(SAMPLES)} files): none passes. A text with a letter in front is another text, "
        "and was not tried."
    )
    return "\n".join([_HEAD, *evil, "", _HONEST, *_honest(), "", "Inconclusive:", *unread, "", spoilt, ""])


def _row(name: str, found: Sequence[Judgement]) -> str:
    verdicts = [each.verdict for each in found]
    counts = (
        len(found),
        sum(bool(each.evil.loader) for each in found),
        verdicts.count(Verdict.REFUSED),
        verdicts.count(Verdict.INCONCLUSIVE),
        sum(verdict < Verdict.INCONCLUSIVE for verdict in verdicts),
        sum(each.trusted for each in found),
    )
    return f"| {name} | {' | '.join(map(str, counts))} |"


def _honest() -> list[str]:
    lines = ["| suffix | models | passed | inconclusive | refused |", "|---|--:|--:|--:|--:|"]
    suffixes = sorted({sample.path.suffix for sample in SAMPLES})
    rows = [_counted(suffix, [s for s in SAMPLES if s.path.suffix == suffix]) for suffix in suffixes]
    return [*lines, *rows, _counted("**all**", SAMPLES)]


def _counted(name: str, samples: Sequence[Sample]) -> str:
    verdicts = [proposed(sample.files).verdict for sample in samples]
    order = (Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.REFUSED)
    return f"| {name} | {len(samples)} | {' | '.join(str(verdicts.count(each)) for each in order)} |"


def written() -> str:
    """Return the page as it stands, written anew where a campaign is asked for."""
    if os.environ.get("CI_STEPS_CAMPAIGN") == "full":
        PAGE.write_text(page(), encoding="utf-8")
    return PAGE.read_text(encoding="utf-8")
