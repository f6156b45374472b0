"""Where a bucket is, and whose keys open it, by every setting that botocore knows."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # boto3 brings no types

from ci_steps.adapters.s3_blobs import failures
from ci_steps.adapters.s3_blobs.bucket import Bucket
from ci_steps.adapters.s3_source.signing import Signer
from ci_steps.adapters.s3_source.sigv4 import Keys, Scope

_KEY = "k"


def signer(bucket: Bucket) -> Signer:
    """Ask botocore where the bucket is, as its own requests would find it."""
    try:
        url = bucket.client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket.place.bucket, "Key": _KEY}
        )
    except ClientError as error:
        raise failures.refused(error, bucket.place, bucket.endpoint, "") from error
    except failures.UNANSWERED as error:
        raise failures.unanswered(error, bucket.place, bucket.endpoint) from error
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    # With older signatures, which servers of the time may want, the region is that of the client.
    scope = query.get("X-Amz-Credential", [""])[0].split("/")[-4:]
    region, name = scope[1:3] if len(scope) == 4 else (bucket.client.meta.region_name, "s3")
    base = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(_KEY)}"
    return Signer(base, Scope(region, name), lambda: _keys(bucket))


def _keys(bucket: Bucket) -> Keys:
    try:
        credentials: Any = bucket.client._request_signer._credentials  # noqa: SLF001 (there is no other way)
        frozen = credentials.get_frozen_credentials()
    except failures.UNANSWERED as error:
        raise failures.unanswered(error, bucket.place, bucket.endpoint) from error
    return Keys(frozen.access_key, frozen.secret_key, frozen.token or "")
