"""Where a registry is spoken to, and whether that may be without TLS."""

import ipaddress

from ci_steps.model.images import DOCKER_HUB

_HUB_API = "registry-1.docker.io"
HUB_LOGIN = "https://index.docker.io/v1/"
"""The name under which Docker's configuration keeps the login to Docker Hub."""


def api_host(host: str) -> str:
    """Return the host that answers for the registry ``host``."""
    return _HUB_API if host == DOCKER_HUB else host


def is_loopback(host: str) -> bool:
    """Whether ``host[:port]`` can only be this machine."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def may_be_plain(host: str, plain_http: tuple[str, ...]) -> bool:
    """Whether ``host`` may be spoken to without TLS: on loopback, or where it was named."""
    return is_loopback(host) or host in plain_http
