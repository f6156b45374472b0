"""A bucket that is wholly named by variables, as on CI machines: then nobody need ask botocore for it."""

import re
from collections.abc import Mapping
from pathlib import Path

from ci_steps.adapters.s3_source.signing import Signer
from ci_steps.adapters.s3_source.sigv4 import Keys, Scope

_KNOWN = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_CA_BUNDLE",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_MAX_ATTEMPTS",
        "AWS_PAGER",
        "AWS_REGION",
        "AWS_RETRY_MODE",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    }
)
"""Any other may mean what only botocore knows."""
_ENDPOINT = re.compile(r"https?://[a-z0-9][a-z0-9.-]*(:[1-9][0-9]{0,4})?/?")
_AMAZON = re.compile(r"\bamazonaws\b|\bapi\.aws\b")
_PLAIN = re.compile(r"[!-~]+")


def signer(bucket: str, region: str | None, variables: Mapping[str, str], home: Path) -> Signer | None:
    """Return who signs requests to a bucket of a server of one's own; None where botocore must be asked.

    It is asked for Amazon, whose addresses it knows, for roles and profiles, wherever there are files of
    settings, and where a variable looks odd: then it says what is wrong.
    """
    of_aws = {name: value for name, value in variables.items() if name.startswith("AWS_")}
    endpoint = of_aws.get("AWS_ENDPOINT_URL_S3") or of_aws.get("AWS_ENDPOINT_URL", "")
    access, secret = of_aws.get("AWS_ACCESS_KEY_ID", ""), of_aws.get("AWS_SECRET_ACCESS_KEY", "")
    region = region or of_aws.get("AWS_DEFAULT_REGION", "")
    if (
        of_aws.keys() - _KNOWN
        or not all(map(_PLAIN.fullmatch, (*of_aws.values(), access, secret, region)))
        or not _ENDPOINT.fullmatch(endpoint)
        or _AMAZON.search(endpoint)
        or "--" in bucket
        or any((home / ".aws" / name).exists() for name in ("config", "credentials"))
    ):
        return None
    keys = Keys(access, secret, of_aws.get("AWS_SESSION_TOKEN", ""))
    base = f"{endpoint.removesuffix('/')}/{bucket}/"
    return Signer(base, Scope(region, "s3"), lambda: keys)
