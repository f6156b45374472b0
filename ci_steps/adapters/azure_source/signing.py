"""The ways in which Azure's Blob service is told who asks."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from ci_steps.ports import Request

VERSION = "2021-12-02"
_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


class Signer(Protocol):
    """Who asks."""

    def signed(self, url: str, headers: Mapping[str, str]) -> Request:
        """Return the GET of ``url`` with these headers, as it may be sent now."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """For containers that everybody may read."""

    def signed(self, url: str, headers: Mapping[str, str]) -> Request:
        return Request(url, _dated(headers))


@dataclass(frozen=True, slots=True)
class SharedKey:
    """An account's key, which signs each request: the key itself is never sent."""

    account: str
    key: bytes = field(repr=False)

    def signed(self, url: str, headers: Mapping[str, str]) -> Request:
        dated = _dated(headers)
        code = hmac.new(self.key, self._to_sign(url, dated).encode(), hashlib.sha256).digest()
        signature = base64.b64encode(code).decode()
        return Request(url, dated | {"Authorization": f"SharedKey {self.account}:{signature}"})

    def _to_sign(self, url: str, headers: Mapping[str, str]) -> str:
        # https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
        parts = urlsplit(url)
        given = {name.lower(): value for name, value in headers.items()}
        own = sorted(f"{name}:{value}" for name, value in given.items() if name.startswith("x-ms-"))
        asked = sorted(
            f"{name.lower()}:{value}" for name, value in parse_qsl(parts.query, keep_blank_values=True)
        )
        resource = f"/{self.account}{parts.path}"
        return "\n".join(["GET", *(given.get(name, "") for name in _SIGNED), *own, resource, *asked])


@dataclass(frozen=True, slots=True)
class Sas:
    """A shared access signature: a part of the URL, and a secret."""

    token: str = field(repr=False)

    def signed(self, url: str, headers: Mapping[str, str]) -> Request:
        return Request(f"{url}{'&' if '?' in url else '?'}{self.token}", _dated(headers))


class Tokens(Protocol):
    """Access tokens that live for some minutes."""

    def token(self) -> str:
        """Return one that is good for a while."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A person or a program that Microsoft Entra ID knows."""

    tokens: Tokens

    def signed(self, url: str, headers: Mapping[str, str]) -> Request:
        return Request(url, _dated(headers) | {"Authorization": f"Bearer {self.tokens.token()}"})


def _dated(headers: Mapping[str, str]) -> dict[str, str]:
    now = format_datetime(datetime.now(UTC), usegmt=True)
    return {**headers, "x-ms-date": now, "x-ms-version": VERSION}
