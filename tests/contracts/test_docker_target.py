"""What only the docker target promises, on the real engine and behind the real HAProxy."""

import gc
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import requests
from docker.models.containers import Container

from ci_steps.errors import InputError, NotServingError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.release import Release
from ci_steps.model.wire import pretty
from tests.fakes.platforms import OnEngine, free_port, until
from tests.fakes.serving_image import engine as client_of_tests


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[OnEngine]:
    platform = OnEngine(tmp_path)
    try:
        yield platform
    finally:
        platform.cleared()


def test_a_switch_and_the_way_back_lose_no_request(engine: OnEngine) -> None:
    one, two = engine.release(1, "one", replicas=2), engine.release(3, "two", replicas=2)
    engine.target.apply(one)

    with engine.under_requests() as counts:
        until(lambda: counts[one.id] >= 100)
        engine.target.apply(two)
        engine.target.retire()
        until(lambda: counts[two.id] >= 200)
        engine.target.apply(one)
        engine.target.retire()
        back = counts[one.id]
        until(lambda: counts[one.id] >= back + 200)

    assert sum(counts.values()) >= 500
    assert set(counts) == {one.id, two.id}, counts


def test_a_release_that_fails_beside_it_costs_no_request(engine: OnEngine) -> None:
    one = engine.release(1, "one")
    engine.target.apply(one)

    with engine.under_requests() as counts:
        until(lambda: counts[one.id] >= 100)
        with pytest.raises(NotServingError, match=r"green-1 was killed: out of memory \(limit 32 MiB\)"):
            engine.target.apply(engine.release(3, "hungry"))

    assert set(counts) == {one.id}, counts
    assert engine.running() == {"blue-1", "proxy"}


def test_the_reason_holds_the_last_that_the_container_wrote(engine: OnEngine) -> None:
    with pytest.raises(NotServingError, match=r"exited with code 1; .*the model does not load: no such file"):
        engine.target.apply(engine.release(1, "exits"))


