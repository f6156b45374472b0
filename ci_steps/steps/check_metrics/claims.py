"""The model's own claims, held against what its evaluations give."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from ci_steps.model.metrics import METRICS
from ci_steps.model.settings import Direction
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.check_metrics.decisions import is_claim_kept
from ci_steps.steps.check_metrics.rows import Rows, UnusableError, in_words
from ci_steps.steps.check_metrics.values import UndefinedError, value_of
from ci_steps.steps.check_metrics.wording import counted, subject_of

CHECK = "check-metrics.claim"


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of metrics.json. The value keeps the digits it was written with."""

    metric: str
    value: Decimal
    direction: Direction
    n: int
    dataset: str
    slice: dict[str, str | bool | int | float] | None = None
    positive: str | bool | int | float | None = None
    """The label that precision, recall or F1 is of; left out: the last of two in sorted order."""

    @property
    def part(self) -> dict[str, str]:
        return {name: in_words(value) for name, value in (self.slice or {}).items()}

    @property
    def subject(self) -> str:
        return subject_of(f"{self.metric} of {self.label}" if self.label else self.metric, self.part)

    @property
    def label(self) -> str | None:
        return None if self.positive is None else in_words(self.positive)

    @property
    def tolerance(self) -> float:
        """Half a unit of the last digit written, at most 0.005 or 0.5 %; 1e-6 of the value at least.

        The cap keeps a perfect ``1.0`` from covering everything above 0.95.
        """
        value = abs(float(self.value))
        exponent = self.value.as_tuple().exponent
        last = 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0
        return max(min(last, 0.005 * max(1.0, value)), 1e-6 * value)


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    metrics: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class CheckedClaims:
    """What came of the claims, and which could not be looked at."""

    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...] = ()
    values: tuple[tuple[str, float], ...] = ()


def check_claims(path: Path | None, rows: Rows) -> CheckedClaims:
    """Recompute every claim that we know the metric of."""
    if path is None:
        return CheckedClaims(
            (_nothing("the model has no metrics.json", "publish the model with its claims"),)
        )
    try:
        claims = _read(path)
    except UnusableError as error:
        return CheckedClaims((_nothing(f"metrics.json: {error}", "correct it and publish the model anew"),))
    known = [claim for claim in claims if claim.metric in METRICS]
    values: list[tuple[str, float]] = []
    findings = tuple(_check(claim, rows, values) for claim in known)
    if not known:
        seen = f"none of its {len(claims)} claims can be recomputed"
        findings = (_nothing(seen, f"claim at least one of {', '.join(METRICS)}"),)
    return CheckedClaims(findings, tuple(_unknown(claims)), tuple(values))


def _read(path: Path) -> tuple[Claim, ...]:
    try:
        claims = msgspec.json.decode(path.read_bytes(), type=_Claims).metrics
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnusableError(str(error)) from error
    for claim in claims:
        if not claim.value.is_finite() or abs(float(claim.value)) == float("inf"):
            raise UnusableError(f"value of {claim.subject} is {claim.value}")
    return claims


def _unknown(claims: tuple[Claim, ...]) -> Iterator[str]:
    for claim in claims:
        if claim.metric not in METRICS:
            yield f"claim {claim.subject} = {claim.value}: the kit does not compute {claim.metric}"


def _check(claim: Claim, rows: Rows, values: list[tuple[str, float]]) -> Finding:
    part = rows.where(claim.part)
    if claim.n != len(part):
        has = f"evaluations.jsonl has {counted(len(part), 'row')}"
        return _finding(claim, Verdict.REFUSED, f"metrics.json claims n = {claim.n:,}, {has}")
    if claim.direction != METRICS[claim.metric].direction:
        return _finding(claim, Verdict.REFUSED, f"claimed that {claim.direction} is better, which it is not")
    if claim.positive is not None and not METRICS[claim.metric].takes_positive:
        return _finding(claim, Verdict.REFUSED, f"claimed of {claim.label!r}, which {claim.metric} is not")
    try:
        value = value_of(claim.metric, part, claim.label)
    except UndefinedError as error:
        return _finding(claim, Verdict.INCONCLUSIVE, str(error))
    values.append((claim.subject, value))
    kept = is_claim_kept(float(claim.value), value, claim.tolerance)
    verdict = Verdict.PASSED if kept else Verdict.REFUSED
    return _finding(claim, verdict, f"claimed {claim.value}, recomputed {value:.10g}, n = {len(part):,}")


def _finding(claim: Claim, verdict: Verdict, observed: str) -> Finding:
    then = {
        Verdict.PASSED: "",
        Verdict.INCONCLUSIVE: "bring evaluations that the claim can be recomputed from",
        Verdict.REFUSED: "find out which is right, metrics.json or evaluations.jsonl, and publish anew",
    }
    return Finding(
        check=CHECK,
        subject=claim.subject,
        verdict=verdict,
        observed=observed,
        rule=f"the value that evaluations.jsonl gives, give or take {claim.tolerance:.1g}, on as many rows",
        where="metrics.json",
        next=then[verdict],
    )


def _nothing(observed: str, then: str) -> Finding:
    return Finding(
        check=CHECK,
        subject="claims",
        verdict=Verdict.INCONCLUSIVE,
        observed=observed,
        rule="every claim of metrics.json is recomputed",
        where="metrics.json",
        next=then,
    )
