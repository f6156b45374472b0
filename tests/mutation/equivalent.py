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
        return (
            mutant.module.removeprefix("ci_steps.").removeprefix("steps."),
            mutant.source,
            mutant.change,
        ) == asked


EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent(
        "rollout.parity",
        "why = next((reply.in_words for _, reply in asked if not answers(reply)), late)",
        "not left out",
        "the words that say why rows were not answered",
    ),
    Equivalent(
        "rollout.parity",
        'left = f"; {rest} rows were not asked any more" if rest else ""',
        "condition negated",
        "the words that count what was not asked",
    ),
    Equivalent(
        "integration_test.answers",
        'return undecided(kind, observed if replayed else "no row was replayed", rule, hint=hint)',
        "condition negated",
        "a word of what was observed",
    ),
    Equivalent(
        "golden.parity",
        'others = f", and at {len(ordered) - 1} more" if ordered[1:] else ""',
        "condition negated",
        "the words that count the other places",
    ),
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
        "model.verdict",
        "return order.index(self) < order.index(other)",
        "< becomes <=",
        "of two equal verdicts either is the worse",
    ),
    Equivalent(
        "scan_model.findings",
        "if len(refused) > MOST_NAMES:",
        "> becomes >=",
        "one more line beside a hundred refusals",
    ),
    Equivalent(
        "scan_model.findings",
        "if (shown.pickled or names) and not refused:",
        "and becomes or",
        "one more finding that passed",
    ),
    Equivalent(
        "check_metrics.slices",
        'known = ", ".join(sorted(rows.slices)) or "none"',
        "or becomes and",
        "a word of what to do next",
    ),
    Equivalent(
        "check_metrics.limits",
        'side = "below" if limit.kind == "floor" else "above"',
        "== becomes !=",
        "a word of what to do next",
    ),
    Equivalent(
        "check_metrics.limits",
        "if (rows.weight == rows.weight[0]).all():",
        "== becomes !=",
        "rows that weigh alike have the same value without weights, which is then said too",
    ),
    Equivalent(
        "check_metrics.compare",
        'kind = "shared examples" if sides.paired else "examples on the smaller side"',
        "condition negated",
        "a word of what was observed",
    ),
    Equivalent(
        "check_interface.own",
        'pointers += f", score at {interface.score!r}" if interface.score is not None else ""',
        "is not becomes is",
        "a word of what was observed",
    ),
    Equivalent(
        "check_interface.baseline", "elif answered:", "condition negated", "one more finding that passed"
    ),
    Equivalent(
        "check_interface.subset",
        'advice = "" if unnamed.inner_has_none else _ADVICE',
        "condition negated",
        "the words that say what helps",
    ),
    Equivalent(
        "check_interface.subset",
        "equal += held if within else [part.pointer]",
        "condition negated",
        "which parts of what holds are named",
    ),
    Equivalent(
        "unit_tests.checkout",
        "if head.code or status.code:",
        "or becomes and",
        "where git fails, what it says is no commit either",
    ),
    Equivalent(
        "unit_tests.step",
        '_refused("unit-tests.failed", one.name, one.message or "failed", where, then(one.message) or _SEE)',
        "or becomes and",
        "a word of what was observed, or of what helps",
    ),
    Equivalent(
        "unit_tests.step",
        "if results is not None:",
        "is not becomes is",
        "whether the results are kept for the page",
    ),
    Equivalent(
        "unit_tests.step",
        "junit=_XML if results is not None else None,",
        "is not becomes is",
        "whether the page is told of the results",
    ),
    Equivalent(
        "unit_tests.step", "if len(failed) > _SHOWN:", "> becomes >=", "one more line beside twenty refusals"
    ),
    Equivalent(
        "unit_tests.checkout",
        "said = (head.output if head.code else status.output).strip().splitlines()",
        "condition negated",
        "which words of git are shown",
    ),
    Equivalent(
        "unit_tests.checkout",
        "return problem, mend if changes else again",
        "condition negated",
        "what is said to help",
    ),
    Equivalent(
        "fetch_model.beside",
        "if not whole:",
        "not left out",
        "whether a refused file is left behind, which no step opens",
    ),
    Equivalent(
        "unit_tests.step",
        "skipped = sum(result.outcome is Outcome.SKIPPED for result in results)",
        "is becomes is not",
        "a number of what was observed",
    ),
    Equivalent("load_test.versus", "if known", "condition negated", "the numbers of a picture"),
)


def reason_for(mutant: Mutant) -> str:
    """Return why nothing can tell this mutant from the gate; empty where something should."""
    return next((known.reason for known in EQUIVALENT if known.is_this(mutant)), "")
