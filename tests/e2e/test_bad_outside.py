"""What the kit stands on fails it: registries, the engine, ports and disks. Nothing is lost, and a rerun goes on."""

import base64
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ci_steps.documents import DOCUMENTS
from ci_steps.rundir import RunDir
from tests.e2e.complaints import complaint_of
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Project
from tests.registry_servers import PASSWORD, USER, Faults, serving

BAD_INPUT, OUTSIDE, INCONCLUSIVE = 2, 3, 5
GATES = ("unit-tests", "fetch-model", "scan-model", "check-metrics", "check-interface")


@pytest.fixture(scope="module")
def tested(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Give a project with two releases that only the rollout is missing from: another program has the port."""
    with a_copy(origin, tmp_path_factory.mktemp("tested") / "tweets") as copy:
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


def at(project: Project, run: Path, step: str, **environ: str) -> object:
    return project.ci_steps(step, "--run-dir", run.name, environ=project.environ(**environ))


def whole(folder: Path) -> bool:
    """Whether every document can be read, and nothing half-written lies about."""
    run = RunDir(folder)
    for kind in run.present:
        run.read(kind)
    known = {f"{kind.name}.json" for kind in DOCUMENTS}
    return {path.name for path in folder.glob("*.json")} <= known and not list(folder.rglob(".half-*"))


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


def test_without_an_engine_trace_says_so_for_a_container_and_answers_for_nothing_live(tested: Project) -> None:
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

    done = tested.release(second, "--run-dir", runs[second].name)

    better = {"v2": 0, "v1": 4}  # v1 is worse than v2, once v2 is what it is compared with
    assert done.code == better[second], done.said
    assert tested.outcomes() == ["live"] * (2 if second == "v2" else 1)


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


# A registry that refuses


def refusing(status: int) -> object:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        handler.send_response(status)
        if status == 401:
            handler.send_header("WWW-Authenticate", 'Basic realm="test"')
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.fixture(scope="module")
def gated(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Give a project whose gates have passed; where images come from and go to, they did not ask."""
    with a_copy(origin, tmp_path_factory.mktemp("gated") / "tweets") as copy:
        for step in ("plan --model tweets:v1", *GATES):
            done = copy.ci_steps(*step.split())
            assert done.code == 0, done.said
        yield copy


def planned_again(gated: Project, **sections: object) -> None:
    gated.configure(**sections)
    assert gated.ci_steps("plan", "--model", "tweets:v1").code == 0


@pytest.mark.parametrize(
    ("status", "code", "error", "hint"),
    [
        (401, BAD_INPUT, "wants a login", "docker login"),
        (403, BAD_INPUT, "refuses", "docker login"),
        (404, BAD_INPUT, "there is no image", "name"),
        (500, OUTSIDE, "answers 500", "try again later"),
        (503, OUTSIDE, "answers 503", "try again later"),
    ],
)
def test_a_registry_that_refuses_the_base_image_stops_the_build_and_a_rerun_goes_on(
    gated: Project, status: int, code: int, error: str, hint: str
) -> None:
    with serving(refusing(status)) as host:
        planned_again(gated, image={"base": f"{host}/base/python:3.11"})
        complaint = complaint_of(gated.ci_steps("build-image"), code)

    assert host in complaint.error
    assert error in complaint.error
    assert hint in complaint.next
    assert not (gated.run_dir / "build-image.json").exists()
    planned_again(gated)
    assert gated.ci_steps("build-image").code == 0


def test_a_registry_that_nobody_serves_stops_the_build(gated: Project) -> None:
    planned_again(gated, image={"base": f"{gated.address}/base/python:3.11"})

    complaint = complaint_of(gated.ci_steps("build-image"), OUTSIDE)

    assert f"registry {gated.address} does not answer: connection refused" in complaint.error
    assert complaint.next == "try again later"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(401, BAD_INPUT, "wants a login"), (403, BAD_INPUT, "refuses"), (500, OUTSIDE, "answers 500")],
)
def test_a_registry_that_refuses_the_image_stops_the_push_and_a_rerun_goes_on(
    gated: Project, status: int, code: int, error: str
) -> None:
    upstream, refuses, mended = Faults(gated.engine.registry), refusing(status), False

    def answer(handler: BaseHTTPRequestHandler) -> None:
        (upstream.answer if mended else refuses)(handler)

    with serving(answer) as host:
        planned_again(gated, registry=f"{host}/ci-steps-e2e/tweets")
        assert gated.ci_steps("build-image").code == 0
        complaint = complaint_of(gated.ci_steps("push-image"), code)
        left = (gated.run_dir / "push-image.json").exists()
        mended = True
        done = gated.ci_steps("push-image")

    assert f"registry {host}" in complaint.error
    assert error in complaint.error
    assert not left
    assert done.code == 0, done.said
    assert whole(gated.run_dir)