def test_containers_are_locked_in(engine: OnEngine) -> None:
    engine.target.apply(msgspec.structs.replace(engine.release(1, "one"), memory_mb=128))

    container = engine.containers()["blue-1"]
    host = container.attrs["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges" in host["SecurityOpt"]
    assert host["Memory"] == host["MemorySwap"] == 128 * 1024 * 1024
    assert "noexec" in host["Tmpfs"]["/tmp"]
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert container.attrs["NetworkSettings"]["Ports"] in ({}, {"8080/tcp": None})
    assert container.labels["ci_steps.release"] == "staging-1"
    proxy = engine.containers()["proxy"].attrs["HostConfig"]
    assert (proxy["ReadonlyRootfs"], proxy["CapDrop"]) == (True, ["ALL"])


def test_what_served_before_stays_startable_and_is_started_again(engine: OnEngine) -> None:
    one = engine.release(1, "one")
    engine.target.apply(one)
    first = engine.containers()["blue-1"].id
    engine.target.apply(engine.release(3, "two"))
    engine.target.retire()
    assert engine.running() == {"green-1", "proxy"}

    engine.target.apply(one)
    engine.target.retire()

    assert engine.containers()["blue-1"].id == first
    assert engine.running() == {"blue-1", "proxy"}


def test_what_is_still_warm_takes_over_again_without_a_start(engine: OnEngine) -> None:
    one, two = engine.release(1, "one", replicas=2), engine.release(3, "two")
    engine.target.apply(one)
    began = engine.containers()["blue-2"].attrs["State"]["StartedAt"]
    engine.target.apply(two)
    said = len(engine.told.said)

    engine.target.apply(one)

    assert engine.told.said[said:] == ["switched from green to blue"]
    assert engine.target.observe().runs(one)
    assert engine.containers()["blue-2"].attrs["State"]["StartedAt"] == began


def test_what_was_warm_and_died_is_started_anew(engine: OnEngine) -> None:
    one = engine.release(1, "one")
    engine.target.apply(one)
    engine.target.apply(engine.release(3, "two"))
    engine.containers()["blue-1"].kill()

    engine.target.apply(one)

    assert engine.target.observe().runs(one)


def test_what_a_cut_run_left_warm_makes_room_without_a_lost_request(engine: OnEngine) -> None:
    one, two, three = (engine.release(n, name) for n, name in ((1, "one"), (3, "two"), (5, "one")))
    engine.target.apply(one)

    with engine.under_requests() as counts:
        until(lambda: counts[one.id] >= 50)
        engine.target.apply(two)
        engine.target.apply(three)
        until(lambda: counts[three.id] >= 50)

    assert set(counts) <= {one.id, two.id, three.id}, counts


def test_only_one_generation_is_kept(engine: OnEngine) -> None:
    engine.target.apply(engine.release(1, "one", replicas=2))
    engine.target.apply(engine.release(3, "two"))

    engine.target.apply(engine.release(5, "one"))

    assert {name: c.labels.get("ci_steps.release") for name, c in engine.containers().items()} == {
        "blue-1": "staging-5",
        "green-1": "staging-3",
        "proxy": None,
    }


def test_a_killed_replica_is_seen_and_the_other_answers_alone(engine: OnEngine) -> None:
    one = engine.release(1, "one", replicas=2)
    engine.target.apply(one)

    engine.containers()["blue-2"].kill()

    assert not engine.target.observe().runs(one)
    with engine.under_requests() as counts:
        until(lambda: counts[one.id] >= 50)
    assert set(counts) == {one.id}, counts
    engine.target.apply(one)
    assert engine.target.observe().runs(one)


def test_a_replica_that_crashes_comes_back_by_itself_at_its_address(engine: OnEngine) -> None:
    one = engine.release(1, "one", replicas=2)
    engine.target.apply(one)
    crashed = engine.containers()["blue-1"]

    crashed.exec_run(["python3", "-c", "import os, signal; os.kill(1, signal.SIGTERM)"])

    def restarted() -> bool:
        crashed.reload()
        return bool(crashed.attrs["RestartCount"] == 1)

    until(restarted)
    until(lambda: engine.target.observe().runs(one))


def test_a_killed_proxy_comes_back_on_the_colour_that_served(engine: OnEngine) -> None:
    two = engine.release(3, "two")
    engine.target.apply(engine.release(1, "one"))
    engine.target.apply(two)
    engine.containers()["proxy"].kill()
    assert engine.target.observe().answering is None

    engine.target.apply(two)

    assert engine.target.observe().runs(two)


def test_a_restarted_proxy_needs_nobody(engine: OnEngine) -> None:
    two = engine.release(3, "two", replicas=2)
    engine.target.apply(engine.release(1, "one"))
    engine.target.apply(two)

    engine.containers()["proxy"].restart(timeout=1)

    until(lambda: engine.target.observe().runs(two))


def test_a_removed_proxy_with_its_folder_lost_is_made_anew(engine: OnEngine) -> None:
    one = engine.release(1, "one")
    engine.target.apply(one)
    replica = engine.containers()["blue-1"].id
    engine.containers()["proxy"].remove(force=True)
    for file in engine.target.state.iterdir():
        file.unlink()

    engine.target.apply(one)

    assert engine.told.said.count("switched from nothing to blue") == 1, "it came up on what ran"

    assert engine.target.observe().runs(one)
    assert engine.containers()["blue-1"].id == replica


def test_a_changed_address_moves_the_proxy_and_keeps_the_replicas(engine: OnEngine) -> None:
    one = engine.release(1, "one")
    engine.target.apply(one)
    replica = engine.containers()["blue-1"].id
    moved = OnEngine(engine.folder, service=engine.service, address=f"127.0.0.1:{free_port()}")

    moved.target.apply(one)

    assert moved.target.observe().runs(one)
    assert engine.containers()["blue-1"].id == replica


def test_a_port_in_use_is_one_clear_line_and_leaves_nothing(engine: OnEngine) -> None:
    host, _, port = engine.address.partition(":")
    with socket.create_server((host, int(port))):
        for act in (engine.target.observe, lambda: engine.target.apply(engine.release(1, "one"))):
            with pytest.raises(InputError, match=f"{engine.address} is in use by another program"):
                act()

    assert engine.containers() == {}


def test_an_address_of_another_machine_is_bad_input(engine: OnEngine) -> None:
    elsewhere = OnEngine(engine.folder, service=engine.service, address="192.0.2.1:8080")

    with pytest.raises(InputError, match="is not an address of this machine"):
        elsewhere.target.observe()


# The SDK drops its socket unclosed where nobody listens on it, and says so when that is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_is_not_there_is_an_outside_error(
    engine: OnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = engine.target
    with monkeypatch.context() as context:
        context.setenv("DOCKER_HOST", f"unix://{engine.folder}/nobody.sock")
        with pytest.raises(OutsideError, match=r"the Docker engine at .*nobody\.sock does not answer"):
            target.observe()
    gc.collect()


def test_an_image_that_the_registry_does_not_hold_is_an_outside_error(engine: OnEngine) -> None:
    unknown = msgspec.structs.replace(engine.release(1, "one"), image=Digest("0" * 64))

    with pytest.raises(OutsideError, match="0000"):
        engine.target.apply(unknown)


def test_a_proxy_that_cannot_be_had_leaves_a_first_release_verified_empty(engine: OnEngine) -> None:
    nowhere = f"127.0.0.1:{free_port()}/haproxy:2.6"
    target = replace(engine.target, proxy_image=nowhere)

    with pytest.raises(OutsideError, match=f"the proxy's image {nowhere} cannot be had"):
        target.observe()
    with pytest.raises(OutsideError, match="cannot be had") as failed:
        target.apply(engine.release(1, "one"))
    target.apply(None)

    assert "CI_STEPS_HAPROXY_IMAGE" in failed.value.hint
    assert engine.containers() == {}


def test_a_label_that_lies_about_the_image_is_found_out(engine: OnEngine) -> None:
    one = engine.release(1, "one")
    engine.target.apply(one)
    lying = _recreated_with(engine, "blue-1", image=engine.release(3, "two").reference)

    until(lambda: any(replica.healthy for replica in engine.target.observe().replicas))

    assert lying.labels["ci_steps.image"] == one.reference
    assert not engine.target.observe().runs(one)
    engine.target.apply(one)
    assert engine.target.observe().runs(one)


def test_with_nothing_live_clients_are_told_so(engine: OnEngine) -> None:
    engine.target.apply(None)

    answer = requests.get(f"http://{engine.address}/predict", timeout=5)

    assert (answer.status_code, answer.text) == (503, "no release serves here")
    assert answer.headers["retry-after"] == "5"


def test_a_folder_with_a_name_too_long_for_a_socket_will_do(tmp_path: Path) -> None:
    platform = OnEngine(tmp_path / ("long" * 30))
    try:
        platform.target.apply(platform.release(1, "one"))

        assert platform.target.observe().runs(platform.release(1, "one"))
    finally:
        platform.cleared()


def test_two_services_do_not_meet(engine: OnEngine) -> None:
    other = OnEngine(engine.folder / "other")
    try:
        one, two = engine.release(1, "one"), other.release(1, "two")
        engine.target.apply(one)
        other.target.apply(two)

        assert engine.target.observe().runs(one)
        assert other.target.observe().runs(two)
    finally:
        other.cleared()


_APPLY = """
import sys
from pathlib import Path
import msgspec
from ci_steps.model.release import Release
from ci_steps.model.wire import decoded
from tests.fakes.platforms import OnEngine

class Loud:
    def say(self, text):
        print(text, flush=True)
        sys.stdin.readline()
    def advance(self, done, total, unit):
        self.say(f"{done} of {total} {unit}")

folder, service, address, release = sys.argv[1:]
engine = OnEngine(Path(folder), service=service, address=address, told=Loud())
engine.target.apply(decoded(release, Release, where="argument"))
engine.target.retire()
"""


def _killed_at(line: str, engine: OnEngine, release: Release) -> None:
    """Have another process apply ``release`` and retire the rest; kill that when it says ``line``."""
    command = [sys.executable, "-c", _APPLY, str(engine.folder), engine.service, engine.address]
    with subprocess.Popen(
        [*command, pretty(release).decode()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for said in process.stdout:
            if said.startswith(line):
                process.send_signal(signal.SIGKILL)
                break
            process.stdin.write("\n")
            process.stdin.flush()
        assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("line", ["starting", "0 of 2", "2 of 2", "switched", "draining", "stopping"])
def test_a_killed_apply_is_healed_by_the_next_and_leaves_nothing_behind(engine: OnEngine, line: str) -> None:
    one, two = engine.release(1, "one"), engine.release(3, "two", replicas=2)
    engine.target.apply(one)
    _killed_at(line, engine, two)

    engine.target.apply(two)
    engine.target.retire()

    assert engine.target.observe().runs(two)
    assert engine.running() == {"green-1", "green-2", "proxy"}


@pytest.mark.parametrize("line", ["0 of 2", "switched", "stopping"])
def test_a_killed_apply_is_undone_by_applying_what_was_before(engine: OnEngine, line: str) -> None:
    one, two = engine.release(1, "one"), engine.release(3, "two", replicas=2)
    engine.target.apply(one)
    _killed_at(line, engine, two)

    engine.target.apply(one)
    engine.target.retire()

    assert engine.target.observe().runs(one)
    assert engine.running() == {"blue-1", "proxy"}


def _recreated_with(engine: OnEngine, name: str, *, image: str) -> Container:
    """Put a container of another image in the place of one, under the same name, labels and address."""
    old = engine.containers()[name]
    client = client_of_tests()
    (network, settings), *_ = old.attrs["NetworkSettings"]["Networks"].items()
    place = {network: client.api.create_endpoint_config(ipv4_address=settings["IPAddress"])}
    old.remove(force=True)
    return client.containers.run(
        image,
        detach=True,
        name=str(old.name),
        labels=old.labels,
        environment=old.attrs["Config"]["Env"][:2],
        network=network,
        networking_config=place,
        restart_policy={"Name": "always"},
    )
