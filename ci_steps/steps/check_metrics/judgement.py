"""The whole gate, once numpy is there: evaluations in, findings and values out."""

from pathlib import Path

from ci_steps.documents import FetchedModel, MetricsReport, Plan
from ci_steps.model.metrics import refuse_bad_rules
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.rundir import RunDir
from ci_steps.steps.check_metrics.bootstrap import seed_of
from ci_steps.steps.check_metrics.claims import check_claims
from ci_steps.steps.check_metrics.golden import check_golden
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError, brought_together
from ci_steps.steps.check_metrics.rows import Rows, UnusableError, read_rows
from ci_steps.steps.check_metrics.rules import Evidence, findings_of, subject_of
from ci_steps.steps.check_metrics.values import UndefinedError, value_of


def report_on(run: RunDir) -> MetricsReport:
    """Read both sides, recompute everything, and say what holds."""
    plan, fetched = run.read(Plan), run.read(FetchedModel)
    refuse_bad_rules(plan.metrics)
    try:
        rows = read_rows(_evaluations(run, fetched))
    except UnusableError as error:
        return MetricsReport(
            findings=(_rules(plan), _no_evaluations(error)),
            not_checked=("rules, claims and golden rows: all need evaluations",),
        )
    evidence = Evidence(
        candidate=rows,
        sides=_sides(run, plan, fetched, rows) if _compares(plan) else None,
        seed=seed_of(plan.sha, *((plan.baseline.sha,) if plan.baseline else ())),
    )
    claims = check_claims(_file(run, fetched, "metrics.json"), rows)
    golden = check_golden(_file(run, fetched, "golden.jsonl"), _file(run, fetched, "interface.json"), rows)
    judged = tuple(finding for rule in plan.metrics for finding in findings_of(rule, evidence))
    return MetricsReport(
        findings=(_rules(plan), *judged, *claims.findings, golden),
        not_checked=claims.not_checked,
        values=_values(plan.metrics, rows) | dict(claims.values),
    )


def _compares(plan: Plan) -> bool:
    return any(rule.versus is not None for rule in plan.metrics)


def _sides(run: RunDir, plan: Plan, fetched: FetchedModel, rows: Rows) -> Sides | UndecidableError | None:
    if plan.baseline is None:
        return UndecidableError(
            "baseline",
            "no release is live, so there is nothing to compare with",
            "on a first release, a waiver for check-metrics.baseline says who answers for it",
        )
    if plan.sha == plan.baseline.sha:
        return None
    try:
        baseline = read_rows(_baseline_evaluations(run, fetched))
        return brought_together(rows, baseline)
    except UnusableError as error:
        return UndecidableError(
            "baseline-evaluations",
            f"evaluations of the baseline {plan.baseline.sha.short}: {error}",
            "publish the live model with its evaluations and roll it out, or answer for it with a waiver",
        )
    except UndecidableError as problem:
        return problem


def _evaluations(run: RunDir, fetched: FetchedModel) -> Path:
    path = _file(run, fetched, "evaluations.jsonl")
    if path is None:
        raise UnusableError("the model has no evaluations.jsonl")
    return path


def _baseline_evaluations(run: RunDir, fetched: FetchedModel) -> Path:
    folder = fetched.baseline_folder
    for file in fetched.baseline_files if folder is not None else ():
        if folder is not None and file.path == "evaluations.jsonl":
            return run.verified(folder, file)
    raise UnusableError("it has no evaluations.jsonl")


def _file(run: RunDir, fetched: FetchedModel, path: str) -> Path | None:
    found = next((file for file in fetched.files if file.path == path), None)
    return run.verified(fetched.folder, found) if found else None


def _values(rules: tuple[MetricRule, ...], rows: Rows) -> dict[str, float]:
    values: dict[str, float] = {}
    for rule in rules:
        parts: list[dict[str, str]] = [{}]
        for name in rule.slices:
            parts += [{name: value} for value in Sides(rows, rows, paired=False).values(name)]
        for part in parts:
            try:
                values[subject_of(rule.metric, part)] = value_of(rule.metric, rows.where(part))
            except UndefinedError:
                continue  # the rule's own finding says so
    return values


def _rules(plan: Plan) -> Finding:
    count = len(plan.metrics)
    return Finding(
        check="check-metrics.rules",
        subject="rules",
        verdict=Verdict.PASSED if count > 0 else Verdict.INCONCLUSIVE,
        observed=f"{plan.config} has {count or 'no'} {'rule' if count == 1 else 'rules'} for metrics",
        rule="at least one metric has a floor, a ceiling or a margin against the baseline",
        where=plan.config,
        next="" if count else "write what the model must keep under `metrics:`",
    )


def _no_evaluations(error: UnusableError) -> Finding:
    return Finding(
        check="check-metrics.evaluations",
        subject="evaluations.jsonl",
        verdict=Verdict.INCONCLUSIVE,
        observed=str(error),
        rule="each line has id, truth and prediction, each id once, and only finite numbers",
        where="evaluations.jsonl",
        next="evaluate the model and publish it with its evaluations",
    )
