"""One bucket and what is asked of it, with every way to fail in the kit's own words."""

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]  # boto3 brings no types
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from ci_steps.adapters.s3_blobs import failures
from ci_steps.adapters.s3_blobs.conditions import UnmetError
from ci_steps.adapters.s3_place import S3Place
from ci_steps.ports import Listed

_SIGNED_WITH = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A client of one bucket, with limits on how long it waits and how often it tries."""

    place: S3Place
    client: Any

    @classmethod
    def of(cls, place: S3Place, region: str | None, seconds: float) -> Self:
        """Make a client from what boto3 finds: variables, ~/.aws, the role of the machine.

        It waits ``seconds`` for an answer, and asks three times.
        """
        for name in _SIGNED_WITH:
            value = os.environ.get(name, "")
            # boto3 takes anything, and fails with the value in its message when it makes the header of it
            if not (value.isascii() and value.isprintable()):
                raise failures.unsignable(name, place)
        config = Config(
            connect_timeout=min(seconds, 5),
            read_timeout=seconds,
            retries={"mode": "standard", "total_max_attempts": 3},
            # Content-MD5 goes with every write, which also servers know that know no newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            user_agent_extra="ci-steps",
        )
        try:
            return cls(place, boto3.session.Session(region_name=region).client("s3", config=config))
        except (BotoCoreError, ValueError) as error:
            raise failures.unset_up(error, place) from error

    @property
    def endpoint(self) -> str:
        """Scheme, host and port: in the rest of an address people write passwords and keys."""
        return shown(str(self.client.meta.endpoint_url))

    def call(self, operation: str, key: str, **arguments: object) -> dict[str, Any]:
        """Ask for one operation on ``key``: :class:`KeyError` where there is none, else a ``StepError``."""
        call = getattr(self.client, operation)
        try:
            answer: dict[str, Any] = call(Bucket=self.place.bucket, Key=self.place.prefix + key, **arguments)
        except ClientError as error:
            raise self._failure(error, key) from error
        except failures.UNANSWERED as error:
            raise failures.unanswered(error, self.place, self.endpoint) from error
        return answer

    def written(self, operation: str, key: str, body: bytes, **arguments: object) -> str:
        """Send ``body`` with its checksum and return the mark that the server gave it."""
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        answer = self.call(operation, key, Body=body, ContentMD5=digest, **arguments)
        return str(answer.get("ETag", ""))

    def listed(self, prefix: str) -> list[Listed]:
        """Return every key below ``prefix``, page after page, in no order that all servers share."""
        return [
            Listed(
                str(item["Key"]).removeprefix(self.place.prefix),
                str(item.get("ETag", "")),
                item["LastModified"].timestamp(),
            )
            for page in self._pages(prefix)
            for item in page.get("Contents", ())
        ]

    def folders(self, prefix: str) -> list[str]:
        """Return what stands between ``prefix`` and the next slash."""
        whole = self.place.prefix + prefix
        return [
            str(item["Prefix"]).removeprefix(whole).removesuffix("/")
            for page in self._pages(prefix, Delimiter="/")
            for item in page.get("CommonPrefixes", ())
        ]

    def _pages(self, prefix: str, **arguments: str) -> list[dict[str, Any]]:
        whole = self.place.prefix + prefix
        asked = {"Bucket": self.place.bucket, "Prefix": whole, **arguments}
        try:
            return list(self.client.get_paginator("list_objects_v2").paginate(**asked))
        except ClientError as error:
            raise failures.refused(error, self.place, self.endpoint, prefix) from error
        except failures.UNANSWERED as error:
            raise failures.unanswered(error, self.place, self.endpoint) from error

    def _failure(self, error: ClientError, key: str) -> Exception:
        code, status = failures.code_of(error), failures.status_of(error)
        if code == "NoSuchKey":
            return KeyError(key)
        if status == 412 or code == "ConditionalRequestConflict":
            retried = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
            return UnmetError(retried=retried, conflict=status != 412)
        return failures.refused(error, self.place, self.endpoint, key)


def shown(address: str) -> str:
    """Return of an address what may be shown.

    >>> shown("https://user:word@s3.example.org:9000/x?key=word")
    'https://s3.example.org:9000'
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:  # a password with a slash in it is taken for one
        port = ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
