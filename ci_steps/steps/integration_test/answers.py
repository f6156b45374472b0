"""What answers are held to: the golden ones, the evaluations and the interface."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Finding
from ci_steps.steps.golden.differences import Alike, at, shown
from ci_steps.steps.golden.parity import Wrong, named, parity, worst, worst_first
from ci_steps.steps.golden.replay import Replayed
from ci_steps.steps.golden.rows import GoldenRow
from ci_steps.steps.golden.service import TOO_LARGE, Answer, NoAnswer
from ci_steps.steps.integration_test.blame import Blame
from ci_steps.steps.integration_test.findings import passed, refused, undecided
from ci_steps.steps.integration_test.hints import has_failed, instead_of_answers, is_silent
from ci_steps.steps.integration_test.interface import Interface
from ci_steps.steps.integration_test.readiness import LOG


def enough(golden: Sequence[GoldenRow], settings: IntegrationSettings) -> Finding:
    """Whether there are as many golden rows as are wanted; the same request again tells nothing more."""
    rule, subject = f"at least {settings.rows} rows are replayed", "rows"
    different, where = len({row.body for row in golden}), settings.where
    if different >= settings.rows:
        return passed("golden", f"{len(golden)} rows to choose from", rule, subject=subject, where=where)
    hint = f"publish a golden.jsonl with {settings.rows} different requests or more"
    observed = f"{len(golden)} golden rows with {different} different requests"
    return undecided("golden", observed, rule, subject=subject, where=where, hint=hint)


def as_golden(
    replayed: Sequence[Replayed],
    subject: str,
    settings: IntegrationSettings,
    blame: Blame,
    *,
    exception: str = "",
) -> Finding:
    """Whether every row was answered as golden.jsonl says; ``exception`` is the log's last one."""
    rule, where = rule_of(settings), settings.where
    if not replayed:
        hint = "publish a golden.jsonl with what the raw model answers"
        return undecided("golden", "no row was replayed", rule, subject=subject, hint=hint)
    if limit := next((why for r in replayed if (why := _too_large(r))), ""):
        hint = "let the server take lists of 500 rows and 512 KiB; whether it answers them is not known"
        return undecided("golden", limit, rule, subject=subject, where=where, hint=hint)
    found = parity(replayed, blame.alike)
    if found.wrong:
        hint = instead_of_answers(replayed, exception) or blame.hint(replayed)
        log = LOG if has_failed(replayed) or is_silent(replayed) else None
        return refused("golden", found.in_words, rule, subject=subject, where=where, hint=hint, witness=log)
    return passed("golden", found.in_words, rule, subject=subject, where=where)


def as_evaluated(
    replayed: Sequence[Replayed], predicted: Mapping[str, Any], pointer: str | None, alike: Alike
) -> Finding:
    """Whether the predictions are those that the metrics were computed from."""
    kind, rule = "evaluations", "the predictions in evaluations.jsonl, which the metrics stand on"
    if pointer is None:
        hint = "name the prediction's place in interface.json"
        return undecided(kind, "interface.json says no `prediction`", rule, hint=hint)
    wrong = worst_first(
        why
        for r in replayed
        if r.row.id in predicted and (why := _mispredicts(r, predicted[r.row.id], pointer, alike))
    )
    if wrong:
        observed = f"{len(wrong)} of {len(replayed)} rows differ: {named(wrong)}"
        unanswered = "see the golden rows above for why they were not answered"
        anew = "evaluate the model as it is served, and publish that"
        hint = unanswered if instead_of_answers(replayed, "") else anew
        return refused(kind, observed, rule, hint=hint)
    unknown = [Wrong(r.row.id, "no evaluation") for r in replayed if r.row.id not in predicted]
    if unknown or not replayed:
        observed = f"{len(unknown)} of {len(replayed)} rows are not evaluated: {named(unknown)}"
        hint = "give each golden row the id of the evaluation that it agrees with"
        return undecided(kind, observed if replayed else "no row was replayed", rule, hint=hint)
    return passed(kind, f"{len(replayed)} of {len(replayed)} rows predicted the same", rule)


def as_promised(replayed: Iterable[Replayed], interface: Interface) -> Finding:
    """Whether every answer obeys the output schema."""
    rule = "interface.json: output"
    answers = [(r.row.id, r.outcome.value) for r in replayed if isinstance(r.outcome, Answer)]
    if not answers:
        hint = "see the golden rows above for why nothing was answered"
        return undecided("interface", "no answer to look at", rule, hint=hint)
    broken = [
        Wrong(row_id, why) for row_id, value in answers for why in islice(interface.broken_by(value), 1)
    ]
    if broken:
        observed = f"{len(broken)} of {len(answers)} answers break it: {named(broken)}"
        return refused("interface", observed, rule, hint="answer as promised, or promise what is answered")
    return passed("interface", f"{len(answers)} of {len(answers)} answers obey it", rule)


def rule_of(settings: IntegrationSettings) -> str:
    """Say what counts as the same answer."""
    near = f"{settings.tolerance:g} of each other{f' or {settings.absolute:g}' if settings.absolute else ''}"
    return f"the answers in golden.jsonl, by type; fractions within {near}"


def _too_large(replayed: Replayed) -> str:
    too_large = isinstance(replayed.outcome, NoAnswer) and replayed.outcome.status == TOO_LARGE
    return replayed.outcome.why if too_large and isinstance(replayed.outcome, NoAnswer) else ""


def _mispredicts(replayed: Replayed, predicted: Any, pointer: str, alike: Alike) -> Wrong | None:
    if isinstance(replayed.outcome, NoAnswer):
        return Wrong(replayed.row.id, replayed.outcome.why)
    try:
        observed = at(replayed.outcome.value, pointer)
    except KeyError:
        return Wrong(replayed.row.id, f"nothing at {pointer}, expected {shown(predicted)}")
    return worst(replayed.row.id, alike.differences(predicted, observed, pointer))
