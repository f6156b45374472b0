"""Which proxy stands before a host, by the variables that every program knows."""

import base64
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ci_steps.errors import InputError


class Origin(NamedTuple):
    """Whom a connection is to."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Return whom ``url`` is to; ValueError where that is nobody.

        >>> str(Origin.of("https://user:word@S3.example.org:443/x?key=word"))
        'https://s3.example.org'
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(parts.scheme)
        return cls(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.scheme == "https" else 80)
        return host if usual else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


class Proxy(NamedTuple):
    """A proxy, and what it wants to know of us."""

    origin: Origin
    authorization: str
    """The header's value; empty where it has no password."""


def proxy_for(origin: Origin, variables: Mapping[str, str]) -> Proxy | None:
    """Return the proxy before ``origin``; before this very machine there never is one."""
    text = next(filter(None, (variables.get(name) for name in _names(origin.scheme))), "")
    if not text or _is_loopback(origin.host) or _is_exempt(origin, variables):
        return None
    url = text if "://" in text else f"http://{text}"
    try:
        there, parts = Origin.of(url), urlsplit(url)
    except ValueError:
        there = Origin("", "", 0)
    if there.scheme != "http":
        raise InputError(
            f"{origin.scheme.upper()}_PROXY does not name an http proxy",
            hint="write it like http://proxy.example.org:3128, or name what needs none in NO_PROXY",
        )
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    basic = f"Basic {base64.b64encode(login.encode()).decode()}" if parts.username else ""
    return Proxy(there, basic)


def _names(scheme: str) -> tuple[str, ...]:
    return (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")


def _is_exempt(origin: Origin, variables: Mapping[str, str]) -> bool:
    exempt = variables.get("no_proxy") or variables.get("NO_PROXY")
    if not exempt:
        return False
    from requests.utils import should_bypass_proxies

    return bool(should_bypass_proxies(str(origin), exempt))


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")
