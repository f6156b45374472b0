"""A bucket of fake-gcs-server behind a door that asks for credentials, with a prefix for each model."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from ci_steps.adapters.gcs_source import GcsSource
from tests.contracts.sources.gcs_front import Front
from tests.contracts.sources.own_clients import asked, variable

BUCKET = "ci-steps-tests"


@dataclass(frozen=True)
class Bucket:
    """A bucket with a prefix for each model."""

    front: Front
    folder: Path

    @property
    def secrets(self) -> tuple[str, ...]:
        pem = self.front.key_file(self.folder / "key.json").read_text(encoding="utf-8")
        return (self.front.token, *pem.partition("BEGIN PRIVATE KEY-----")[2].split("\\n")[1:4])

    def publish(self, files: Mapping[str, bytes]) -> str:
        prefix = f"models/{secrets.token_hex(4)}"
        self._ask("put", {f"{prefix}/{path}": content for path, content in files.items()})
        return f"gs://{BUCKET}/{prefix}"

    def change(self, address: str, path: str, content: bytes) -> None:
        self._ask("put", {self.object_of(address, path): content})

    def delete(self, address: str, path: str) -> None:
        self._ask("delete", {self.object_of(address, path): b""})

    def nothing(self) -> str:
        return f"gs://{BUCKET}/models/nothing-here"

    def source(self) -> GcsSource:
        return self.told()

    def stranger(self) -> tuple[GcsSource, str]:
        other = self.front.key_file(self.folder / "other.json", rsa.generate_private_key(65537, 2048))
        return self.told(GOOGLE_APPLICATION_CREDENTIALS=str(other)), other.read_text().split("\\n")[5]

    def at(self, port: int) -> GcsSource:
        return self.told(STORAGE_EMULATOR_HOST=f"http://127.0.0.1:{port}")

    def told(self, **changes: str) -> GcsSource:
        """Return the source with other variables; an empty value takes one away."""
        given = {
            "STORAGE_EMULATOR_HOST": self.front.url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.front.key_file(self.folder / "key.json")),
            "HOME": str(self.folder),
        }
        return GcsSource({name: value for name, value in (given | changes).items() if value})

    def object_of(self, address: str, path: str) -> str:
        return f"{address.removeprefix(f'gs://{BUCKET}/')}/{path}"

    def _ask(self, verb: str, contents: Mapping[str, bytes]) -> None:
        asked(variable("CI_STEPS_GCS_PYTHON", "gcs"), "gcs_client.py", verb, BUCKET, contents)
