"""The table of what was measured: `RESULTS.md`, a section for each benchmark."""

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ci_steps import __version__
from tests.bench.timing import Seconds

RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = """\
# Speed

Written by `make bench`, which measures each section anew; a part of it by the command that the section names.
Medians of interleaved rounds, with the quickest and the slowest; a ratio is the median of the rounds' own
ratios. Every command is a process of its own, from its start to its end, with Python's byte code kept from a
first round that does not count.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """Something of ours beside something else. The goal is a ratio, or seconds where nothing is beside."""

    what: str
    ours: Seconds
    beside: str
    other: Seconds | None
    goal: float | None

    def __str__(self) -> str:
        rounds = len(self.ours.rounds)
        if self.other is None:
            reached = self.goal is None or self.ours.median <= self.goal
            goal = f"{self.goal:g} s" if self.goal else ""
            cells = [self.what, str(self.ours), self.beside, "", "", goal]
        else:
            ratio = self.ours.ratio(self.other)
            reached = self.goal is None or ratio <= self.goal
            goal = f"{self.goal:.2g}" if self.goal else ""
            cells = [self.what, str(self.ours), self.beside, str(self.other), f"{ratio:.2f}", goal]
        met = "" if self.goal is None else ("yes" if reached else "no")
        return f"| {' | '.join([*cells, met, str(rounds)])} |"


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's rows and what must be known to read them."""

    title: str
    command: str
    rows: Sequence[Row]
    notes: str = ""

    def __str__(self) -> str:
        head = "| what | ours | beside | its time | ratio | goal | met | rounds |"
        lines = [f"## {self.title}", "", f"`{self.command}`, {machine()}.", ""]
        lines += [head, "|---|---|---|---|---:|---:|---|---:|", *(str(row) for row in self.rows)]
        lines += ["", self.notes] if self.notes else []
        return "\n".join(lines)


def write(sections: Sequence[Section], into: Path = RESULTS) -> None:
    """Put the sections in the place of those of the same title, and leave the others as they are."""
    kept = {}
    if into.exists():
        found = re.split(r"^## ", into.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        kept = {text.partition("\n")[0]: f"## {text.strip()}" for text in found}
    kept |= {section.title: str(section) for section in sections}
    into.write_text("\n\n".join([_HEAD.strip(), *kept.values()]) + "\n", encoding="utf-8")


def machine() -> str:
    """Return where and when this is: what a figure means little without."""
    named = re.search(r"^model name\s*:\s*(.+)$", _text("/proc/cpuinfo"), re.MULTILINE)
    cores = len(re.findall(r"^processor\s*:", _text("/proc/cpuinfo"), re.MULTILINE))
    system = re.search(r'^PRETTY_NAME="(.+)"$', _text("/etc/os-release"), re.MULTILINE)
    told = [f"{cores} cores of {named[1].strip()}" if named else platform.processor()]
    told += [system[1] if system else platform.system(), f"Python {platform.python_version()}"]
    return ", ".join([*told, f"kit {__version__}", datetime.now(UTC).date().isoformat()])


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""
