"""Mutants that no input can tell from the gate, each with the reason why."""

from dataclasses import dataclass

from tests.mutation.mutants import Mutant


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A change that leaves every verdict as it is. The line is part of it: another line, another reason."""

    module: str
    source: str
    change: str
    reason: str

    def is_this(self, mutant: Mutant) -> bool:
        asked = (self.module, self.source, self.change)
        return (mutant.module.rpartition(".steps.")[2], mutant.source, mutant.change) == asked


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "scan_model.findings",
        "refused.sort(key=lambda name: not reaches_beyond(name))",
        "not left out",
        "the order in which refusals are shown",
    ),
    Equivalent(
        "scan_model.findings", "if allowed:", "condition negated", "the sentence that says what to do next"
    ),
    Equivalent(
        "scan_model.findings",
        "elif reading.source:",
        "condition negated",
        "the sentence that says what to do next",
    ),
    Equivalent(
        "scan_model.step",
        'kind = readings[predictor.file].shown.format if predictor.file in readings else "not there"',
        "in becomes not in",
        "a word of what was observed",
    ),
    Equivalent(
        "check_interface.subset",
        "if not asserted(spot.a):  # what takes anything breaks once, not once a kind",
        "not left out",
        "how often one break is told",
    ),
    Equivalent(
        "unit_tests.step",
        "said = (head.output if head.code else changed.output).strip().splitlines()",
        "condition negated",
        "which words of git are shown",
    ),
)


def reason_for(mutant: Mutant) -> str:
    """Return why nothing can tell this mutant from the gate; empty where something should."""
    return next((known.reason for known in EQUIVALENT if known.is_this(mutant)), "")
