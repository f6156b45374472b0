"""The whole gate, once numpy is there: evaluations in, findings and values out."""

from collections.abc import Iterator

from ci_steps.documents import FetchedModel, MetricsReport, Plan
from ci_steps.model.digest import Digest
from ci_steps.model.metrics import BASELINE, refuse_bad_rules
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.rundir import RunDir
from ci_steps.steps.check_metrics.bootstrap import seed_of
from ci_steps.steps.check_metrics.claims import check_claims
from ci_steps.steps.check_metrics.golden import check_golden
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError, brought_together
from ci_steps.steps.check_metrics.rows import ContradictoryError, Rows, UnusableError, read_rows
from ci_steps.steps.check_metrics.rules import Grounds, Opponent, findings_of
from ci_steps.steps.check_metrics.slices import names_of
from ci_steps.steps.check_metrics.sources import NO_EVALUATIONS, Sources
from ci_steps.steps.check_metrics.values import UndefinedError, refuse_other_positives, value_of
from ci_steps.steps.check_metrics.wording import counted, subject_of

_EVALUATIONS = "each line has id, truth and prediction, each id once, and only finite numbers"


def report_on(run: RunDir) -> MetricsReport:
    """Read all sides, recompute everything, and say what holds."""
    plan, fetched = run.read(Plan), run.read(FetchedModel)
    refuse_bad_rules(plan.metrics)
    sources = Sources(run, plan, fetched)
    against = _against(plan)
    came = tuple(sources.used(frozenset({plan.sha, *filter(None, against.values())})))
    try:
        rows = read_rows(sources.evaluations(plan.sha))
    except UnusableError as error:
        return MetricsReport(
            findings=(_rules(plan), *came, _unusable(error)),
            not_checked=("rules, claims and golden rows: all need evaluations",),
        )
    refuse_other_positives(plan.metrics, rows)
    opponents = {name: _opponent(sources, name, sha, rows) for name, sha in against.items()}
    grounds = Grounds(candidate=rows, seed=seed_of(plan.sha), opponents=opponents)
    claims = check_claims(sources.of(plan.sha, "metrics.json"), rows)
    golden = _golden(sources, plan.sha, rows)
    judged = tuple(finding for rule in plan.metrics for finding in findings_of(rule, grounds))
    return MetricsReport(
        findings=(_rules(plan), *came, _usable(rows), *judged, *claims.findings, golden),
        not_checked=(*claims.not_checked, *_unseen(plan.metrics, rows)),
        values=_values(plan.metrics, rows) | dict(claims.values),
    )


def _against(plan: Plan) -> dict[str, Digest | None]:
    """Return whom the rules compare with, as they call them; None where nothing is live."""
    known: dict[str, Digest | None] = {each.versus: each.sha for each in plan.references}
    known[BASELINE] = plan.baseline.sha if plan.baseline else None
    return {rule.versus: known[rule.versus] for rule in plan.metrics if rule.versus is not None}


def _opponent(sources: Sources, name: str, sha: Digest | None, rows: Rows) -> Opponent:
    ours = sources.plan.sha
    seed = seed_of(ours, *((sha,) if sha else ()))
    return Opponent(None if _is_itself(sha, ours) else _sides(sources, name, sha, rows), seed)


def _is_itself(sha: Digest | None, ours: Digest) -> bool:
    """Whether a model would be compared with itself: that needs no evaluations."""
    return sha == ours


def _sides(sources: Sources, name: str, sha: Digest | None, rows: Rows) -> Sides | UndecidableError:
    if sha is None:
        return UndecidableError(
            "baseline",
            "no release is live, so there is nothing to compare with",
            "on a first release, a waiver for check-metrics.baseline says who answers for it",
        )
    try:
        theirs = read_rows(sources.evaluations(sha))
        _refuse_contradicted(sources, name, sha, theirs)
        return brought_together(rows, theirs)
    except UnusableError as error:
        if name != BASELINE:
            then = "publish that model with its evaluations, or name them under `evidence:` in release.yaml"
            return UndecidableError("reference", f"evaluations of {name}: {error}", then)
        return UndecidableError(
            "baseline-evaluations",
            f"evaluations of the baseline {sha.short}: {error}",
            "name them under `evidence:` in release.yaml, or publish the live model with its evaluations and "
            "roll it out, or answer for it with a waiver",
        )
    except UndecidableError as problem:
        return problem


def _refuse_contradicted(sources: Sources, name: str, sha: Digest, theirs: Rows) -> None:
    """Refuse to compare with evaluations that the other model's own claims or golden rows speak against.

    They were published with it, and its SHA covers them; what release.yaml names may be of any model.
    """
    claims = check_claims(sources.of(sha, "metrics.json"), theirs).findings
    for finding in (*claims, _golden(sources, sha, theirs)):
        if finding.verdict is Verdict.REFUSED:
            raise UndecidableError(
                "evidence",
                f"the evaluations of {name} and its own {finding.where} disagree: "
                f"{finding.subject}: {finding.observed}",
                "find out which model these evaluations are of, and name the right ones",
            )


def _golden(sources: Sources, sha: Digest, rows: Rows) -> Finding:
    return check_golden(sources.of(sha, "golden.jsonl"), sources.of(sha, "interface.json"), rows)


def _unseen(rules: tuple[MetricRule, ...], rows: Rows) -> Iterator[str]:
    """Name the slices that no rule looks at: there a harm could hide."""
    looked_at = {name for rule in rules for name in names_of(rule, rows)}
    if unseen := sorted(rows.slices.keys() - looked_at):
        many = len(unseen) > 1
        yield f"slice{'s' * many} {', '.join(unseen)}: no rule looks at {'them' if many else 'it'}"


def _values(rules: tuple[MetricRule, ...], rows: Rows) -> dict[str, float]:
    values: dict[str, float] = {}
    alone = Sides(rows, rows, paired=False)
    for rule in rules:
        parts: list[dict[str, str]] = [{}]
        for name in names_of(rule, rows):
            parts += [{name: value} for value in alone.values(name)]
        for part in parts:
            try:
                values[subject_of(rule.metric, part)] = value_of(rule.metric, rows.where(part), rule.positive)
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
        rule="at least one metric has a floor, a ceiling or a margin against another model",
        where=plan.config,
        next="" if count else "write what the model must keep under `metrics:`",
    )


def _usable(rows: Rows) -> Finding:
    return Finding(
        check="check-metrics.evaluations",
        subject="evaluations.jsonl",
        verdict=Verdict.PASSED,
        observed=f"{counted(len(rows), 'row')} of {rows.kind} labels",
        rule=_EVALUATIONS,
        where="evaluations.jsonl",
    )


def _mend(error: UnusableError) -> str:
    line, colon, _ = str(error).partition(":")
    if colon and line.startswith("line "):
        return f"correct {line} of evaluations.jsonl and publish the model anew"
    then = "evaluate the model and publish it with its evaluations"
    return f"{then}, or name them under `evidence:`" if str(error) == NO_EVALUATIONS else then


def _unusable(error: UnusableError) -> Finding:
    return Finding(
        check="check-metrics.evaluations",
        subject="evaluations.jsonl",
        verdict=Verdict.REFUSED if isinstance(error, ContradictoryError) else Verdict.INCONCLUSIVE,
        observed=str(error),
        rule=_EVALUATIONS,
        where="evaluations.jsonl",
        next=_mend(error),
    )
