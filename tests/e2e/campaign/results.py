"""The table of a campaign."""

from collections.abc import Sequence

from ci_steps.wiring import RELEASE
from tests.e2e.campaign.kills import Kill

_HEAD = """\
# Kills

`make campaign` wrote this table. A release is killed (SIGKILL, the kit's own process alone) at a random moment
within each of its steps in turn, and started again at once; then it is let come through. Half of the releases are the
first of their service, half replace one that serves.

* *resumed*: the next run went on; what was whole was not done again, and no document could be read as a half
* *same digest*: the image is the one that a release without kills builds, bit for bit
* *one outcome*: the ledger holds one intent and one outcome of the release, and it is live
* *orphans*: throw-away containers, replicas, networks or processes too many, half-written files, damaged or half-made
  layers in the cache, after the run that came through
"""


def table(kills: Sequence[Kill]) -> str:
    """Return a row for each step, and the sum of them."""
    rows = [_row(step, [kill for kill in kills if kill.step == step]) for step in RELEASE]
    lines = ["| step | kills | resumed | same digest | one outcome | orphans |", "|---|--:|--:|--:|--:|--:|"]
    return "\n".join([*lines, *rows, _row("**all**", kills)])


def page(kills: Sequence[Kill], releases: int, seconds: float, seed: int, cores: int) -> str:
    """Return the whole page."""
    how = f"{len(kills)} kills in {releases} releases, {seconds / 60:.0f} minutes on {cores} cores, seed {seed}."
    return f"{_HEAD}\n{how}\n\n{table(kills)}\n"


def _row(name: str, kills: Sequence[Kill]) -> str:
    counts = (
        len(kills),
        sum(kill.resumed for kill in kills),
        sum(kill.same_digest for kill in kills),
        sum(kill.outcomes == 1 for kill in kills),
        sum(len(kill.orphans) for kill in kills),
    )
    return f"| {name} | {' | '.join(map(str, counts))} |"
