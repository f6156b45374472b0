"""Requests that botocore signs and that others send: the bytes of an answer do not pass through it."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]  # boto3 brings no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from ci_steps.adapters.s3_blobs import failures
from ci_steps.adapters.s3_blobs.bucket import Bucket
from ci_steps.ports import Request

_KEY = "k"


@dataclass(frozen=True, slots=True)
class Signer:
    """Where a bucket is, and what its requests are signed with."""

    bucket: Bucket
    base: str
    """What stands before a key: scheme, host and, where the bucket is not a part of that, its path."""
    region: str
    name: str
    """What the service is called in signatures."""

    @classmethod
    def of(cls, bucket: Bucket) -> Self:
        """Ask botocore where the bucket is, as its own requests would find it: by every setting it knows."""
        try:
            signed = bucket.client.generate_presigned_url(
                "get_object", Params={"Bucket": bucket.place.bucket, "Key": _KEY}
            )
        except ClientError as error:
            raise failures.refused(error, bucket.place, bucket.endpoint, "") from error
        except failures.UNANSWERED as error:
            raise failures.unanswered(error, bucket.place, bucket.endpoint) from error
        parts = urlsplit(signed)
        query = parse_qs(parts.query)
        # With older signatures, which servers of the time may want, the region is that of the client.
        scope = query.get("X-Amz-Credential", [""])[0].split("/")[-4:]
        region, name = scope[1:3] if len(scope) == 4 else (bucket.client.meta.region_name, "s3")
        base = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(_KEY)}"
        return cls(bucket, base, region, name)

    def get(self, key: str, version: str, headers: dict[str, str]) -> Request:
        """Return a signed GET of a key, in one version where it is given."""
        url = self.base + quote(key, safe="/~")
        if version:
            url += f"?versionId={quote(version, safe='')}"
        request = AWSRequest("GET", url, headers=headers)
        S3SigV4Auth(self._credentials(), self.name, self.region).add_auth(request)
        return Request(url, dict(request.headers.items()))

    def _credentials(self) -> Any:
        """Return the credentials of now: those of a role age, and are made anew in time."""
        try:
            credentials = self.bucket.client._request_signer._credentials  # noqa: SLF001 (there is no other way)
            return credentials.get_frozen_credentials()
        except failures.UNANSWERED as error:
            raise failures.unanswered(error, self.bucket.place, self.bucket.endpoint) from error
