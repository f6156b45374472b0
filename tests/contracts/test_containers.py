"""What throw-away containers do, on a real engine and in the fake."""

import base64
import fcntl
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
import requests
from docker.errors import NotFound

from ci_steps.adapters.testcontainers_engine import RUN_LABEL, TEST_LABEL, TestcontainersEngine
from ci_steps.errors import OutsideError
from ci_steps.ports import Container, Containers, Finished
from tests.fakes import serving_image
from tests.fakes.containers import LoopbackService
from tests.fakes.serving_image import REPOSITORY, pushed
from tests.registry_servers import PASSWORD, USER, locked_registry

ENV = {"RELEASE_ID": "production-1", "IMAGE_DIGEST": "sha256:00"}
ENDED = "the model does not load: no such file"


@dataclass(frozen=True, slots=True)
class Place:
    """Containers, and what to start for each behaviour."""

    of: Callable[[str], Containers]
    reference: Callable[[str], str]


def engine_of(state: Path, run: str = "contract", **environ: str) -> TestcontainersEngine:
    return TestcontainersEngine(run=run, state=state, environ={**os.environ, **environ})


def image(behaviour: str) -> str:
    return f"{REPOSITORY}@{pushed(behaviour)}"


def loopback(behaviour: str) -> LoopbackService:
    return LoopbackService(ended=1, log=ENDED) if behaviour == "exits" else LoopbackService()


