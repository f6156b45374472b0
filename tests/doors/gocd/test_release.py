"""A model's way through GoCD, with the real kit: each test stands on what those above it left."""

import json
from xml.etree import ElementTree as ET

import pytest
import requests

from ci_steps.wiring import RELEASE
from tests.doors.gocd.records import Run
from tests.doors.gocd.server import Cancel, GoCD
from tests.e2e.project import Project

DOCUMENTS = {f"{step}.json" for step in RELEASE}


def test_a_cancel_in_the_middle_of_the_load_test_leaves_no_container_behind(
    gocd: GoCD, project: Project
) -> None:
    under_load = Cancel(
        "load-test", lambda folder: (folder / ".release" / "load-test" / "order.json").exists()
    )

    run = gocd.run("release", variables={"MODEL": "tweets:v1"}, by="a.smith", cancel=under_load)

    assert run.result == "Cancelled", run.said
    assert run.stage("integration-test").result == "Passed"
    assert project.test_containers() == []
    assert gocd.downstream(run) == ()


def test_the_stage_run_again_brings_the_model_to_staging(
    gocd: GoCD, project: Project, staging: Project
) -> None:
    run = gocd.rerun(newest(gocd, "release"), "load-test", by="a.smith")

    assert [stage.result for stage in run.stages if stage.counter == 2] == ["Passed"]
    assert run.stage("rollout").result == "Passed", run.said
    assert staging.live_sha() == project.shas["v1"]
    assert "live" in run.description


def test_only_documents_went_from_stage_to_stage(gocd: GoCD) -> None:
    run = newest(gocd, "release")

    assert {path.name for path in run.run_dir.glob("*.json")} == DOCUMENTS
    for stage in run.stages:
        names = {path.name for path in stage.artifacts.rglob("*")}
        assert not names & {"model", "baseline", "model.joblib"}, stage.name


def test_each_stage_shows_its_findings_as_tests_and_a_page(gocd: GoCD) -> None:
    passed = [stage for stage in newest(gocd, "release").stages if stage.result == "Passed"]

    for stage in passed:
        suites = ET.parse(stage.artifacts / "tests" / "findings.xml").getroot()
        assert not [*suites.iter("failure"), *suites.iter("error")]
        assert "</html>" in (stage.artifacts / "report.html").read_text(encoding="utf-8")


def test_production_is_triggered_and_touches_nothing_until_somebody_approves(
    gocd: GoCD, project: Project
) -> None:
    assert gocd.downstream(newest(gocd, "release")) == ("release-production",)

    run = gocd.run("release-production")

    assert run.waiting == "production"
    assert (run.stage("review").artifacts / "report.html").is_file()
    with pytest.raises(requests.ConnectionError):
        project.get("/info")


def test_an_approval_carries_the_very_image_of_staging_to_production(gocd: GoCD, project: Project) -> None:
    run = gocd.approve(newest(gocd, "release-production"), by="m.jansen")

    assert run.result == "Passed", run.said
    proven, live = (project.ledger(name)[-1]["release"] for name in ("staging", "production"))
    assert (live["sha"], live["image"]) == (proven["sha"], proven["image"])
    assert project.live_sha() == project.shas["v1"]
    assert {entry["by"] for entry in project.ledger("production")} == {"m.jansen"}


def test_a_worse_model_is_refused_at_the_gates_and_its_evidence_is_kept(gocd: GoCD, project: Project) -> None:
    before = project.ledger("staging")

    run = gocd.run("release", variables={"MODEL": "tweets:worse"}, by="timer")

    refused = run.stage("check")
    assert run.stages[-1] == refused
    assert (refused.result, refused.exit) == ("Failed", 4)
    assert run.description.startswith("refused: "), run.description
    assert "check-metrics.versus accuracy where length=long" in run.description
    suites = ET.parse(refused.artifacts / "tests" / "findings.xml").getroot()
    failed = [str(case.get("name")) for case in suites.iter("testcase") if case.find("failure") is not None]
    assert any("check-metrics.versus" in name and "length=long" in name for name in failed), failed
    assert json.loads((run.run_dir / "check-metrics.json").read_bytes())["findings"]
    assert gocd.downstream(run) == ()
    assert project.ledger("staging") == before


def newest(gocd: GoCD, pipeline: str) -> Run:
    return gocd.runs[pipeline][-1]
