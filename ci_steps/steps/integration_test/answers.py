"""What the container's answers are held to: the raw model's, the evaluations and the interface."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Finding
from ci_steps.steps.integration_test.differences import at, differences, shown
from ci_steps.steps.integration_test.findings import passed, refused, undecided
from ci_steps.steps.integration_test.hints import has_failed, instead_of_answers, is_silent
from ci_steps.steps.integration_test.interface import Interface
from ci_steps.steps.integration_test.readiness import LOG
from ci_steps.steps.integration_test.replay import Replayed
from ci_steps.steps.integration_test.rows import GoldenRow
from ci_steps.steps.integration_test.service import Answer, NoAnswer

_NAMED = 3


def enough(golden: Sequence[GoldenRow], settings: IntegrationSettings) -> Finding:
    """Whether there are as many golden rows as are wanted; the same request again tells nothing more."""
    rule, subject = f"at least {settings.rows} rows are replayed", "rows"
    different, where = len({row.body for row in golden}), settings.where
    if different >= settings.rows:
        return passed("golden", f"{len(golden)} rows to choose from", rule, subject=subject, where=where)
    hint = f"publish a golden.jsonl with {settings.rows} different requests or more"
    observed = f"{len(golden)} golden rows with {different} different requests"
    return undecided("golden", observed, rule, subject=subject, where=where, hint=hint)


def as_the_raw_model(
    replayed: Sequence[Replayed], subject: str, settings: IntegrationSettings, *, exception: str = ""
) -> Finding:
    """Whether every row was answered as the raw model answered it; ``exception`` is the log's last one."""
    rule = f"the raw model's answers; numbers within {settings.tolerance:g} of each other"
    wrong = [(r.row.id, why) for r in replayed if (why := _differs(r, settings.tolerance))]
    if not replayed:
        hint = "publish a golden.jsonl with what the raw model answers"
        return undecided("golden", "no row was replayed", rule, subject=subject, hint=hint)
    if wrong:
        anew = "answer golden.jsonl anew in the locked environment, and publish what holds there"
        hint = instead_of_answers(replayed, exception) or anew
        observed = f"{len(wrong)} of {len(replayed)} rows differ: {_named(wrong)}"
        log = LOG if has_failed(replayed) or is_silent(replayed) else None
        where = settings.where
        return refused("golden", observed, rule, subject=subject, where=where, hint=hint, witness=log)
    observed = f"{len(replayed)} of {len(replayed)} rows answered the same"
    return passed("golden", observed, rule, subject=subject, where=settings.where)


def as_evaluated(
    replayed: Sequence[Replayed], predicted: Mapping[str, Any], pointer: str | None, tolerance: float
) -> Finding:
    """Whether the predictions are those that the metrics were computed from."""
    kind, rule = "evaluations", "the predictions in evaluations.jsonl, which the metrics stand on"
    if pointer is None:
        hint = "name the prediction's place in interface.json"
        return undecided(kind, "interface.json says no `prediction`", rule, hint=hint)
    wrong = [
        (r.row.id, why)
        for r in replayed
        if r.row.id in predicted and (why := _mispredicts(r, predicted[r.row.id], pointer, tolerance))
    ]
    if wrong:
        observed = f"{len(wrong)} of {len(replayed)} rows differ: {_named(wrong)}"
        unanswered = "see the golden rows above for why they were not answered"
        anew = "evaluate the model as it is served, and publish that"
        hint = unanswered if instead_of_answers(replayed, "") else anew
        return refused(kind, observed, rule, hint=hint)
    unknown = [(r.row.id, "no evaluation") for r in replayed if r.row.id not in predicted]
    if unknown or not replayed:
        observed = f"{len(unknown)} of {len(replayed)} rows are not evaluated: {_named(unknown)}"
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
    broken = [(row_id, why) for row_id, value in answers for why in islice(interface.broken_by(value), 1)]
    if broken:
        observed = f"{len(broken)} of {len(answers)} answers break it: {_named(broken)}"
        return refused("interface", observed, rule, hint="answer as promised, or promise what is answered")
    return passed("interface", f"{len(answers)} of {len(answers)} answers obey it", rule)


def _differs(replayed: Replayed, tolerance: float) -> str:
    if isinstance(replayed.outcome, NoAnswer):
        return replayed.outcome.why
    found = next(differences(replayed.row.answer, replayed.outcome.value, tolerance), None)
    return found.in_words if found else ""


def _mispredicts(replayed: Replayed, predicted: Any, pointer: str, tolerance: float) -> str:
    if isinstance(replayed.outcome, NoAnswer):
        return replayed.outcome.why
    try:
        observed = at(replayed.outcome.value, pointer)
    except KeyError:
        return f"nothing at {pointer}, expected {shown(predicted)}"
    found = next(differences(predicted, observed, tolerance, pointer), None)
    return found.in_words if found else ""


def _named(rows: Sequence[tuple[str, str]]) -> str:
    named = "; ".join(f"{row_id} {why}" for row_id, why in rows[:_NAMED])
    return f"{named}; and {len(rows) - _NAMED} more" if len(rows) > _NAMED else named
