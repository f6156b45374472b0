"""An engine that is not there, a port in use, others at work: nothing is touched, and a rerun goes on."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.complaints import complaint_of
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Completed, Project
from tests.e2e.stages import whole

BAD_INPUT, OUTSIDE, INCONCLUSIVE = 2, 3, 5


@pytest.fixture(scope="module")
def tested(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Give a project with two releases that lack only the rollout: another program had the port."""
    with a_copy(by_heart, tmp_path_factory.mktemp("tested") / "tweets") as copy:
        host, _, port = copy.address.partition(":")
        with socket.create_server((host, int(port))):
            for variant in ("v1", "v2"):
                done = copy.release(variant, "--run-dir", f".{variant}")
                taken = complaint_of(done, BAD_INPUT)
                assert taken.error == f"{copy.address} is in use by another program", done.said
        yield copy


def again(tested: Project, *but: str, variant: str = "v1") -> Path:
    """Copy a finished run directory, without some of its documents."""
    folder = tested.folder / f".copy-{len(list(tested.folder.glob('.copy-*')))}"
    shutil.copytree(tested.folder / f".{variant}", folder)
    for name in but:
        (folder / f"{name}.json").unlink()
    return folder


def at(project: Project, run: Path, step: str, **environ: str) -> Completed:
    return project.ci_steps(step, "--run-dir", run.name, environ=project.environ(**environ))


# A port in use


def test_a_port_in_use_stops_the_rollout_before_anything_is_touched(tested: Project) -> None:
    host, _, port = tested.address.partition(":")
    with socket.create_server((host, int(port))):
        complaint = complaint_of(at(tested, again(tested), "rollout"), BAD_INPUT)

    assert complaint.error == f"{tested.address} is in use by another program"
    assert complaint.next == "stop it, or change environments.production.address in release.yaml"
    assert tested.ledger() == []


# An engine that is not there


@pytest.mark.parametrize("step", ["integration-test", "load-test", "rollout"])
def test_without_an_engine_a_step_says_where_it_looked(tested: Project, step: str) -> None:
    run = again(tested, *(() if step == "rollout" else (step,)))
    nowhere = f"unix://{tested.folder}/nobody.sock"

    complaint = complaint_of(at(tested, run, step, DOCKER_HOST=nowhere), OUTSIDE)

    assert f"at {nowhere}" in complaint.error
    assert "DOCKER_HOST" in complaint.next
    assert not (run / f"{step}.json").exists()
    assert whole(run)
    assert tested.ledger() == []


def test_a_step_that_had_no_engine_goes_on_once_there_is_one(tested: Project) -> None:
    run = again(tested, "integration-test")
    at(tested, run, "integration-test", DOCKER_HOST="tcp://127.0.0.1:1")

    done = at(tested, run, "integration-test")

    assert done.code == 0, done.said
    assert tested.test_containers() == []


def test_without_an_engine_trace_says_so(
    tested: Project,
) -> None:
    environ = tested.environ(DOCKER_HOST=f"unix://{tested.folder}/nobody.sock")

    complaint = complaint_of(tested.ci_steps("trace", "some-container", environ=environ), OUTSIDE)

    assert "Docker engine does not answer" in complaint.error
    assert "DOCKER_HOST" in complaint.next


# Two releases at once


def test_of_two_releases_at_once_one_goes_live_and_the_other_plans_again(tested: Project) -> None:
    runs = {variant: again(tested, variant=variant) for variant in ("v1", "v2")}
    started = {v: tested.started("rollout", "--run-dir", run.name) for v, run in runs.items()}
    codes, said = {}, {}
    for variant, program in started.items():
        output, errors = program.communicate(timeout=120)
        codes[variant], said[variant] = program.returncode, output + errors

    assert sorted(codes.values()) == [0, INCONCLUSIVE], said
    first = next(variant for variant, code in codes.items() if code == 0)
    second = next(variant for variant, code in codes.items() if code == INCONCLUSIVE)
    assert tested.live_sha() == tested.shas[first]
    assert [entry["kind"] for entry in tested.ledger()] == ["intent", "outcome"]
    assert "plan again" in said[second]

    plan = ("plan", "--model", f"tweets:{second}", "--environment", "production")
    done = tested.ci_steps(*plan, "--run-dir", runs[second].name)

    assert done.code == 0, done.said
    baseline = json.loads((runs[second] / "plan.json").read_bytes())["baseline"]
    assert baseline["sha"] == f"sha256:{tested.shas[first]}"


def test_two_processes_do_not_work_in_one_run_directory(tested: Project) -> None:
    run = again(tested, "load-test")
    first = tested.started("load-test", "--run-dir", run.name, "--json")
    assert first.stdout
    assert json.loads(first.stdout.readline()) == {"event": "began", "step": "load-test"}

    complaint = complaint_of(at(tested, run, "scan-model"), BAD_INPUT)

    assert complaint.error == f"another process works in {run.name}"
    assert complaint.next == "wait for it, or use another --run-dir"
    _, errors = first.communicate(timeout=120)
    assert first.returncode == 0, errors
    assert at(tested, run, "scan-model").code == 0
