"""Models and the ledger in a bucket, told in order: two machines at once, then the life of the service."""

import json
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]  # boto3 brings no types
import pytest

from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.adapters.s3_place import S3Place
from tests.e2e.complaints import complaint_of
from tests.e2e.engine_setup import ENGINE, exports, program, running
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Completed, Project, ended
from tests.free_ports import free_port
from tests.s3_servers import a_prefix

BAD_INPUT, OUTSIDE, INCONCLUSIVE, STALE = 2, 3, 5, 8


@dataclass(frozen=True, slots=True)
class Machines:
    """Two checkouts with nothing in common but the bucket and the platform, each with its variant."""

    place: S3Place
    projects: Mapping[str, Project]
    winner: dict[str, str] = field(default_factory=dict)

    @property
    def live(self) -> Project:
        """The machine that was first."""
        return self.projects[self.winner["first"]]

    def ledger(self) -> list[dict[str, Any]]:
        blobs, entries = S3Blobs(self.place), []
        for key in blobs.keys(f"ledger/{self.projects['v1'].service}/production/"):
            with blobs.open(key) as stream:
                entries.append(json.loads(stream.read()))
        return entries


def published(
    project: Project, place: S3Place, *variants: str, environ: Mapping[str, str] | None = None
) -> None:
    """Let the project keep its models and its ledger in a bucket, and nothing in its folder."""
    shutil.rmtree(project.folder / "store")
    # Whichever of the two is first, the other may follow it.
    metrics = [rule for rule in project.settings()["metrics"] if "versus" not in rule]
    project.configure(store=str(place), metrics=metrics)
    for variant in variants:
        done = project.ci_steps(
            *("models", "publish", f"models/{variant}", "--tag", variant),
            environ=project.environ(**(environ or {})),
        )
        assert done.code == 0, done.said


def at_once(projects: Mapping[str, Project], *arguments: str) -> dict[str, Completed]:
    """Run one command per machine, with its variant in place of VARIANT."""
    started = {
        variant: project.started(*(argument.replace("VARIANT", variant) for argument in arguments))
        for variant, project in projects.items()
    }
    with ThreadPoolExecutor(len(started)) as pool:
        return dict(zip(started, pool.map(lambda each: ended(each, 240), started.values()), strict=True))


