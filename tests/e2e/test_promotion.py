"""From staging to production: the same model, the same image, and only while it stands."""

import subprocess
from collections.abc import Iterator

import pytest

from ci_steps.wiring import RELEASE
from tests.e2e.complaints import complaint_of
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Completed, Project, free_port


@pytest.fixture(scope="module")
def service(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Serve v1 in staging, from the run in `.release`."""
    with a_copy(by_heart, tmp_path_factory.mktemp("promotion") / "tweets") as copy:
        addresses = {"production": copy.address, "staging": f"127.0.0.1:{free_port()}"}
        copy.configure(environments={n: {"target": "docker", "address": a} for n, a in addresses.items()})
        done = copy.ci_steps("release", "--model", "tweets:v1", "--environment", "staging")
        assert done.code == 0, done.said
        yield copy


def promoted(service: Project, *options: str) -> Completed:
    asked = ("--promote", ".release", "--environment", "production", "--run-dir", "promoted")
    return service.ci_steps("release", *asked, *options)


def test_a_dry_run_tells_what_would_be_carried_on(service: Project) -> None:
    done = promoted(service, "--dry-run")

    assert done.code == 0, done.said
    assert service.ledger("production") == []


def test_what_is_live_in_staging_goes_to_production_as_the_same_image(service: Project) -> None:
    proven = service.ledger("staging")[-1]["release"]
    service.ci_steps("models", "tag", "tweets:v2", "candidate")

    done = promoted(service)

    assert done.code == 0, done.said
    live = service.ledger("production")[-1]["release"]
    assert (live["sha"], live["image"]) == (proven["sha"], proven["image"])
    assert service.live_sha() == service.shas["v1"]


def test_what_staging_was_rolled_back_from_goes_nowhere_also_when_it_was_planned_before(
    service: Project,
) -> None:
    done = service.ci_steps("release", "--model", "tweets:v2", "--environment", "staging")
    assert done.code == 0, done.said
    planned = ("plan", "--promote", ".release", "--environment", "production", "--run-dir", "window")
    for step in (planned, *((name, "--run-dir", "window") for name in RELEASE[1:-1])):
        done = service.ci_steps(*step)
        assert done.code == 0, done.said
    done = service.ci_steps("rollback", "--environment", "staging", "--run-dir", "back")
    assert done.code == 0, done.said

    too_late = service.ci_steps("rollout", "--run-dir", "window")
    complaint = complaint_of(promoted(service), 2)

    assert too_late.code == 5, too_late.said
    assert "in staging was rolled back from since the plan" in too_late.output
    assert "was rolled back from" in complaint.error
    assert service.live_sha() == service.shas["v1"]


def test_a_pointer_file_that_was_committed_after_the_training_names_the_model(service: Project) -> None:
    (service.folder / "live.model").write_text(f"tweets@{service.shas['v1']}\n")
    for command in (["add", "live.model"], ["commit", "-qm", "v1 it is"]):
        identity = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
        subprocess.run(["git", *identity, *command], cwd=service.folder, check=True)

    asked = ("--model", "@live.model", "--environment", "production", "--run-dir", "pointed")
    planned = service.ci_steps("plan", *asked)
    tested = service.ci_steps("unit-tests", "--run-dir", "pointed")

    assert (planned.code, tested.code) == (0, 0), planned.said + tested.said