PLACES: dict[str, Callable[[Path], Place]] = {
    "loopback": lambda _: Place(loopback, lambda behaviour: behaviour),
    "engine": lambda state: Place(lambda _: engine_of(state), image),
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return PLACES[request.param](tmp_path)


@pytest.fixture
def sdk() -> Iterator[docker.DockerClient]:
    with closing(docker.from_env()) as client:
        yield client


def eventually(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/health/ready", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def test_a_container_answers_on_loopback_while_the_block_lasts_and_not_after(place: Place) -> None:
    with place.of("one").started(place.reference("one"), env=ENV, memory_mb=64) as container:
        address = container.address
        eventually(lambda: answers(address))
        assert container.exited() is None

    assert address.startswith("http://127.0.0.1:")
    assert not answers(address)


def test_ctrl_c_leaves_nothing_that_answers(place: Place) -> None:
    def interrupted() -> None:
        with place.of("one").started(place.reference("one"), env=ENV, memory_mb=None) as container:
            seen.append(container.address)
            raise KeyboardInterrupt

    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert not answers(seen[0])


# Cut short, the Docker SDK may leave a socket to the garbage collector; a container is what must not be left.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("after", [0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.5])
def test_ctrl_c_at_any_moment_leaves_no_container(
    after: float, tmp_path: Path, sdk: docker.DockerClient
) -> None:
    reference = image("one")
    main = threading.main_thread().ident
    assert main
    timer = threading.Timer(after, signal.pthread_kill, (main, signal.SIGINT))

    with pytest.raises(KeyboardInterrupt):
        wait_in(engine_of(tmp_path, run="interrupted"), reference, timer)

    assert not sdk.containers.list(all=True, filters={"label": f"{RUN_LABEL}=interrupted"})


@pytest.mark.parametrize("way", ["started", "ran"])
def test_ctrl_c_at_the_start_of_a_thread_leaves_no_container(
    way: str, tmp_path: Path, sdk: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, reference = engine_of(tmp_path, run="cut"), image("one")
    begun: list[threading.Thread] = []
    start = threading.Thread.start

    def cut(thread: threading.Thread) -> None:
        begun.append(thread)
        start(thread)
        signal.raise_signal(signal.SIGINT)

    def interrupted() -> None:
        if way == "ran":
            engine.ran(reference, "", given=b"", memory_mb=None, seconds=20)
        else:
            with engine.started(reference, env=ENV, memory_mb=None):
                pass

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", cut)
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    for thread in begun:
        thread.join()

    assert begun
    assert not sdk.containers.list(all=True, filters={"label": f"{RUN_LABEL}=cut"})


def test_one_that_ends_tells_its_exit_code_and_why(place: Place) -> None:
    with place.of("exits").started(place.reference("exits"), env=ENV, memory_mb=None) as container:
        eventually(lambda: container.exited() is not None)

        assert container.exited() == 1
        assert ENDED in container.logs()


def test_a_container_is_locked_in(place: Place) -> None:
    with place.of("one").started(place.reference("one"), env=ENV, memory_mb=None) as container:
        isolation = container.isolation()

    assert isolation.uid == 10001
    assert isolation.read_only
    assert isolation.capabilities == 0
    assert isolation.no_new_privileges


def test_a_memory_limit_is_kept(tmp_path: Path) -> None:
    with engine_of(tmp_path).started(image("hungry"), env=ENV, memory_mb=32) as container:
        eventually(lambda: container.exited() is not None)

        assert container.exited() == 137


def ran(place: Place, program: str, given: bytes = b"", *, seconds: float = 30) -> Finished:
    reference = place.reference("one")
    return place.of("one").ran(reference, program, given=given, memory_mb=64, seconds=seconds)


def test_a_program_is_told_everything_and_heard_to_its_end(place: Place) -> None:
    program = "import sys; said = sys.stdin.buffer.read(); sys.stdout.buffer.write(said[::-1] * 3)"
    given = bytes(range(256)) * 4096

    finished = ran(place, program, given)

    assert (finished.code, finished.stopped) == (0, "")
    assert finished.output == given[::-1] * 3


def test_a_program_that_fails_tells_its_exit_code_and_the_end_of_its_log(place: Place) -> None:
    finished = ran(place, "print('half'); raise SystemExit('there is no model')")

    assert (finished.code, finished.output) == (1, b"half\n")
    assert finished.log.strip() == "there is no model"


def test_a_program_that_does_not_listen_is_no_failure_of_the_engine(place: Place) -> None:
    assert ran(place, "raise SystemExit(7)", b"x" * (8 << 20)).code == 7


def test_a_program_that_does_not_end_is_stopped_and_said_so(place: Place) -> None:
    finished = ran(place, "import time; time.sleep(60)", seconds=1.5)

    assert finished.stopped == "it did not end within 1.5 s"


def test_a_program_is_locked_in_and_has_no_network(tmp_path: Path) -> None:
    look = """
import json, os, socket
status = dict(line.split(":", 1) for line in open("/proc/1/status"))
print(json.dumps([os.getuid(), status["CapBnd"].strip(), status["NoNewPrivs"].strip(),
                  bool(os.statvfs("/").f_flag & os.ST_RDONLY), [name for _, name in socket.if_nameindex()]]))
"""
    reference = image("one")

    finished = engine_of(tmp_path).ran(reference, look, given=b"", memory_mb=64, seconds=30)

    assert json.loads(finished.output) == [10001, "0" * 16, "1", True, ["lo"]], finished.log


def test_a_program_that_takes_too_much_memory_is_killed(tmp_path: Path) -> None:
    hoard = "hoard = [bytearray(1 << 20) for _ in range(1 << 10)]"

    finished = engine_of(tmp_path).ran(image("one"), hoard, given=b"", memory_mb=32, seconds=30)

    assert (finished.code, finished.stopped) == (137, "")


def test_a_program_leaves_no_container(tmp_path: Path, sdk: docker.DockerClient) -> None:
    engine_of(tmp_path, run="program").ran(image("one"), "pass", given=b"", memory_mb=None, seconds=30)

    assert not sdk.containers.list(all=True, filters={"label": f"{RUN_LABEL}=program"})


def test_an_image_without_python_runs_no_program_and_says_why(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)

    finished = engine.ran(serving_image.without_python(), "pass", given=b"", memory_mb=None, seconds=30)

    assert finished.code == 127
    assert "python3" in finished.log


def test_an_image_that_is_not_there_is_an_outside_error_that_names_it(tmp_path: Path) -> None:
    absent = f"{REPOSITORY}@sha256:{'0' * 64}"

    with pytest.raises(OutsideError, match=f"{absent} cannot be pulled|did not pull an image") as failed:
        start(engine_of(tmp_path), absent)

    assert "\n" not in str(failed.value)
    assert "0" * 64 in str(failed.value)


def test_an_image_behind_a_password_is_pulled_with_the_login_that_a_variable_gives(
    tmp_path: Path, sdk: docker.DockerClient
) -> None:
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    with locked_registry(tmp_path) as host:
        reference = behind(host, sdk)
        with pytest.raises(OutsideError, match=r"cannot be pulled|no basic auth"):
            start(engine_of(tmp_path), reference)
        config = json.dumps({"auths": {host: {"auth": login}}})

        start(engine_of(tmp_path, DOCKER_AUTH_CONFIG=config), reference)
        sdk.images.remove(reference, force=True)


def test_no_engine_is_an_outside_error_that_says_what_to_set(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    nowhere = engine_of(tmp_path, DOCKER_HOST=host)

    with pytest.raises(OutsideError, match=f"no Docker engine answers at {host}") as failed:
        start(nowhere, image("one"))

    assert "DOCKER_HOST" in failed.value.hint


def test_what_a_killed_run_left_is_swept_at_the_next_start(tmp_path: Path, sdk: docker.DockerClient) -> None:
    orphan = left_behind(sdk, "killed")
    lock_file(tmp_path, "killed")

    start(engine_of(tmp_path), image("one"))

    with pytest.raises(NotFound):
        sdk.containers.get(orphan)


def test_what_the_same_run_left_is_swept_when_it_is_taken_up_again(
    tmp_path: Path, sdk: docker.DockerClient
) -> None:
    orphan = left_behind(sdk, "again")
    lock_file(tmp_path, "again")

    start(engine_of(tmp_path, run="again"), image("one"))

    with pytest.raises(NotFound):
        sdk.containers.get(orphan)


def test_containers_of_runs_that_go_on_are_left_alone(tmp_path: Path) -> None:
    with engine_of(tmp_path, run="first").started(image("one"), env=ENV, memory_mb=None) as container:
        start(engine_of(tmp_path, run="second"), image("one"))
        start(engine_of(tmp_path, run="first"), image("one"))

        assert container.exited() is None


def test_containers_of_a_run_that_is_not_known_here_are_left_alone(
    tmp_path: Path, sdk: docker.DockerClient
) -> None:
    elsewhere = left_behind(sdk, "elsewhere")
    try:
        start(engine_of(tmp_path), image("one"))

        assert sdk.containers.get(elsewhere)
    finally:
        sdk.api.remove_container(elsewhere, force=True)


def test_a_lock_is_held_while_a_container_runs_and_free_after(tmp_path: Path) -> None:
    with engine_of(tmp_path).started(image("one"), env=ENV, memory_mb=None):
        assert not is_free(tmp_path / "runs" / "contract.lock")

    assert is_free(tmp_path / "runs" / "contract.lock")


def test_a_container_is_published_on_loopback_only_and_labelled(
    tmp_path: Path, sdk: docker.DockerClient
) -> None:
    with engine_of(tmp_path, run="labelled").started(image("one"), env=ENV, memory_mb=64):
        [container] = sdk.containers.list(filters={"label": [f"{RUN_LABEL}=labelled", f"{TEST_LABEL}=1"]})

        assert {published["HostIp"] for published in container.ports["8080/tcp"] or []} == {"127.0.0.1"}
        assert (
            container.attrs["HostConfig"]["Memory"] == container.attrs["HostConfig"]["MemorySwap"] == 64 << 20
        )


def behind(host: str, sdk: docker.DockerClient) -> str:
    """Push an image to a registry that wants a password, forget it here, and return its reference."""
    repository = f"{host}/locked"
    sdk.images.get(f"{REPOSITORY}@{pushed('one')}").tag(repository, "1")
    login = {"username": USER, "password": PASSWORD}
    for line in sdk.api.push(repository, tag="1", stream=True, decode=True, auth_config=login):
        assert "error" not in line, line
        if "Digest" in line.get("aux", {}):
            digest = line["aux"]["Digest"]
    sdk.images.remove(f"{repository}:1")
    return f"{repository}@{digest}"


def start(containers: Containers, reference: str) -> None:
    with containers.started(reference, env=ENV, memory_mb=None) as container:
        running: Container = container
        assert running


def wait_in(containers: Containers, reference: str, timer: threading.Timer) -> None:
    timer.start()
    with containers.started(reference, env=ENV, memory_mb=None):
        assert threading.Event().wait(20), "nobody interrupted it"


def left_behind(sdk: docker.DockerClient, run: str) -> str:
    container = sdk.containers.create(image("one"), labels={RUN_LABEL: run, TEST_LABEL: "1"})
    return str(container.id)


def lock_file(state: Path, run: str) -> None:
    (state / "runs").mkdir(parents=True)
    (state / "runs" / f"{run}.lock").touch()


def is_free(lock: Path) -> bool:
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
