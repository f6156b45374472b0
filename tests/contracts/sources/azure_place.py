"""A container of Azurite, with a prefix for each model."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from ci_steps.adapters.azure_source import AzureSource
from tests.contracts.sources.own_clients import asked, variable

CONTAINER = "ci-steps-tests"


@dataclass(frozen=True)
class Container:
    """A container of Azurite, with a prefix for each model."""

    account: str = field(default_factory=lambda: variable("AZURE_STORAGE_ACCOUNT", "azure"))
    key: str = field(default_factory=lambda: variable("AZURE_STORAGE_KEY", "azure"), repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.key,)

    def publish(self, files: Mapping[str, bytes]) -> str:
        prefix = f"models/{secrets.token_hex(4)}"
        self._ask("put", {f"{prefix}/{path}": content for path, content in files.items()})
        return f"azure://{self.account}/{CONTAINER}/{prefix}"

    def change(self, address: str, path: str, content: bytes) -> None:
        self._ask("put", {self._blob(address, path): content})

    def delete(self, address: str, path: str) -> None:
        self._ask("delete", {self._blob(address, path): b""})

    def nothing(self) -> str:
        return f"azure://{self.account}/{CONTAINER}/models/nothing-here"

    def source(self) -> AzureSource:
        return self.told()

    def stranger(self) -> tuple[AzureSource, str]:
        other = base64.b64encode(b"not the key, but as long as a key of Azure's is: 64 bytes in all").decode()
        return self.told(AZURE_STORAGE_KEY=other), other

    def at(self, port: int) -> AzureSource:
        return self.told(AZURE_STORAGE_BLOB_ENDPOINT=f"http://127.0.0.1:{port}/{self.account}")

    def told(self, **changes: str) -> AzureSource:
        """Return the source with other variables; an empty value takes one away."""
        given = {name: value for name, value in os.environ.items() if name.startswith("AZURE_")}
        return AzureSource({name: value for name, value in (given | changes).items() if value})

    def signature(self, *, seconds: int = 3600, rights: str = "rl") -> str:
        """Return a shared access signature of the container, made as Azure's tools make it."""
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        version, place = "2020-12-06", f"/blob/{self.account}/{CONTAINER}"
        lines = [rights, "", until, place, "", "", "", version, "c", "", "", "", "", "", "", ""]
        code = hmac.new(base64.b64decode(self.key), "\n".join(lines).encode(), hashlib.sha256).digest()
        signed = {"sp": rights, "se": until, "sv": version, "sr": "c"}
        return urlencode({**signed, "sig": base64.b64encode(code).decode()})

    def _blob(self, address: str, path: str) -> str:
        return f"{address.removeprefix(f'azure://{self.account}/{CONTAINER}/')}/{path}"

    def _ask(self, verb: str, contents: Mapping[str, bytes]) -> None:
        asked(variable("CI_STEPS_AZURE_PYTHON", "azure"), "azure_client.py", verb, CONTAINER, contents)
