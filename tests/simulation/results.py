"""The tables of the campaign."""

from collections.abc import Mapping, Sequence

_HEAD = """\
# What the metric gate answers where the truth is known

`make campaign` wrote this page. Every rule asks for 95 % confidence: a candidate that is worse by exactly the
margin may pass in 5 of 100 releases, and be refused in 5 of 100. What else comes out is inconclusive.
"""

EXACTLY = """\
The chance in percent of a false pass / of a false refusal, by adding up all tables: no simulation, so no
error but for 0.001 %. Of each cell the worse of the margins 0.01 and 0.05, up to the disagreement. Recall and
the micro means are the same test; for recall n counts its class. Unpaired: the worst of baselines that are
right in 80, 95 and 99 %.
"""
SIMULATED = """\
False passes in percent of {times} samples a cell (standard error {error} where 5 are true), and of the whole
row; in brackets the false refusals. *few*: in 9 of 10 samples or more the gate concludes nothing, as too few
pairs differ, too few tell, or too few are of one class. Classes are balanced or 1:50; of the answers that
differ the candidate loses three of four. Numbers have normal errors, and in the place of 1:50 errors whose
size is log-normal (sigma 0.7). f1_macro has three classes.
"""
POWER = """\
How often, in percent of {times} samples, a candidate passes whose true gain lies 0.02 above what the margin
forbids: one as good as the baseline with a margin of 0.02.
"""
SLICES = """\
Ten slices of 200 examples, accuracy, 10 % of the pairs differ, margin 0.02; in percent of {times} models.
Each is one release: a single slice that is refused refuses it, and it passes where every slice does.
"""
DECIDING = """\
The gate sees 400 examples that leave it inconclusive, and says how many would decide; with so many it is
asked again, {times} times. It aims at 80 %.
"""


def table(corner: str, columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """Return a table with a name before each row."""
    lines = [f"| {corner} | {' | '.join(columns)} |", f"|---|{'--:|' * len(columns)}"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())])


def percent(share: float) -> str:
    return f"{100 * share:.1f}"


def page(sections: Sequence[tuple[str, str, str]], seconds: float, cores: int) -> str:
    """Return the whole page: of each section its title, what it tells, and its table."""
    told = "\n".join(f"\n## {title}\n\n{words}\n{rows}" for title, words, rows in sections)
    return f"{_HEAD}\n{seconds / 60:.0f} minutes on {cores} cores.\n{told}\n"