def test_no_password_of_a_registry_is_in_anything_that_is_written(project: Project) -> None:
    right = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    wrong_password = f"{PASSWORD}-but-wrong"
    wrong = base64.b64encode(f"{USER}:{wrong_password}".encode()).decode()
    upstream = Faults(project.engine.registry)
    let_in = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("Authorization") == f"Basic {right}":
            let_in.append(handler.path)
            upstream.answer(handler)
        else:
            refusing(401)(handler)

    def logged_in(host: str, login: str) -> str:
        folder = project.folder / f"docker-{login[:4]}{login[-4:]}".replace("=", "")
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": login}}}))
        return str(folder)

    said = ""
    with serving(answer) as host:
        base = project.engine.python_image.partition("/")[2]
        project.configure(registry=f"{host}/ci-steps-e2e/tweets", image={"base": f"{host}/{base}"})
        environ = project.environ(DOCKER_CONFIG=logged_in(host, wrong))
        for step in ("plan --model tweets:v1", *GATES):
            assert project.ci_steps(*step.split(), environ=environ).code == 0
        refused = project.ci_steps("build-image", environ=environ)
        complaint = complaint_of(refused, BAD_INPUT)
        said += refused.said
        environ = project.environ(DOCKER_CONFIG=logged_in(host, right))
        for step in ("build-image", "push-image", "integration-test", "report"):
            done = project.ci_steps(*step.split(), environ=environ)
            assert done.code == 0, done.said
            said += done.said

    assert "docker login" in complaint.next
    assert any(path.endswith(f"/manifests/model-{project.shas['v1'][:12]}") for path in let_in)
    written = {path: path.read_bytes() for path in project.run_dir.rglob("*") if path.is_file()}
    assert {"report.html", "push-image.json"} <= {path.name for path in written}
    for secret in (PASSWORD, wrong_password, right, wrong):
        assert secret not in said
        assert [path for path, content in written.items() if secret.encode() in content] == []


# A full disk


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a file system of its own, so small that it fills up."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def grown(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)


def filled(disk: Path) -> Path:
    """Fill a disk to its last byte."""
    file = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
    try:
        with pytest.raises(OSError, match="No space left"):
            while True:
                os.write(file, bytes(4096))
    finally:
        os.close(file)
    return disk / "filler"


def test_a_disk_that_fills_up_while_fetching_keeps_no_half_of_a_file(project: Project) -> None:
    with small_disk(project.folder / "disk", "1m") as disk:
        run = disk / "run"
        planned = ("plan", "--model", "tweets:v2", "--run-dir", str(run))
        assert project.ci_steps(*planned).code == 0

        complaint = complaint_of(project.ci_steps("fetch-model", "--run-dir", str(run)), OUTSIDE)

        assert "no space left on device" in complaint.error.lower()
        assert "make room" in complaint.next
        assert not (run / "fetch-model.json").exists()
        assert whole(run)
        sizes = {file["path"]: file["size"] for file in manifest(project, "v2")["files"]}
        kept = {path: run / "model" / path for path in sizes if (run / "model" / path).exists()}
        assert {name: path.stat().st_size for name, path in kept.items()} == {n: sizes[n] for n in kept}
        assert "model/model.joblib" not in kept
        grown(disk, "20m")
        assert project.ci_steps("fetch-model", "--run-dir", str(run)).code == 0
        assert project.ci_steps("scan-model", "--run-dir", str(run)).code == 0


def test_a_disk_that_is_full_before_the_plan_is_written_keeps_no_half_of_it(project: Project) -> None:
    with small_disk(project.folder / "disk", "64k") as disk:
        planned = ("plan", "--model", "tweets:v1", "--run-dir", str(disk))
        filler = filled(disk)

        complaint = complaint_of(project.ci_steps(*planned), OUTSIDE)

        assert "no space left on device" in complaint.error.lower()
        assert not (disk / "plan.json").exists()
        assert whole(disk)
        filler.unlink()
        grown(disk, "1m")
        assert project.ci_steps(*planned).code == 0


def test_a_cache_that_fills_up_in_build_image_holds_no_half_of_a_layer(tested: Project) -> None:
    run = again(tested, "build-image")
    with small_disk(tested.folder / "cache", "10m") as disk:
        complaint = complaint_of(at(tested, run, "build-image", CI_STEPS_CACHE=str(disk)), OUTSIDE)

        assert "no space left on device" in complaint.error.lower()
        assert [path for path in disk.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
        assert whole(run)
        grown(disk, "1g")
        done = at(tested, run, "build-image", CI_STEPS_CACHE=str(disk))

    assert done.code == 0, done.said
    image = json.loads((run / "build-image.json").read_bytes())["image"]
    assert image == json.loads((tested.folder / ".v1" / "build-image.json").read_bytes())["image"]


def test_a_store_that_fills_up_while_publishing_lists_no_half_of_a_model(project: Project) -> None:
    publish = ("models", "publish", "models/v2")
    with small_disk(project.folder / "disk", "1m") as disk:
        project.configure(store=str(disk / "store"))

        complaint = complaint_of(project.ci_steps(*publish), OUTSIDE)

        assert "no space left on device" in complaint.error.lower()
        assert "make room" in complaint.next
        assert project.ci_steps("models", "list").output == ""
        assert list(disk.rglob(".half-*")) == []
        grown(disk, "20m")
        assert project.ci_steps(*publish).code == 0
        assert f"tweets@{project.shas['v2'][:12]}" in project.ci_steps("models", "list").output
        assert project.ci_steps("plan", "--model", f"tweets@{project.shas['v2']}").code == 0


def manifest(project: Project, variant: str) -> dict:
    path = project.folder / "store" / "models" / "tweets" / f"{project.shas[variant]}.json"
    return json.loads(path.read_bytes())
