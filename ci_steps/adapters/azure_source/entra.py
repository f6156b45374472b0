"""Access tokens of Microsoft Entra ID, for a program that has a secret or a token of its platform."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Self
from urllib.parse import quote

from ci_steps.adapters.rest import address, reason, session
from ci_steps.errors import InputError, OutsideError

_SCOPE = "https://storage.azure.com/.default"
_EARLY = 300
"""Seconds before its end at which a token is not used any more."""


@dataclass(slots=True)
class Entra:
    """The client-credentials grant (RFC 6749, 4.4), and the same with a federated token (RFC 7523)."""

    root: str
    """The address of the authority."""
    tenant: str
    asked: dict[str, str] = field(repr=False)
    file: Path | None = None
    """Holds the token that the platform gives, as Kubernetes; it is renewed, so read each time."""
    _token: str = field(default="", repr=False)
    _until: float = 0
    _asking: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self | None:
        """Return what the variables of Azure's own libraries name; None where they name no program."""
        client, tenant = variables.get("AZURE_CLIENT_ID"), variables.get("AZURE_TENANT_ID")
        secret, file = variables.get("AZURE_CLIENT_SECRET"), variables.get("AZURE_FEDERATED_TOKEN_FILE")
        if not (client and tenant and (secret or file)):
            return None
        host = variables.get("AZURE_AUTHORITY_HOST") or "https://login.microsoftonline.com"
        root = address("Microsoft Entra ID", host, "AZURE_AUTHORITY_HOST", secret=True)
        asked = {"client_id": client, "scope": _SCOPE, "grant_type": "client_credentials"}
        if secret:
            return cls(root, tenant, {**asked, "client_secret": secret})
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return cls(root, tenant, {**asked, "client_assertion_type": kind}, Path(file or ""))

    def token(self) -> str:
        with self._asking:
            if time.monotonic() > self._until:
                self._token, seconds = self._asked()
                self._until = time.monotonic() + seconds - _EARLY
            return self._token

    def _asked(self) -> tuple[str, float]:
        status, said = self._answer(self.asked | self._assertion())
        if status in {400, 401}:
            # Its `error_description` names the tenant and the moment; the word before it is one of RFC 6749.
            raise InputError(
                f"Microsoft Entra ID at {self.root} does not take the credentials: "
                f"{str(said.get('error'))[:40]!r}",
                hint="look at AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
            )
        token, seconds = said.get("access_token"), said.get("expires_in")
        if status != 200 or not isinstance(token, str) or not isinstance(seconds, int):
            raise OutsideError(
                f"Microsoft Entra ID at {self.root} gave no token: HTTP {status}",
                hint="look at AZURE_TENANT_ID and AZURE_AUTHORITY_HOST",
            )
        return token, seconds

    def _answer(self, form: Mapping[str, str]) -> tuple[int, dict[str, object]]:
        import requests

        url = f"{self.root}/{quote(self.tenant, safe='')}/oauth2/v2.0/token"
        try:
            with session() as asking:
                answer = asking.post(url, data=dict(form), timeout=(10, 30), allow_redirects=False)
            said = answer.json()
        except requests.JSONDecodeError:
            said = None
        except requests.RequestException as error:
            raise OutsideError(
                f"Microsoft Entra ID at {self.root} does not answer: {reason(error)}"
            ) from error
        return answer.status_code, said if isinstance(said, dict) else {}

    def _assertion(self) -> dict[str, str]:
        if self.file is None:
            return {}
        try:
            return {"client_assertion": self.file.read_text(encoding="utf-8").strip()}
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"AZURE_FEDERATED_TOKEN_FILE cannot be read: {self.file}", hint="name the platform's token"
            ) from error
