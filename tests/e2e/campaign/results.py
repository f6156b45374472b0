"""The table of a campaign."""

from collections.abc import Sequence

from ci_steps.wiring import RELEASE
from tests.e2e.campaign.kills import Kill

_HEAD = """\
# Kills

`make campaign` wrote this table. A release is killed (SIGKILL, the kit's own process alone) at a random
moment within each of its steps in turn, and started again at once; then it is let come through. Half of
the releases are the first of their service, half replace one that serves. A kill counts for the step in
which it fell.

* *resumed*: the next run went on; what was whole was not done again, and no document was there by half
* *same digest*: the image is the one that an undisturbed run builds, bit for bit
* *one outcome*: the ledger holds one outcome of the release, and it is live
* *nothing left*: no throw-away container, replica, network, process or ledger entry too many, no half-written
  file, no damaged or half-made layer in the cache, after the run that came through

Not counted are the few bytes in the folder for temporary files (`TMPDIR`) that a killed process cannot take
away.
"""


def table(kills: Sequence[Kill]) -> str:
    """Return a row for each step, and the sum of them."""
    rows = [_row(step, [kill for kill in kills if kill.step == step]) for step in RELEASE]
    lines = [
        "| step | kills | resumed | same digest | one outcome | nothing left |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*lines, *rows, _row("**all**", kills)])


def page(kills: Sequence[Kill], releases: int, seconds: float, seed: int, cores: int) -> str:
    """Return the whole page."""
    size = f"{len(kills)} kills in {releases} releases"
    how = f"{size}, {seconds / 60:.0f} minutes on {cores} cores, seed {seed}."
    return f"{_HEAD}\n{how}\n\n{table(kills)}\n"


def _row(name: str, kills: Sequence[Kill]) -> str:
    counts = (
        len(kills),
        sum(kill.resumed for kill in kills),
        sum(kill.same_digest for kill in kills),
        sum(kill.outcomes == 1 for kill in kills),
        sum(not kill.orphans for kill in kills),
    )
    return f"| {name} | {' | '.join(map(str, counts))} |"
