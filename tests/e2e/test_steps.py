"""Releases in pieces: step by step, twice, cut off and gone on with, and with less evidence than it takes."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ci_steps.rundir import RunDir
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Completed, Project, ended, free_port

STEPS = (
    "unit-tests",
    "fetch-model",
    "scan-model",
    "check-metrics",
    "check-interface",
    "build-image",
    "push-image",
    "integration-test",
    "load-test",
    "rollout",
)
IN_STAGING = ("release", "--model", "tweets:v1", "--environment", "staging", "--run-dir", "cut", "--json")


@pytest.fixture(scope="module")
def service(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Serve in two environments of one machine."""
    with a_copy(by_heart, tmp_path_factory.mktemp("pieces") / "tweets") as copy:
        addresses = {"production": copy.address, "staging": f"127.0.0.1:{free_port()}"}
        copy.configure(environments={n: {"target": "docker", "address": a} for n, a in addresses.items()})
        yield copy


def test_every_step_goes_on_on_another_agent_that_gets_the_documents_only(
    service: Project, tmp_path: Path
) -> None:
    place, run_dir = service.folder, "run"
    asked = ("--model", "tweets:v1", "--environment", "production")
    done = service.ci_steps("plan", *asked, "--run-dir", run_dir)
    assert done.code == 0, done.said

    for number, step in enumerate(STEPS):
        # The checkout moves as from one build agent to another, the run directory within it.
        place = place.rename(tmp_path / f"agent-{number}")
        (place / run_dir).rename(place / f"moved-{number}")
        run_dir = f"moved-{number}"
        for content in ("model", "baseline"):
            shutil.rmtree(place / run_dir / content, ignore_errors=True)
        done = replace(service, folder=place).ci_steps(step, "--run-dir", run_dir)
        assert done.code == 0, done.said

    (place / run_dir).rename(place / ".release")
    place.rename(service.folder)
    assert service.live_sha() == service.shas["v1"]


def test_releasing_what_is_live_does_nothing_again_and_verifies_it(service: Project) -> None:
    done = service.release("v1", "--json")

    assert done.code == 0, done.said
    steps = {one["step"]: one for one in done.objects if one["event"] == "ended"}
    assert [name for name, one in steps.items() if not one["kept"]] == ["plan", "rollout"]
    assert "live and verified" in steps["rollout"]["headline"]
    assert service.document("rollout")["result"] == "already-live"
    assert service.outcomes() == ["live"]


def test_sigterm_in_the_integration_test_leaves_no_container_and_no_half_document(service: Project) -> None:
    program = service.started(*IN_STAGING)
    until_said(program, "waiting for /health/ready")
    assert service.test_containers()

    os.killpg(program.pid, signal.SIGTERM)

    assert_cut(service, ended(program, 60), "integration-test")


def test_ctrl_c_in_the_load_test_leaves_no_container_and_no_load(service: Project) -> None:
    program = service.started(*IN_STAGING)
    kept = until_said(program, "Locust plans")
    assert {"unit-tests", "build-image", "push-image"} <= kept
    assert "integration-test" not in kept

    os.killpg(program.pid, signal.SIGINT)

    assert_cut(service, ended(program, 60), "load-test")


def test_a_release_that_was_cut_off_goes_on_where_it_stopped(service: Project) -> None:
    done = service.ci_steps(*IN_STAGING)

    assert done.code == 0, done.said
    again = [one["step"] for one in done.objects if one["event"] == "ended" and not one["kept"]]
    assert again == ["plan", "load-test", "rollout"]
    assert [entry["kind"] for entry in service.ledger("staging")] == ["intent", "outcome"]


def test_two_environments_of_one_machine_leave_each_other_alone(service: Project) -> None:
    traced = {n: service.ci_steps("trace", f"{service.service}/{n}") for n in ("production", "staging")}
    again = service.release("v1")

    assert [one.code for one in traced.values()] == [0, 0]
    assert "production-1" in traced["production"].output
    assert "staging-1" in traced["staging"].output
    assert again.code == 0, again.said
    assert service.get("/info")["release"] == "production-1"
    assert service.outcomes() == ["live"]


def test_a_first_release_that_nobody_answers_for_is_inconclusive(project: Project) -> None:
    project.configure(waivers=[])

    done = project.release("v1")

    assert done.code == 5, done.said
    assert "inconclusive check-metrics.baseline" in done.output
    assert "inconclusive check-interface.baseline" in done.output
    assert project.ledger() == []


def test_a_waiver_is_worth_nothing_after_its_last_day(project: Project) -> None:
    waivers = project.settings()["waivers"]
    project.configure(waivers=[waiver | {"until": "2020-01-01"} for waiver in waivers])

    done = project.release("v1")

    assert done.code == 5, done.said
    assert project.ledger() == []


def test_check_exits_with_the_worst_of_the_three_gates(project: Project) -> None:
    with_waivers = checked(project, "v1")
    project.configure(waivers=[])
    without = checked(project, "v1")
    evil = checked(project, "evil")

    assert (with_waivers.code, without.code, evil.code) == (0, 5, 4), evil.said
    assert "? check-metrics: inconclusive" in evil.output
    assert "✘ scan-model: refused" in evil.output


def test_every_line_for_machines_is_one_object(project: Project) -> None:
    released = project.release("evil", "--json")
    listed = project.ci_steps("models", "list", "--json")
    shown = project.ci_steps("models", "show", "tweets:v1", "--json")
    compared = project.ci_steps("models", "diff", "tweets:v1", "tweets:v2", "--json")
    published = project.ci_steps("models", "publish", "models/v1", "--json")

    assert released.objects[-1]["event"] == "closed"
    assert [
        o["exit_code"] for o in released.objects if o.get("step") == "scan-model" and "exit_code" in o
    ] == [4]
    assert {one["sha"] for one in listed.objects} == set(project.shas.values())
    assert shown.objects[0]["sha"] == f"sha256:{project.shas['v1']}"
    assert {one["kind"] for one in compared.objects} >= {"file", "metric"}
    assert published.objects[-1]["new"] is False


def checked(project: Project, variant: str) -> Completed:
    """Give what `check` says of a variant."""
    for step in (("plan", "--model", f"tweets:{variant}"), ("fetch-model",)):
        done = project.ci_steps(*step)
        assert done.code == 0, done.said
    return project.ci_steps("check")


def until_said(program: subprocess.Popen[str], text: str) -> set[str]:
    """Read the lines for machines up to what was waited for; return the steps that were kept."""
    kept = set()
    assert program.stdout
    for line in program.stdout:
        said = json.loads(line)
        if said.get("kept"):
            kept.add(said["step"])
        if text in said.get("text", ""):
            return kept
    raise AssertionError(f"it never said {text!r}: {ended(program, 10).said}")


def assert_cut(service: Project, done: Completed, step: str) -> None:
    run_dir = service.folder / "cut"
    assert done.code == 130, done.said
    assert "run it again to go on" in done.errors
    assert service.test_containers() == []
    assert programs_in(service.folder) == []
    assert not list(run_dir.rglob(".half-*"))
    assert not (run_dir / f"{step}.json").exists()
    for kind in RunDir(run_dir).present:
        RunDir(run_dir).read(kind)
    assert service.ledger("staging") == []


def programs_in(folder: Path) -> list[str]:
    """Find the programs that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append((process / "cmdline").read_text())
        except (FileNotFoundError, ProcessLookupError, PermissionError):  # gone, or not ours
            continue
    return found
