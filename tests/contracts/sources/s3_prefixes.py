"""Models in a bucket of the S3 server of the tests, put there by Amazon's own client."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from ci_steps.adapters.s3_source import S3Source
from tests.s3_servers import client


@dataclass(frozen=True)
class Prefixes:
    """A bucket, with a prefix for each model."""

    bucket: str

    @property
    def secrets(self) -> tuple[str, ...]:
        return (os.environ["AWS_SECRET_ACCESS_KEY"],)

    def publish(self, files: Mapping[str, bytes]) -> str:
        prefix = f"models/{secrets.token_hex(4)}"
        for path, content in files.items():
            client().put_object(Bucket=self.bucket, Key=f"{prefix}/{path}", Body=content)
        return f"s3://{self.bucket}/{prefix}"

    def change(self, address: str, path: str, content: bytes) -> None:
        client().put_object(Bucket=self.bucket, Key=self.key(address, path), Body=content)

    def delete(self, address: str, path: str) -> None:
        client().delete_object(Bucket=self.bucket, Key=self.key(address, path))

    def nothing(self) -> str:
        return f"s3://{self.bucket}/models/nothing-here"

    def source(self) -> S3Source:
        return S3Source()

    def stranger(self) -> tuple[S3Source, str]:
        return self.told(AWS_SECRET_ACCESS_KEY="not-the-secret-key"), "not-the-secret-key"

    def at(self, port: int) -> S3Source:
        return self.told(AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}")

    def told(self, **variables: str) -> S3Source:
        """Return a source that was made while other variables were set."""
        source = S3Source()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            source.bucket(self.bucket)
            source.signer(self.bucket)
        return source

    def key(self, address: str, path: str) -> str:
        return f"{address.removeprefix(f's3://{self.bucket}/')}/{path}"