@pytest.fixture(scope="module")
def machines(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    place = a_prefix()
    with a_copy(by_heart, tmp_path_factory.mktemp("one") / "tweets") as one:
        published(one, place, "v1", "v2")
        folder = tmp_path_factory.mktemp("two") / "tweets"
        shutil.copytree(one.folder, folder)
        state = Path(tempfile.mkdtemp(prefix="ci-steps-", dir="/tmp"))
        two = replace(one, folder=folder, state=state)
        try:
            yield Machines(place, {"v1": one, "v2": two})
        finally:
            two.cleared()


def test_of_two_machines_at_once_one_goes_live_and_the_other_plans_again(machines: Machines) -> None:
    host, _, port = machines.projects["v1"].address.partition(":")
    with socket.create_server((host, int(port))):
        # Everything but the rollout: another program has the port.
        for tested in at_once(machines.projects, "release", "--model", "tweets:VARIANT").values():
            assert "is in use by another program" in complaint_of(tested, BAD_INPUT).error
    assert machines.ledger() == []

    ended_as = at_once(machines.projects, "rollout")

    codes = {variant: each.code for variant, each in ended_as.items()}
    assert sorted(codes.values()) in ([0, INCONCLUSIVE], [0, STALE]), [e.said for e in ended_as.values()]
    machines.winner["first"] = next(variant for variant, code in codes.items() if code == 0)
    second = next(variant for variant, code in codes.items() if code)
    assert "plan again" in ended_as[second].output, ended_as[second].said
    assert machines.live.live_sha() == machines.live.shas[machines.winner["first"]]
    assert [(e["number"], e["kind"], e["ending"]) for e in machines.ledger()] == [
        (1, "intent", None),
        (2, "outcome", "live"),
    ]
    assert len({entry["run"] for entry in machines.ledger()}) == 1


def test_the_next_release_takes_over_from_the_bucket(machines: Machines) -> None:
    other = next(variant for variant in machines.projects if variant != machines.winner["first"])

    done = machines.live.release(other)

    assert done.code == 0, done.said
    assert machines.live.live_sha() == machines.live.shas[other]
    assert [entry["ending"] for entry in machines.ledger() if entry["ending"]] == ["live", "live"]


def test_every_machine_sees_the_same_history_and_the_same_origin(machines: Machines) -> None:
    asked = (("history", "--json"), ("trace", f"{machines.live.service}/production", "--json"))
    for arguments in asked:
        told = [project.ci_steps(*arguments) for project in machines.projects.values()]

        assert [each.code for each in told] == [0, 0], [each.said for each in told]
        assert told[0].output == told[1].output
    [traced] = told[0].objects
    assert traced["release"]["sha"] == f"sha256:{machines.live.live_sha()}"
    assert set(traced["ingredients"]) == {"code", "data", "config", "environment"}


def test_a_rollback_goes_back_by_the_ledger_in_the_bucket(machines: Machines) -> None:
    done = machines.live.ci_steps("rollback", "--environment", "production", "--reason", "complaints")

    assert done.code == 0, done.said
    assert machines.live.live_sha() == machines.live.shas[machines.winner["first"]]
    assert [(e["kind"], e["action"]) for e in machines.ledger()][-2:] == [
        ("intent", "rollback"),
        ("outcome", "rollback"),
    ]


# What is wrong outside


@pytest.mark.parametrize("command", [("models", "list"), ("plan", "--model", "tweets:v1"), ("history",)])
def test_a_wrong_secret_is_one_line(machines: Machines, command: tuple[str, ...]) -> None:
    project = machines.live
    environ = project.environ(AWS_SECRET_ACCESS_KEY="not-the-secret")

    complaint = complaint_of(project.ci_steps(*command, environ=environ), BAD_INPUT)

    assert "does not take the AWS credentials: SignatureDoesNotMatch" in complaint.error
    assert "AWS_SECRET_ACCESS_KEY" in complaint.next
    assert "not-the-secret" not in complaint.error + complaint.next


@pytest.mark.parametrize("step", ["fetch-model", "rollout"])
def test_a_server_that_does_not_answer_is_one_line(machines: Machines, step: str, tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    project = machines.live
    run = project.folder / f".without-{step}"
    shutil.copytree(project.run_dir, run)

    # What was fetched before needs no server.
    environ = project.environ(AWS_ENDPOINT_URL_S3=nowhere, CI_STEPS_CACHE=str(tmp_path))
    done = project.ci_steps(step, "--run-dir", run.name, environ=environ)

    assert complaint_of(done, OUTSIDE).error.startswith(f"{nowhere} does not answer ({machines.place}")


# The server that the tests use


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the variables to start a server of this test, beside the one of all the others."""
    state = tmp_path / "engine"
    state.mkdir()
    installed = Path(os.environ.get("ENGINE_STATE") or Path.home() / ".cache/ci-steps/engine") / "s3-venv"
    if installed.exists():
        (state / "s3-venv").symlink_to(installed)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environ = clean | {"ENGINE_STATE": str(state), "S3_PORT": str(port_of_four())}
    try:
        yield environ
    finally:
        program(ENGINE / "down", environ)


def port_of_four() -> int:
    """Find four ports in a row that are free, and so are those 10000 above them."""
    for port in random.sample(range(11_000, 18_000), 100):
        with suppress(OSError), ExitStack() as taken:
            for each in (*range(port, port + 4), *range(port + 10_000, port + 10_004)):
                taken.enter_context(socket.create_server(("127.0.0.1", each)))
            return port
    raise LookupError("no four ports in a row are free")


def test_a_server_that_stops_in_the_middle_of_a_release_is_one_line(
    by_heart: Origin, own_server: dict[str, str], tmp_path: Path
) -> None:
    before = running("weed")
    started, again = program(ENGINE / "s3", own_server), program(ENGINE / "s3", own_server)
    assert started.returncode == again.returncode == 0, started.stderr + again.stderr
    assert started.stdout == again.stdout
    assert len(running("weed") - before) == 1
    reached = exports(started.stdout)
    place = S3Place.parse(f"s3://models/{tmp_path.name}")
    session = boto3.session.Session(reached["AWS_ACCESS_KEY_ID"], reached["AWS_SECRET_ACCESS_KEY"])
    session.client("s3", endpoint_url=reached["AWS_ENDPOINT_URL_S3"]).create_bucket(Bucket=place.bucket)
    with a_copy(by_heart, tmp_path / "tweets") as project:
        environ = project.environ(**reached, CI_STEPS_CACHE=str(tmp_path / "cache"))
        published(project, place, "v1", environ=reached)
        planned = project.ci_steps("plan", "--model", "tweets:v1", environ=environ)
        assert planned.code == 0, planned.said

        stopped = program(ENGINE / "down", own_server)
        done = project.ci_steps("fetch-model", environ=environ)

        assert stopped.returncode == 0, stopped.stderr
        assert running("weed") == before
        complaint = complaint_of(done, OUTSIDE)
        endpoint = reached["AWS_ENDPOINT_URL_S3"]
        assert complaint.error.startswith(f"{endpoint} does not answer ({place}/objects/")
        assert not (project.run_dir / "fetch-model.json").exists()


def test_a_server_that_is_given_and_answers_is_used_as_it_is(tmp_path: Path) -> None:
    endpoint = os.environ["AWS_ENDPOINT_URL_S3"]

    done = program(ENGINE / "s3", {**os.environ, "ENGINE_STATE": str(tmp_path), "S3_PORT": "1"})

    assert done.returncode == 0, done.stderr
    assert exports(done.stdout) == {"AWS_ENDPOINT_URL_S3": endpoint}


def test_a_server_that_is_given_and_does_not_answer_is_named(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    environ = {**os.environ, "ENGINE_STATE": str(tmp_path), "AWS_ENDPOINT_URL_S3": endpoint}

    done = program(ENGINE / "s3", environ)

    assert done.returncode == OUTSIDE
    assert f"AWS_ENDPOINT_URL_S3={endpoint} does not answer" in done.stderr
    assert done.stdout == ""
