"""The network of one service, with one fixed address for each slot."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ci_steps.adapters.docker_target.haproxy import COLOURS, SLOTS, Colour
from ci_steps.errors import OutsideError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.networks import Network

_FIRST = {"blue": 16, "green": 16 + SLOTS}
_TRIES = 5


def network_of(client: DockerClient, name: str, labels: dict[str, str]) -> Network:
    """Return the network that carries ``labels``, made where there is none.

    The engine keeps a container's address over a restart only where the network's subnet was asked for by
    name. So the engine is let choose a free one, and then asked for exactly that.
    """
    import docker

    filters = {"label": [f"{key}={value}" for key, value in labels.items()]}
    for network in client.networks.list(filters=filters):
        network.reload()
        if _subnet(network):
            return network
    for left in client.networks.list(names=[f"^{name}-probe$"]):
        left.remove()  # whoever made it was killed before taking it away
    for _ in range(_TRIES):
        probe = client.networks.create(f"{name}-probe", driver="bridge")
        probe.reload()
        subnet = str(_subnet(probe))
        probe.remove()
        pool = docker.types.IPAMPool(subnet=subnet)
        try:
            network = client.networks.create(
                name,
                driver="bridge",
                ipam=docker.types.IPAMConfig(pool_configs=[pool]),
                labels=labels,
                check_duplicate=True,
            )
        except docker.errors.APIError as error:
            if "overlaps" not in str(error):
                raise
            continue  # someone else's network took it in between
        network.reload()
        return network
    raise OutsideError(f"no subnet stayed free for the network {name}")


def addresses_in(network: Network) -> dict[tuple[Colour, int], str]:
    """Return the address of every slot."""
    subnet = _subnet(network)
    if subnet is None or subnet.num_addresses < _FIRST["green"] + SLOTS + 1:
        raise OutsideError(
            f"network {network.name} ({subnet}) has no room for {2 * SLOTS} replicas",
            hint="give the engine address pools of /24 or larger (default-address-pools)",
        )
    return {
        (colour, number): str(subnet[_FIRST[colour] + number - 1])
        for colour in COLOURS
        for number in range(1, SLOTS + 1)
    }


def proxy_address(network: Network) -> str:
    return str(ipaddress.ip_address(min(addresses_in(network).values(), key=ipaddress.ip_address)) - 1)


def _subnet(network: Network) -> ipaddress.IPv4Network | None:
    for pool in network.attrs.get("IPAM", {}).get("Config") or []:
        subnet = ipaddress.ip_network(pool["Subnet"])
        if isinstance(subnet, ipaddress.IPv4Network):
            return subnet
    return None
