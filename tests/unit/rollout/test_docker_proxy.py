"""What of the docker target can be told without an engine."""

import pytest
from docker.models.networks import Network

from ci_steps.adapters.docker_target.haproxy import COLOURS, SLOTS, Server, configuration, map_text
from ci_steps.adapters.docker_target.network import addresses_in, proxy_address
from ci_steps.errors import OutsideError


def network(subnet: str) -> Network:
    return Network(attrs={"Name": "tweets-staging", "IPAM": {"Config": [{"Subnet": subnet}]}})


def test_every_slot_of_both_colours_is_configured_and_only_the_serving_ones_are_on() -> None:
    text = configuration(addresses_in(network("172.18.0.0/16")), {("green", 1), ("green", 2)})

    servers = [line.split() for line in text.splitlines() if line.startswith("    server s")]
    assert len(servers) == 2 * SLOTS
    assert [words[1:] for words in servers if words[-1] != "disabled"] == [
        ["s1", "172.18.0.48:8080"],
        ["s2", "172.18.0.49:8080"],
    ]


def test_each_slot_has_an_address_of_its_own_and_so_has_the_proxy() -> None:
    addresses = addresses_in(network("172.18.0.0/16"))

    assert set(addresses) == {(colour, number) for colour in COLOURS for number in range(1, SLOTS + 1)}
    assert len({*addresses.values(), proxy_address(network("172.18.0.0/16")), "172.18.0.1"}) == 2 * SLOTS + 2


def test_a_network_without_room_for_all_slots_is_an_outside_error() -> None:
    with pytest.raises(OutsideError, match="no room for 64 replicas"):
        addresses_in(network("10.0.0.0/28"))


def test_nothing_active_is_a_map_too() -> None:
    assert map_text(None) == "active none\n"


@pytest.mark.parametrize(
    ("status", "check", "healthy"),
    [
        ("UP", "L7OK", True),
        ("UP 1/3", "L7OK", False),
        ("UP", "", False),
        ("DOWN", "L7STS", False),
        ("MAINT", "", False),
    ],
)
def test_a_server_is_healthy_only_by_a_check_of_its_present_life(
    status: str, check: str, healthy: bool
) -> None:
    assert Server(status, check, "", 0).healthy is healthy
