"""What the page of a run says, for every way in which a run can end."""

from pathlib import Path

import msgspec
import pytest

from ci_steps.documents import LoadReport, MetricsReport, Plan, PushedImage, Rollback, Rollout, Stopped
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Config, Module, Origin
from ci_steps.report import write_page
from ci_steps.rundir import RunDir
from tests.fakes.runs import WAIVER, by_hand, files_of, finished, gated, planned, put, rollout, written


def banner(page: str) -> str:
    return page[page.index("<header>") : page.index("</header>")]


def test_a_release_that_is_live_says_who_serves_and_what_was_read_back(tmp_path: Path) -> None:
    said = banner(written(finished(tmp_path)))

    assert "✔</span><strong>live: production-7 serves" in said
    assert "2 of 2 serving replicas are healthy, production-7 answers" in said
    assert "exit code 0" in said


def test_the_page_lies_in_the_run_directory(tmp_path: Path) -> None:
    assert write_page(finished(tmp_path)) == tmp_path / "report.html"


def test_the_page_is_the_same_for_the_same_documents_on_the_same_day(tmp_path: Path) -> None:
    run = finished(tmp_path)

    assert written(run) == written(run)


def test_a_refusal_comes_first_with_its_reason_its_line_and_what_to_do(tmp_path: Path) -> None:
    run = planned(tmp_path, files_of(110, wrong_long=95))
    gated(run)

    said = banner(written(run))

    assert "✘</span><strong>refused: the model may not serve" in said
    assert "check-metrics.versus" in said
    assert "[release.yaml:20]" in said
    assert "accuracy where length=long versus baseline: 0.905 against 0.95" in said
    assert "next: worse than the margin allows" in said
    assert "exit code 4" in said


def test_steps_that_were_not_run_are_named_as_such(tmp_path: Path) -> None:
    page = written(planned(tmp_path))

    assert "unfinished: 9 of 11 steps were not run" in banner(page)
    assert page.count("· not run") == 9


def test_a_stopped_run_says_in_which_step_why_and_what_next(tmp_path: Path) -> None:
    run = finished(tmp_path)
    run.drop(LoadReport, Rollout)
    stopped = Stopped(step="load-test", message="the registry does not answer", hint="start it", code=3)
    put(run, stopped, after=20)

    page = written(run)

    assert "stopped in load-test: something outside failed" in banner(page)
    assert "the registry does not answer" in banner(page)
    assert "next: start it" in banner(page)
    assert "exit code 3" in banner(page)
    assert "? stopped" in page


def test_an_edited_document_makes_nobody_able_to_tell(tmp_path: Path) -> None:
    run = finished(tmp_path)
    path = run.path(MetricsReport)
    path.write_text(path.read_text().replace("0.75", "0.65"))

    page = written(run)

    assert "?</span><strong>nobody can tell: the evidence cannot be read" in banner(page)
    assert "check-metrics.json was edited after its step wrote it" in banner(page)
    assert "? cannot be read" in page


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"name": 1}'])
def test_a_document_that_is_no_document_does_not_keep_the_page_away(tmp_path: Path, content: bytes) -> None:
    run = finished(tmp_path)
    run.path(Plan).write_bytes(content)

    page = written(run)

    assert "nobody can tell" in banner(page)
    assert "? cannot be read" in page


def test_an_empty_run_directory_has_a_page_too(tmp_path: Path) -> None:
    assert "nothing was run here" in written(RunDir(tmp_path))


