"""Real releases through the Jenkinsfile: staging, production, refused, aborted, gone on with."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ci_steps.wiring import GATES, RELEASE
from tests.doors.jenkins.build import Jenkins, Question, StillQueuedError
from tests.doors.jenkins.kit import job_on
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Project, free_port

STEPS = [step for step in RELEASE if step not in GATES]
STAGES = ("setup", *STEPS[:3], "check", *STEPS[3:])
LOAD = {"rate": 15, "seconds": 2, "warmup_seconds": 1, "p50_ms": 2000, "errors": 0, "achieved": 0.5}
"""What is tested here is who calls the load test, not how fast this machine is today."""


@pytest.fixture(scope="module")
def project(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with a_copy(by_heart, tmp_path_factory.mktemp("jenkins") / "tweets") as copy:
        addresses = {"production": copy.address, "staging": f"127.0.0.1:{free_port()}"}
        copy.configure(
            environments={n: {"target": "docker", "address": a} for n, a in addresses.items()},
            load=LOAD,
        )
        yield copy


@pytest.fixture(scope="module")
def jenkins(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Jenkins:
    """Run an agent with nothing on it but what it needs; the job has run before."""
    return job_on(project, tmp_path_factory.mktemp("job"))


def ended(*names: str, how: str = "SUCCESS") -> dict[str, str]:
    return dict.fromkeys(names, how)


def test_a_release_goes_to_staging_and_once_approved_to_production_as_the_same_image(
    project: Project, jenkins: Jenkins
) -> None:
    def approved(_question: Question) -> str:
        # What the approval is asked about is live, and production is as it was.
        assert [entry["kind"] for entry in project.ledger("staging")] == ["intent", "outcome"]
        assert project.ledger("production") == []
        with pytest.raises(StillQueuedError):
            jenkins.build({"MODEL": "tweets:v2", "ENVIRONMENT": "staging"})
        return "alice"

    build = jenkins.build({"MODEL": "tweets:v1", "ENVIRONMENT": "production"}, approve=approved)

    assert build.result == "SUCCESS", build.log
    assert build.ended == ended("staging", *STAGES, "approval", "production")
    assert [question.holds_executor for question in build.asked] == [False]
    proven, live = (project.ledger(name)[-1] for name in ("staging", "production"))
    assert (live["release"]["sha"], live["release"]["image"]) == (
        proven["release"]["sha"],
        proven["release"]["image"],
    )
    assert live["by"] == "alice"
    assert project.live_sha() == project.shas["v1"]
    assert build.description is None
    for folder in (".release", ".release-production"):
        assert {f"{folder}/{name}.json" for name in RELEASE} <= build.archived
        assert {f"{folder}/report.html", f"{folder}/findings.xml", f"{folder}/ending.txt"} <= build.archived
    assert not [name for name in build.archived if "/model/" in name or "/baseline/" in name]
    assert build.junit["tests"] > 20
    assert (build.junit["failures"], build.junit["errors"]) == (0, 0)
    assert "no-such-key" not in build.log


def test_a_dry_run_to_production_asks_nobody_and_changes_nothing(project: Project, jenkins: Jenkins) -> None:
    before = {name: project.ledger(name) for name in ("staging", "production")}

    build = jenkins.build({"MODEL": "tweets:v1", "ENVIRONMENT": "production", "DRY_RUN": True})

    assert build.result == "SUCCESS", build.log
    assert build.ended["approval"] == "SKIPPED"
    assert {name: project.ledger(name) for name in before} == before


def test_a_worse_model_is_refused_with_its_reason_as_the_description(
    project: Project, jenkins: Jenkins
) -> None:
    build = jenkins.build({"MODEL": "tweets:worse", "ENVIRONMENT": "production"})

    assert build.result == "FAILURE"
    assert build.exits["check"] == 4
    passed, behind = STAGES[:4], STAGES[5:]
    assert build.ended == (
        ended("staging", "check", how="FAILURE")
        | ended(*passed)
        | ended(*behind, "approval", "production", how="SKIPPED")
    )
    assert build.description
    assert build.description.startswith("refused: ")
    assert "check-metrics.versus accuracy where length=long" in build.description
    assert build.junit["failures"] > 0
    assert {".release/check-metrics.json", ".release/report.html", ".release/findings.xml"} <= build.archived
    assert project.live_sha() == project.shas["v1"]


def test_an_abort_in_the_load_test_leaves_nothing_running_and_the_documents_and_the_next_try_goes_on(
    project: Project, jenkins: Jenkins
) -> None:
    asked = {"MODEL": "tweets:v2", "ENVIRONMENT": "staging"}

    aborted = jenkins.build(asked, abort_at="Locust plans")

    assert aborted.result == "ABORTED", aborted.log
    assert aborted.ended["load-test"] == "ABORTED"
    assert aborted.ended["rollout"] == "SKIPPED"
    assert aborted.description
    assert aborted.description.startswith("interrupted")
    assert project.test_containers() == []
    assert _processes_of(project.folder) == []
    assert ".release/integration-test.json" in aborted.archived
    assert ".release/load-test.json" not in aborted.archived
    left = {path.name for path in project.run_dir.iterdir()}
    assert {"plan.json", "push-image.json"} <= left
    assert not {"model", "baseline", "image", "ending.txt", "findings.xml", "report.html"} & left
    noted = json.loads((project.run_dir / "unit-tests.json").read_bytes())

    again = jenkins.build(asked)

    assert again.result == "SUCCESS", again.log
    assert again.ended == ended("staging", *STAGES) | ended("approval", "production", how="SKIPPED")
    kept = json.loads((again.archive / ".release" / "unit-tests.json").read_bytes())
    assert kept == noted
    assert project.ledger("staging")[-1]["release"]["sha"].endswith(project.shas["v2"])
    assert project.live_sha() == project.shas["v1"]


def test_a_set_up_that_fails_tells_nothing_of_the_build_before(jenkins: Jenkins) -> None:
    without = replace(jenkins, environ={**jenkins.environ, "CI_STEPS": ""})

    build = without.build({})

    assert build.ended["setup"] == "FAILURE"
    assert "name the kit that is to be installed" in build.log
    assert build.description is None
    assert build.junit["tests"] == 0


def _processes_of(folder: Path) -> list[str]:
    """Find every process that works in the folder or below it."""
    found = []
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if cwd.resolve(strict=True).is_relative_to(folder):
                found.append((cwd.parent / "cmdline").read_text())
        except OSError:
            continue
    return found
