"""The network of a service, on the real engine."""

import secrets
from collections.abc import Iterator
from contextlib import closing

import docker
import pytest

from ci_steps.adapters.docker_target.network import network_of


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    with closing(docker.from_env()) as client:
        yield client


def test_what_a_killed_rollout_left_of_its_search_for_a_subnet_is_taken_away(
    engine: docker.DockerClient,
) -> None:
    name = f"ci-steps-{secrets.token_hex(4)}"
    for left in (f"{name}-probe", f"{name}-probe", f"{name}-probe-of-another"):
        engine.networks.create(left, driver="bridge")

    try:
        network_of(engine, name, {"ci_steps.service": name})

        there = {network.name for network in engine.networks.list(names=[name])}
        assert there == {name, f"{name}-probe-of-another"}
    finally:
        for network in engine.networks.list(names=[name]):
            network.remove()
