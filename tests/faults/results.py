"""The table of the campaign."""

from collections.abc import Sequence

from tests.faults.campaign import End, Ended
from tests.faults.faults import ALWAYS, Kind

_HEAD = """\
# Fetches through a faulty proxy

`make campaign` wrote this table. Each fetch is `plan --model ADDRESS` and then `fetch-model`, each with an
empty cache as on a machine of its own, through a proxy that spoils answers of the real server: of requests
for metadata (listings, versions, runs) or of those for the model's bytes, those that a seed chose. A fault
strikes one request once or twice (*passing*), or every one from some moment on (*lasting*). Half of the
addresses are pinned. A fetch that is killed is killed while every answer trickles, and fetched again.

* *exact*: both steps came through, every file in the run directory is what was published, and the model's SHA
  is the one of an undisturbed fetch
* *clear error*: one line that names what failed, no traceback; a second fetch, undisturbed and with what the
  first one had left in the caches, is exact
* *wrong*: anything else, and also: an object in a cache or in the store whose SHA-256 is not its name, a file
  half-fetched that the next fetch leaves there, another model in the store, a thread that is left, a secret
  that went where a redirect led, a fetch that hangs

A cell is *exact + clear error*, in **bold** with a third number where some were wrong.
"""


def page(ended: Sequence[Ended], seconds: float, cores: int, seed: int) -> str:
    """Return the whole page."""
    wrong = sum(each.end is End.WRONG for each in ended)
    struck = sum(each.struck for each in ended)
    size = (
        f"{len(ended)} fetches, {struck} of them struck: {_count(ended, End.EXACT)} exact, "
        f"{_count(ended, End.ERROR)} clear errors, {wrong} wrong; "
        f"{seconds / 60:.0f} minutes on {cores} cores, seed {seed}."
    )
    passing = [each for each in ended if each.fault and each.fault.times != ALWAYS and not each.blow]
    lasting = [each for each in ended if each.fault and each.fault.times == ALWAYS and not each.blow]
    killed = [each for each in ended if each.blow]
    tables = [
        f"## {title}\n\n{table(those)}"
        for title, those in (("Passing faults", passing), ("Lasting faults", lasting), ("Killed", killed))
    ]
    return "\n".join([_HEAD, size, "", "\n\n".join(tables), ""])


def table(ended: Sequence[Ended]) -> str:
    """Return a row for each kind of fault, a column for each place."""
    struck = [each for each in ended if each.struck]
    places = list(dict.fromkeys(each.place for each in ended))
    rows = [str(kind) for kind in Kind] if not any(each.blow for each in ended) else ["SIGKILL", "SIGINT"]
    lines = ["| | " + " | ".join(places) + " | all |", "|---|" + "--:|" * (len(places) + 1)]
    for row in rows:
        those = [each for each in struck if row == (each.blow or str(each.fault.kind if each.fault else ""))]
        cells = [_cell([each for each in those if each.place == place]) for place in places]
        lines.append(f"| {row} | {' | '.join([*cells, _cell(those)])} |")
    cells = [_cell([each for each in struck if each.place == place]) for place in places]
    lines.append(f"| **all** | {' | '.join([*cells, _cell(struck)])} |")
    return "\n".join(lines)


def _cell(ended: Sequence[Ended]) -> str:
    exact, errors, wrong = (_count(ended, end) for end in End)
    if not ended:
        return ""
    return f"**{exact} + {errors}, {wrong} wrong**" if wrong else f"{exact} + {errors}"


def _count(ended: Sequence[Ended], end: End) -> int:
    return sum(each.end is end for each in ended)