def test_a_folder_that_is_not_there_gets_no_page(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a run directory"):
        write_page(RunDir(tmp_path / "typo"))

    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize(
    ("result", "sign", "said"),
    [
        ("rolled-back", "!", "rolled back: the service is as it was before"),
        ("rollback-failed", "✘", "ROLLBACK FAILED: look at the service now"),
        ("moved", "?", "what is live changed since the plan"),
        ("stale", "!", "a release that was planned later is live"),
        ("dry-run", "✔", "dry run: it may serve; nothing was changed"),
    ],
)
def test_each_ending_of_a_rollout_is_a_different_thing(
    tmp_path: Path, result: str, sign: str, said: str
) -> None:
    run = finished(tmp_path)
    put(run, rollout(run.read(Plan), result=result, reason="because"), after=34)

    top = banner(written(run))

    assert f"{sign}</span><strong>{said}" in top or f"{sign}</span><strong>not rolled out: {said}" in top
    assert "because" in top


def left_for_another(run: RunDir, **changes: object) -> Rollback:
    """Return a rollback to a release of another model than the planned one."""
    done = rollout(run.read(Plan))
    assert done.before is not None
    back = msgspec.structs.replace(done.before, sha=Digest("b" * 64))
    deed = Rollback(result="live", release=back, before=done.release, observed=None)
    return msgspec.structs.replace(deed, **changes)


def title(page: str) -> str:
    return page[page.index("<title>") : page.index("</title>")]


def test_a_later_rollback_decides_over_the_rollout_before_it(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, left_for_another(run), after=900)

    page = written(run)

    assert "rollback: live: production-5 (specimen@bbbbbbbbbbbb) serves" in banner(page)
    assert "The platform was not read back." in page


def test_after_a_rollback_the_title_names_what_serves_now_and_not_what_was_left(tmp_path: Path) -> None:
    run = finished(tmp_path)
    left = run.read(Plan).sha.short
    assert f"specimen@{left} to production" in title(written(run))

    put(run, left_for_another(run), after=900)

    page = written(run)
    serves = "production-5 (specimen@bbbbbbbbbbbb) serves"
    assert title(page) == f"<title>✔ specimen@bbbbbbbbbbbb in production: rollback: live: {serves}"
    assert f"specimen@{left}" not in title(page)
    assert "<h1>specimen@bbbbbbbbbbbb in production</h1>" in page
    assert f"production-7 (specimen@{left}) was left" in banner(page)


def test_a_rollback_that_was_undone_names_the_release_that_serves_as_before(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, left_for_another(run, result="rolled-back"), after=900)

    page = written(run)

    assert f"<h1>specimen@{run.read(Plan).sha.short} in production</h1>" in page
    assert "was left" not in page


@pytest.mark.parametrize("result", ["nothing-to-do", "moved"])
def test_a_rollback_after_which_nobody_looked_names_no_model(tmp_path: Path, result: str) -> None:
    run = finished(tmp_path)
    put(run, left_for_another(run, result=result, release=None), after=900)

    assert "<h1>Rollback in production</h1>" in written(run)


def test_a_rollback_that_failed_names_no_model_as_if_it_served(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, left_for_another(run, result="rollback-failed", reason="no answer"), after=900)

    page = written(run)

    assert title(page) == (
        "<title>✘ Rollback in production: rollback: ROLLBACK FAILED: look at the service now"
    )
    assert "<h1>Rollback in production</h1>" in page


def test_a_rollback_with_nothing_to_leave_says_what_serves_only(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, left_for_another(run, result="already-live", before=None), after=900)

    page = written(run)

    assert "rollback: already live: production-5 (specimen@bbbbbbbbbbbb) serves" in banner(page)
    assert "was left" not in page


def test_a_rollout_past_a_report_that_was_made_anew_warns(tmp_path: Path) -> None:
    run = finished(tmp_path)
    pushed = run.read(PushedImage)
    gate = run.read(MetricsReport).digest
    run.write(msgspec.structs.replace(pushed, made_from={"check-metrics": gate}))
    before = written(run)

    by_hand(run)

    assert "made from a check-metrics.json" not in before
    assert "!</span><strong>live" in banner(written(run))
    assert "made from a check-metrics.json that was made anew since" in banner(written(run))


def test_a_waived_finding_is_shown_as_waived_by_whom_and_until_when(tmp_path: Path) -> None:
    page = written(finished(tmp_path, files_of(140), waivers=(WAIVER,)))

    assert "! waived" in page
    assert "waived by m.jansen until 2026-11-30: the long slice is small until May" in page
    assert "! until 2026-11-30, 8 days left" in page


def test_an_ended_waiver_covers_nothing_and_says_so(tmp_path: Path) -> None:
    ended = msgspec.structs.replace(WAIVER, until=WAIVER.until.replace(day=1))
    run = finished(tmp_path, files_of(140), waivers=(ended,))
    run.drop(Rollout)

    page = written(run)

    assert "✘ ended on 2026-11-01" in page
    assert "inconclusive: there is too little evidence for the model to serve" in banner(page)
    assert "! waived" not in page


def test_the_ingredients_the_baseline_and_the_image_are_named_in_full(tmp_path: Path) -> None:
    run = finished(tmp_path)
    plan = run.read(Plan)
    assert plan.baseline is not None

    page = written(run)

    for named in (plan.sha, plan.baseline.sha, plan.baseline.image, "sha256:" + "a" * 64, "0" * 40):
        assert str(named) in page
    for layer in ("base", "dependencies", "serving", "model"):
        assert f'<td data-label="layer">{layer}</td>' in page


def test_what_was_not_checked_is_said(tmp_path: Path) -> None:
    run = finished(tmp_path)
    report = msgspec.structs.replace(run.read(LoadReport), not_checked=("p50: it has no limit",))
    put(run, report)

    assert '<td data-label="not checked">p50: it has no limit</td>' in written(run)


def test_reports_that_passed_are_folded_and_the_others_are_open(tmp_path: Path) -> None:
    run = planned(tmp_path, files_of(110, wrong_long=95))
    gated(run)

    page = written(run)

    assert '<details id="check-metrics" open>' in page
    assert '<details id="scan-model">' in page


def test_a_model_from_elsewhere_shows_its_address_what_is_said_there_and_what_it_stands_on(
    tmp_path: Path,
) -> None:
    run = finished(tmp_path)
    plan = run.read(Plan)
    manifest = msgspec.structs.replace(
        plan.manifest,
        config=Config(values={"seed": 7, "features": "ngrams"}, sha256="0" * 64),
        origin=Origin(address="mlflow:models/flowers/1", facts={"MLflow run": "9f2c41d"}),
        modules=(Module(name="tokenizer", sha=Digest("a" * 64)),),
    )
    put(run, msgspec.structs.replace(plan, manifest=manifest))

    said = written(run).partition("Where it comes from")[2].partition("</section>")[0]

    assert "<dt>brought from</dt><dd><code>mlflow:models/flowers/1</code>" in said
    assert "<dt>MLflow run</dt><dd>9f2c41d" in said
    assert f"<dt>module</dt><dd>tokenizer <code>sha256:{'a' * 64}</code>" in said
    assert "<code>features=&quot;ngrams&quot;, seed=7</code>" in said
