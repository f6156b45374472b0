"""Requests for objects of one bucket, ready to be sent by others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import quote, urlsplit

from ci_steps.adapters.s3_source.sigv4 import Keys, Scope, signed
from ci_steps.ports import Request


@dataclass(frozen=True)
class Signer:
    """Where a bucket is, and what its requests are signed with."""

    base: str
    """What stands before a key: scheme, host and, where the bucket is not a part of that, its path."""
    scope: Scope
    keys: Callable[[], Keys]
    """Those of now: the keys of a role age, and are made anew in time."""

    def get(self, key: str, version: str, headers: dict[str, str]) -> Request:
        """Return a signed GET of a key, in one version where it is given."""
        place, host, path = self._there
        target, sent = signed(
            host, path + quote(key, safe="/~"), version, headers, self.keys(), self.scope, datetime.now(UTC)
        )
        return Request(place + target, sent)

    @cached_property
    def _there(self) -> tuple[str, str, str]:
        """Scheme and host, the host as it is sent, and the path before a key."""
        parts = urlsplit(self.base)
        usual = {"http": 80, "https": 443}[parts.scheme]
        host = parts.netloc.removesuffix(f":{usual}")
        return f"{parts.scheme}://{parts.netloc}", host, parts.path
