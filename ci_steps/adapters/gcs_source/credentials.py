"""Who asks Google Cloud Storage, by the variables and files of Google's own tools."""

import importlib
import importlib.util
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from ci_steps.adapters.rest import reason, session
from ci_steps.errors import InputError, OutsideError

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_FILE, _TOKEN = "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_AUTH_ACCESS_TOKEN"
_ANONYMOUS = "CLOUDSDK_AUTH_DISABLE_CREDENTIALS"
_USUAL = "application_default_credentials.json"
_KINDS = {
    "service_account": ("google.oauth2.service_account", "from_service_account_info"),
    "authorized_user": ("google.oauth2.credentials", "from_authorized_user_info"),
    "external_account": ("google.auth.identity_pool", "from_info"),
}
"""What makes the content of each kind of file into credentials."""
_EARLY = 240
"""Seconds before its end at which a token is not used any more."""


class Tokens(Protocol):
    """Who asks."""

    def headers(self) -> dict[str, str]:
        """Return what says so, good for the next minutes."""


class Nobody:
    """For buckets that everybody may read, and for emulators."""

    def headers(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class GivenToken:
    """An access token that somebody else asked for."""

    token: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(slots=True)
class CredentialsFile:
    """A file of credentials: a service account's key, a person's login, a federated identity."""

    path: Path
    _loaded: Any = field(default=None, repr=False)
    _asking: Lock = field(default_factory=Lock, repr=False, compare=False)

    def headers(self) -> dict[str, str]:
        with self._asking:
            if self._loaded is None:
                self._loaded = self._read()
            if not self._loaded.valid:
                self._refresh()
            return {"Authorization": f"Bearer {self._loaded.token}"}

    def _read(self) -> Any:
        from google.auth.exceptions import GoogleAuthError

        try:
            said = json.loads(self.path.read_bytes())
            kind = said["type"]
            if kind in _KINDS:
                module, maker = _KINDS[kind]
                make: Any = getattr(importlib.import_module(module).Credentials, maker)
                return make(said, scopes=[_SCOPE])
        except (GoogleAuthError, OSError, ValueError, KeyError, TypeError) as error:
            # Not chained: the text of some of these errors has a part of the file in it.
            raise InputError(
                f"{self.path} holds no credentials that google-auth can read ({type(error).__name__})",
                hint=f"name a key file of a service account in {_FILE}",
            ) from None
        raise InputError(
            f"{self.path} holds credentials of a kind that is not known here: {str(kind)[:40]!r}",
            hint=f"known are {', '.join(_KINDS)}",
        )

    def _refresh(self) -> None:
        import requests
        from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
        from google.auth.transport.requests import Request

        try:
            with session() as asking:
                self._loaded.refresh(partial(Request(asking), timeout=30))
        except TransportError as error:
            cause = (
                error.args[0]
                if error.args and isinstance(error.args[0], requests.RequestException)
                else error
            )
            raise OutsideError(
                f"no access token for {self.path}: Google does not answer: {reason(cause)}"
            ) from None
        except RefreshError as error:
            if error.retryable:
                raise OutsideError(f"no access token for {self.path}: Google failed") from None
            said = re.match(r"[a-z_]{3,40}(?=:)", str(error))
            raise InputError(
                f"Google does not take the credentials in {self.path}" + (f": {said[0]}" if said else ""),
                hint="make a new key for the service account, or log in again; look at this machine's clock",
            ) from None
        except (GoogleAuthError, ValueError) as error:
            raise InputError(
                f"the credentials in {self.path} cannot be used ({type(error).__name__})",
                hint=f"name a key file of a service account in {_FILE}",
            ) from None


@dataclass(slots=True)
class Machine:
    """The service account of the machine or the pod, by the metadata server that is a part of it."""

    host: str
    _token: str = field(default="", repr=False)
    _until: float = 0
    _asking: Lock = field(default_factory=Lock, repr=False, compare=False)

    def headers(self) -> dict[str, str]:
        with self._asking:
            if time.monotonic() > self._until:
                self._token, seconds = self._asked()
                self._until = time.monotonic() + seconds - _EARLY
            return {"Authorization": f"Bearer {self._token}"}

    def _asked(self) -> tuple[str, float]:
        import requests

        url = f"http://{self.host}/computeMetadata/v1/instance/service-accounts/default/token"
        try:
            # No proxy has one, and elsewhere nobody answers: asked once, and not for long.
            with requests.Session() as asking:
                asking.trust_env = False
                answer = asking.get(url, headers={"Metadata-Flavor": "Google"}, timeout=3)
            said = answer.json()
            return str(said["access_token"]), float(said["expires_in"])
        except (requests.RequestException, ValueError, KeyError, TypeError):
            raise InputError(
                "no credentials for Google Cloud Storage were found",
                hint=f"set {_FILE} to a key file, or {_TOKEN}, or run `gcloud auth "
                f"application-default login`; for a bucket that everybody may read, {_ANONYMOUS}=true",
            ) from None


def tokens(variables: Mapping[str, str], *, emulated: bool) -> Tokens:
    """Return the first of: a file, a token, nobody where wished, the person's login, the machine's."""
    if named := variables.get(_FILE):
        return _file(Path(named))
    if given := variables.get(_TOKEN):
        return GivenToken(given.strip())
    if emulated or variables.get(_ANONYMOUS, "").lower() in {"1", "true"}:
        return Nobody()
    folder = variables.get("CLOUDSDK_CONFIG") or Path(variables.get("HOME") or "/") / ".config/gcloud"
    login = Path(folder) / _USUAL
    if login.is_file():
        return _file(login)
    return Machine(variables.get("GCE_METADATA_HOST") or "metadata.google.internal")


def _file(path: Path) -> CredentialsFile:
    try:
        missing = importlib.util.find_spec("google.auth") is None
    except ModuleNotFoundError:
        missing = True
    if missing:
        raise InputError(
            f"{path} is read by google-auth, which is not installed here", hint="install ci-steps[gcs]"
        )
    if not os.access(path, os.R_OK):
        raise InputError(f"the credentials {path} cannot be read", hint=f"name a key file in {_FILE}")
    return CredentialsFile(path)
