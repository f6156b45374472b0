"""One input with a known answer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ci_steps.documents import Report
from ci_steps.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """An input, and the finding that a working gate must make of it."""

    gate: str
    check: str
    """The id of the check; the gate's own name stands for all of its checks."""
    wanted: Verdict
    title: str
    report: Callable[[Path], Report]
    """Runs the gate on the input, in an empty folder."""
    rule: str = ""
    """The kind of rule that it is about; empty: the check is one kind of rule."""

    @property
    def kind(self) -> str:
        """What must have cases that are refused, left undecided and let go on: superiority, a slice's guard.

        A case of a kind may be about another check: where its evidence is missing, it is that which is told.
        Empty where the case is about the gate as a whole.
        """
        return self.rule or self.check.partition(".")[2]

    def answered(self, folder: Path) -> Verdict | None:
        """Return the worst verdict that the gate gave under this check's id; None where it gave none."""
        findings = self.report(folder).findings
        asked = (f.verdict for f in findings if self.check in {f.check, f.check.partition(".")[0]})
        return max(asked, default=None)
