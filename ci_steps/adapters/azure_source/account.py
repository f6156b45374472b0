"""Where a storage account answers, and how requests to it are signed, by Azure's own variables."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ci_steps.adapters.azure_source.entra import Entra
from ci_steps.adapters.azure_source.signing import Bearer, Nobody, Sas, SharedKey, Signer
from ci_steps.adapters.rest import address
from ci_steps.errors import InputError

_STRING, _KEY = "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_KEY"
_SAS, _ENDPOINT = "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_BLOB_ENDPOINT"
_ACCOUNT, _ANONYMOUS = "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ANON"
_WANTED = (
    f"set {_ACCOUNT} and {_KEY} or {_SAS}, or {_STRING}, or AZURE_TENANT_ID, AZURE_CLIENT_ID and "
    f"AZURE_CLIENT_SECRET; for a container that everybody may read, {_ANONYMOUS}=true"
)


@dataclass(frozen=True, slots=True)
class Account:
    """One storage account."""

    endpoint: str
    signer: Signer = field(repr=False)

    @classmethod
    def of(cls, name: str, variables: Mapping[str, str]) -> "Account":
        """Return the account of this name; what is set for another is not used."""
        string = _connection(variables)
        ours = string.get("accountname", name) == name and _is_of(name, string.get("blobendpoint", ""))
        settings = string if ours else {}
        signer = _signer(name, settings, variables)
        if signer is None:
            others = {string.get("accountname", ""), variables.get(_ACCOUNT, "")} - {"", name}
            raise InputError(
                f"no credentials for the storage account {name}"
                + (f"; those that are set are of {', '.join(sorted(others))}" if others else ""),
                hint=_WANTED,
            )
        endpoint, where = settings.get("blobendpoint", ""), _STRING
        if not endpoint and (named := variables.get(_ENDPOINT, "")):
            endpoint, where = named, _ENDPOINT
            if not _is_of(name, endpoint):
                raise InputError(
                    f"{_ENDPOINT} is not that of the storage account {name}",
                    hint=f"write an address that begins or ends with {name}, or take the variable away",
                )
        if not endpoint:
            scheme = settings.get("defaultendpointsprotocol", "https")
            endpoint = f"{scheme}://{name}.blob.{settings.get('endpointsuffix', 'core.windows.net')}"
        secret = not isinstance(signer, Nobody)
        return cls(address("Azure's Blob service", endpoint, where, secret=secret), signer)


def _signer(name: str, string: Mapping[str, str], variables: Mapping[str, str]) -> Signer | None:
    """Return the first of a key, a signature and a program's identity that is set for this account."""
    if key := string.get("accountkey"):
        return SharedKey(name, _decoded(key, _STRING))
    if sas := string.get("sharedaccesssignature"):
        return Sas(_query(sas, _STRING))
    if variables.get(_ACCOUNT) in {None, "", name}:
        if key := variables.get(_KEY):
            return SharedKey(name, _decoded(key, _KEY))
        if sas := variables.get(_SAS):
            return Sas(_query(sas, _SAS))
    if entra := Entra.of(variables):
        return Bearer(entra)
    return Nobody() if variables.get(_ANONYMOUS, "").lower() in {"1", "true"} else None


def _connection(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a connection string, by their names in small letters."""
    text = variables.get(_STRING, "").strip().strip(";")
    pairs = [part.partition("=") for part in text.split(";")] if text else []
    if not all(name and equals for name, equals, _ in pairs):
        raise InputError(
            f"{_STRING} is not a connection string", hint="copy it from the account's page of access keys"
        )
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _is_of(name: str, endpoint: str) -> bool:
    """Return whether an endpoint is an account's: its host begins so, or its path ends so; empty is any's."""
    parts = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
    return not endpoint or name in {(parts.hostname or "").partition(".")[0], parts.path.strip("/")}


def _decoded(key: str, variable: str) -> bytes:
    try:
        return base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        # Not chained: the text of the error may be a part of the key.
        raise InputError(
            f"the key in {variable} is not base64", hint="copy it from the account's page of access keys"
        ) from None


def _query(sas: str, variable: str) -> str:
    token = sas.strip().removeprefix("?")
    if not re.fullmatch(r"[\w.~%&=:+/,-]*sig=[\w.~%&=:+/,-]+", token, re.ASCII):
        raise InputError(
            f"{variable} is not a shared access signature", hint="copy it anew: it begins with sv= or se="
        )
    return token
