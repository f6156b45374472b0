"""What contrib/engine/ promises, shown on this machine's real engine and registry."""

import os
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import docker
import pytest

from tests.e2e.engine_setup import (
    ENGINE,
    REPOSITORY,
    exports,
    image_environment,
    image_names,
    program,
    running,
    seen,
    up,
)


@pytest.fixture(scope="module")
def engine() -> dict[str, str]:
    """Stand where someone stands who ran `eval "$(contrib/engine/up)"`."""
    done = up()
    assert done.returncode == 0, done.stderr
    return {**os.environ, **exports(done.stdout)}


def test_a_second_up_changes_nothing(engine: dict[str, str]) -> None:
    before, programs = seen(engine), running("dockerd", "docker-registry")

    done = program(ENGINE / "up", engine)

    assert done.returncode == 0, done.stderr
    assert seen(engine) == before
    assert programs <= running("dockerd", "docker-registry")


def test_standard_output_is_export_lines_only_and_a_shell_can_read_them(engine: dict[str, str]) -> None:
    done = program(ENGINE / "up", engine)

    assert set(exports(done.stdout)) == {
        "DOCKER_HOST",
        "CI_STEPS_REGISTRY",
        "CI_STEPS_PYTHON_IMAGE",
        "CI_STEPS_HAPROXY_IMAGE",
    }
    assert all(line.startswith("export ") for line in done.stdout.splitlines())
    shell = subprocess.run(
        ["bash", "-euc", f'eval "$({ENGINE}/up)"; echo "$DOCKER_HOST"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout.strip() == engine["DOCKER_HOST"]


def test_two_ups_at_once_both_succeed(engine: dict[str, str]) -> None:
    both = [
        subprocess.Popen([ENGINE / "up"], env=engine, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in "ab"
    ]

    said = [one.communicate(timeout=60)[0] for one in both]

    assert [one.returncode for one in both] == [0, 0]
    assert said[0] == said[1]


def test_the_base_image_names_the_python_it_has(engine: dict[str, str]) -> None:
    image = engine["CI_STEPS_PYTHON_IMAGE"]

    with closing(docker.DockerClient(engine["DOCKER_HOST"])) as client:
        answer = client.containers.run(
            image, ["python3", "--version"], remove=True, read_only=True, user="10001:10001"
        )

    assert answer.decode().split() == ["Python", image_environment(image)["PYTHON_VERSION"]]
    assert image_environment(image)["PYTHON_VERSION"].startswith("3.11.")


def test_haproxy_accepts_a_configuration_as_nobody_without_capabilities(
    engine: dict[str, str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    configuration = tmp_path / "haproxy.cfg"
    configuration.write_text("defaults\n mode http\n timeout client 1s\nfrontend f\n bind :8080\n")

    with closing(docker.DockerClient(engine["DOCKER_HOST"])) as client:
        container = client.containers.run(
            engine["CI_STEPS_HAPROXY_IMAGE"],
            ["-c", "-f", "/kit.cfg"],
            entrypoint=["haproxy"],
            user="10001:10001",
            read_only=True,
            cap_drop=["ALL"],
            volumes={str(configuration): {"bind": "/kit.cfg", "mode": "ro"}},
            detach=True,
        )
        try:
            status = container.wait(timeout=30)["StatusCode"]
            said = container.logs().decode()
        finally:
            container.remove(force=True)

    assert status == 0, said


@pytest.fixture
def public(engine: dict[str, str]) -> str:
    """Give a registry's prefix what Docker Hub has, as far as `up` wants it."""
    prefix = f"{engine['CI_STEPS_REGISTRY']}/ci-steps-test/public"
    names = ("python:3.11-slim-bookworm", "haproxy:2.6")
    with closing(docker.DockerClient(engine["DOCKER_HOST"])) as client:
        for image, name in zip(image_names(engine), names, strict=True):
            client.images.pull(image).tag(f"{prefix}/library/{name}")
            for line in client.api.push(f"{prefix}/library/{name}", stream=True, decode=True):
                assert "error" not in line, line
            client.images.remove(f"{prefix}/library/{name}")
    return prefix


def test_a_missing_registry_is_started_filled_from_the_public_one_and_stopped_by_down(
    engine: dict[str, str], public: str, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        registry = f"127.0.0.1:{free.getsockname()[1]}"
    other = {
        **engine,
        "CI_STEPS_REGISTRY": registry,
        "ENGINE_PUBLIC": public,
        "ENGINE_STATE": str(tmp_path / "state"),
    }
    programs = running("dockerd", "docker-registry")

    started = program(ENGINE / "up", other)
    try:
        assert started.returncode == 0, started.stderr
        there = {**other, **exports(started.stdout)}
        assert image_environment(there["CI_STEPS_PYTHON_IMAGE"]) == image_environment(
            engine["CI_STEPS_PYTHON_IMAGE"]
        )
        assert seen(there)["engine"] == seen(engine)["engine"]
        own = (tmp_path / "state" / "registry.pid").read_text().strip()
    finally:
        stopped = program(ENGINE / "down", other)
        with closing(docker.DockerClient(engine["DOCKER_HOST"])) as client:
            for name in (f"{registry}/base/*", f"{public}/library/*"):
                for image in client.images.list(filters={"reference": name}):
                    for tag in image.tags:
                        if tag.startswith((registry, public)):
                            client.images.remove(tag)

    assert stopped.returncode == 0, stopped.stderr
    still = running("dockerd", "docker-registry")
    assert own not in {pid for pid, _ in still}
    assert programs <= still


def test_down_leaves_a_process_alone_that_got_the_pid_of_an_old_registry(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (state / "registry.pid").write_text(f"{bystander.pid}\n")

        done = program(ENGINE / "down", {**os.environ, "ENGINE_STATE": str(state)})

        assert done.returncode == 0, done.stderr
        assert bystander.poll() is None
        assert not (state / "registry.pid").exists()
        bystander.kill()


def test_make_alone_lists_its_targets() -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}
    }

    done = subprocess.run(
        ["make"],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )

    listed = {line.split()[0] for line in done.stdout.splitlines()}
    wanted = "setup demo test campaign lint types schemas bench clean help"
    assert set(wanted.split()) <= listed
    assert done.stderr == ""


def test_a_zombie_is_not_a_running_engine_nor_is_a_process_of_another_name() -> None:
    script = f"""
        . {ENGINE}/lib.sh
        sleep 60 & living=$!
        # A parent that does not wait leaves a zombie.
        exec {{zombie}}< <(exec python3 -c 'import os, time
child = os.fork() or os._exit(0)
print(child, flush=True)
time.sleep(60)')
        read -ru "$zombie" dead
        until grep -q '^State:.Z' "/proc/$dead/status"; do :; done
        runs "$living" sleep && ! runs "$living" dockerd && ! runs "$dead" python3 && ! runs "" sleep
        told=$?
        kill "$living" "$(ps -o ppid= -p "$dead")"
        exit "$told"
    """

    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 0, ended.stderr
