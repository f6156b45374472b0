"""Findings of this step, each under its own id."""

from ci_steps.model.verdict import Finding, Verdict


def passed(kind: str, observed: str, rule: str, *, subject: str = "", where: str = "") -> Finding:
    return _finding(kind, Verdict.PASSED, observed, rule, subject=subject, where=where)


def warned(
    kind: str, observed: str, rule: str, *, subject: str = "", hint: str, witness: str | None = None
) -> Finding:
    return _finding(kind, Verdict.WARNED, observed, rule, subject=subject, hint=hint, witness=witness)


def undecided(
    kind: str,
    observed: str,
    rule: str,
    *,
    subject: str = "",
    where: str = "",
    hint: str,
    witness: str | None = None,
) -> Finding:
    return _finding(
        kind, Verdict.INCONCLUSIVE, observed, rule, subject=subject, where=where, hint=hint, witness=witness
    )


def refused(
    kind: str,
    observed: str,
    rule: str,
    *,
    subject: str = "",
    where: str = "",
    hint: str,
    witness: str | None = None,
) -> Finding:
    return _finding(
        kind, Verdict.REFUSED, observed, rule, subject=subject, where=where, hint=hint, witness=witness
    )


def _finding(
    kind: str,
    verdict: Verdict,
    observed: str,
    rule: str,
    *,
    subject: str = "",
    where: str = "",
    hint: str = "",
    witness: str | None = None,
) -> Finding:
    return Finding(
        check=f"integration-test.{kind}",
        subject=subject,
        verdict=verdict,
        observed=observed,
        rule=rule,
        where=where,
        next=hint,
        witness=witness,
    )
