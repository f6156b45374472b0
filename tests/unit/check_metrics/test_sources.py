"""Comparisons with a model by its SHA, and evaluations that lie beside release.yaml."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_steps.documents import MetricsReport
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.evaluated import BETTER, FLOOR, VERSUS, Files, model
from ci_steps.selftest.specimen import Specimen, evaluations, jsonl, manifest_of
from ci_steps.steps.check_metrics import CheckMetrics

ROWS = evaluations()
NAME = "specimen@9f2c41d"
OLDER = replace(VERSUS, versus=NAME)
BARE = model(ROWS, **{"evaluations.jsonl": None})


def report(
    folder: Path,
    *rules: MetricRule,
    files: Files | None = None,
    baseline: Files | None = None,
    references: Mapping[str, Files] | None = None,
    evidence: Mapping[Digest, bytes] | None = None,
) -> MetricsReport:
    specimen = Specimen(
        files=files or model(ROWS),
        baseline=baseline,
        references=references or {},
        evidence=evidence or {},
        plan={"metrics": rules},
    )
    return CheckMetrics().run(specimen.laid_out(folder))


def the(check: str, of: MetricsReport) -> Finding:
    [finding] = [f for f in of.findings if f.check == f"check-metrics.{check}"]
    return finding


def test_a_named_model_is_compared_with_by_the_name_that_the_rule_gives_it(tmp_path: Path) -> None:
    finding = the("versus", report(tmp_path, OLDER, references={NAME: model(evaluations(wrong=160))}))

    assert finding.verdict is Verdict.PASSED
    assert finding.subject == f"accuracy versus {NAME}"
    assert f"worse than {NAME} by at most 0.03" in finding.rule


def test_each_rule_is_held_against_its_own_model(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        VERSUS,
        OLDER,
        baseline=model(evaluations(wrong=160)),
        references={NAME: model(evaluations(wrong=40))},
    )

    assert {f.subject: f.verdict for f in found.findings if f.check == "check-metrics.versus"} == {
        "accuracy versus baseline": Verdict.PASSED,
        f"accuracy versus {NAME}": Verdict.REFUSED,
    }


def test_a_named_model_needs_nothing_live(tmp_path: Path) -> None:
    assert report(tmp_path, OLDER, references={NAME: model(evaluations(wrong=90))}).verdict is Verdict.PASSED


@pytest.mark.parametrize(("content", "seen"), [(None, "has no evaluations.jsonl"), (b"{", "line 1")])
def test_a_named_model_without_evaluations_decides_nothing(
    tmp_path: Path, content: bytes | None, seen: str
) -> None:
    bare = model(evaluations(wrong=90), **{"evaluations.jsonl": content})

    finding = the("reference", report(tmp_path, OLDER, references={NAME: bare}))

    assert finding.verdict is Verdict.INCONCLUSIVE
    assert seen in finding.observed
    assert "evidence:" in finding.next


def test_a_model_is_no_worse_than_itself_and_no_better_either(tmp_path: Path) -> None:
    gain = replace(BETTER, versus=NAME)

    same = the("versus", report(tmp_path / "a", OLDER, references={NAME: model(ROWS)}))
    better = the("versus", report(tmp_path / "b", gain, references={NAME: model(ROWS)}))

    assert (same.verdict, better.verdict) == (Verdict.WARNED, Verdict.INCONCLUSIVE)
    assert "non-inferior by identity, so nothing was compared" in same.observed
    assert "a model cannot be better than itself" in better.next


def test_a_gain_is_shown_or_shown_to_be_too_small_or_neither(tmp_path: Path) -> None:
    def judged(wrong: int) -> Finding:
        return the(
            "versus",
            report(
                tmp_path / str(wrong), BETTER, files=model(evaluations(wrong=wrong)), baseline=model(ROWS)
            ),
        )

    shown, small, neither = judged(40), judged(95), judged(65)

    assert [f.verdict for f in (shown, small, neither)] == [
        Verdict.PASSED,
        Verdict.REFUSED,
        Verdict.INCONCLUSIVE,
    ]
    assert shown.rule.startswith(
        "better than the baseline by at least 0.03, accuracy, on 100 examples or more"
    )
    assert "its gain is less than asked" in small.next
    assert neither.next.startswith("too few examples: with this difference it would pass at about ")
    assert shown.interval is not None
    assert shown.interval.margin == 0.03


def test_evidence_is_used_with_a_warning_that_says_what_it_is(tmp_path: Path) -> None:
    sha, rows = manifest_of(BARE).sha, jsonl(ROWS)

    found = report(tmp_path, FLOOR, files=BARE, evidence={sha: rows})

    finding = the("evidence", found)
    assert finding.verdict is found.verdict is Verdict.WARNED
    assert finding.observed == (
        f"they come from evidence/{sha.short}.jsonl, {Digest.of(rows)}, "
        f"which the SHA of specimen@{sha.short} does not cover"
    )
    assert finding.where == "release.yaml:30"
    assert the("golden", found).verdict is Verdict.PASSED
    assert the("claim", found).verdict is Verdict.PASSED


def test_evidence_that_no_rule_needs_is_not_spoken_of(tmp_path: Path) -> None:
    bare = model(evaluations(wrong=90), **{"evaluations.jsonl": None})

    found = report(tmp_path, FLOOR, baseline=bare, evidence={manifest_of(bare).sha: jsonl(ROWS)})

    assert "check-metrics.evidence" not in {f.check for f in found.findings}


def test_what_a_model_came_with_goes_before_evidence(tmp_path: Path) -> None:
    files = model(ROWS)

    found = report(
        tmp_path, FLOOR, files=files, evidence={manifest_of(files).sha: jsonl(evaluations(wrong=900))}
    )

    assert the("floor", found).verdict is Verdict.PASSED


def test_evidence_changed_after_it_was_fetched_is_bad_input(tmp_path: Path) -> None:
    sha = manifest_of(BARE).sha
    run = Specimen(files=BARE, evidence={sha: jsonl(ROWS)}, plan={"metrics": (FLOOR,)}).laid_out(tmp_path)
    (tmp_path / "evidence" / sha.short / "evaluations.jsonl").write_bytes(jsonl(evaluations(wrong=0)))

    with pytest.raises(InputError, match="not what was fetched"):
        CheckMetrics().run(run)


def test_a_first_release_has_no_baseline_also_where_evidence_lies_about(tmp_path: Path) -> None:
    found = report(tmp_path, VERSUS, evidence={Digest("0" * 64): jsonl(ROWS)})

    assert [f.check for f in found.blocking] == ["check-metrics.baseline"]
