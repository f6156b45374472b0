"""Our signatures and addresses are those that botocore makes."""

import datetime as dt
import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore import auth  # type: ignore[import-untyped]  # boto3 brings no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from ci_steps.adapters.s3_blobs.bucket import Bucket
from ci_steps.adapters.s3_place import S3Place
from ci_steps.adapters.s3_source import S3Source, botocore_signer, variables
from ci_steps.adapters.s3_source.signing import Signer
from ci_steps.adapters.s3_source.sigv4 import Keys, Scope
from ci_steps.errors import InputError

TOLD = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8333",
}
LETTERS = "aZ0 /+=&?#%~-_.!*'()$,:;@ä…\t模"


@pytest.fixture
def nothing_else(tmp_path: Path) -> Iterator[Path]:
    """Give a home without settings, and an environment with nothing of Amazon's in it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with patch.dict(os.environ, others | {"HOME": str(tmp_path)}, clear=True):
        yield tmp_path


def of_botocore(signer: Signer, url: str, headers: dict[str, str], moment: dt.datetime) -> dict[str, str]:
    request = AWSRequest("GET", url, headers=headers)
    keys = signer.keys()
    credentials = Credentials(keys.access, keys.secret, keys.token or None)
    with patch.object(auth, "get_current_datetime", lambda **_: moment.replace(tzinfo=None)):
        auth.S3SigV4Auth(credentials, signer.scope.name, signer.scope.region).add_auth(request)
    return dict(request.headers.items())


def test_a_thousand_requests_are_signed_as_botocore_signs_them() -> None:
    pseudo = random.Random(4)
    for _ in range(1000):
        keys = Keys("AKID", pseudo.choice(["s", "a/b+c="]), pseudo.choice(["", "token/+=="]))
        base = pseudo.choice(["http://127.0.0.1:8333/b/", "https://b.example.org/", "http://h:80/a~b/c d/"])
        scope = Scope(pseudo.choice(["r", "us-east-1"]), "s3")
        signer = Signer(base.replace(" ", "%20"), scope, partial(Keys, *keys))
        key = "".join(pseudo.choices(LETTERS, k=pseudo.randint(1, 12)))
        version = pseudo.choice(["", "x+/=&y", "3/L4kqtJlcpXroDTDmJ+rmSpXd3"])
        headers = pseudo.choice([{}, {"Range": "bytes=0-9"}, {"If-Match": '"a  b"', "Range": "bytes=5-"}])

        request = signer.get(key, version, dict(headers))

        at = dt.datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
        assert lowered(request.headers) == lowered(of_botocore(signer, request.url, dict(headers), at))


def lowered(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"AWS_ENDPOINT_URL_S3": "https://s3.example.org"},
        {"AWS_ENDPOINT_URL_S3": "https://s3.example.org:9000/"},
        {"AWS_ENDPOINT_URL_S3": "http://minio:80"},
        {"AWS_ENDPOINT_URL": "http://other:1"},
        {"AWS_SESSION_TOKEN": "token/+=="},
        {
            "AWS_REGION": "eu-west-9",
            "AWS_PAGER": "cat",
            "AWS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt",
        },
    ],
)
@pytest.mark.parametrize("bucket", ["models", "models.of.nlp", "a-b"])
def test_what_the_variables_name_is_what_botocore_finds(
    nothing_else: Path, change: dict[str, str], bucket: str
) -> None:
    os.environ.update(TOLD | change)

    told = variables.signer(bucket, None, os.environ, nothing_else)

    assert told is not None
    asked = botocore_signer.signer(Bucket.of(S3Place.parse(f"s3://{bucket}"), None, 5))
    assert (told.base, told.scope, told.keys()) == (asked.base, asked.scope, asked.keys())


def test_a_region_that_the_kit_is_told_goes_before_that_of_the_variables(nothing_else: Path) -> None:
    told = variables.signer("models", "eu-west-9", TOLD, nothing_else)

    assert told is not None
    assert told.scope.region == "eu-west-9"


@pytest.mark.parametrize(
    "change",
    [
        {"AWS_ENDPOINT_URL_S3": ""},
        {"AWS_ENDPOINT_URL_S3": "ftp://s3.example.org"},
        {"AWS_ENDPOINT_URL_S3": "https://user:word@s3.example.org"},
        {"AWS_ENDPOINT_URL_S3": "https://s3.example.org/prefix"},
        {"AWS_ENDPOINT_URL_S3": "https://s3.eu-central-1.amazonaws.com"},
        {"AWS_ENDPOINT_URL_S3": "https://s3.eu-central-1.api.aws"},
        {"AWS_ACCESS_KEY_ID": ""},
        {"AWS_SECRET_ACCESS_KEY": "two\nlines"},
        {"AWS_SESSION_TOKEN": ""},
        {"AWS_DEFAULT_REGION": ""},
        {"AWS_PROFILE": "work"},
        {"AWS_CONFIG_FILE": "/somewhere"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_ROLE_ARN": "arn:aws:iam::1:role/x"},
        {"AWS_SOMETHING_OF_NEXT_YEAR": "1"},
    ],
)
def test_what_only_botocore_can_know_is_left_to_it(nothing_else: Path, change: dict[str, str]) -> None:
    assert variables.signer("models", None, TOLD | change, nothing_else) is None


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_where_there_are_files_of_settings_botocore_reads_them(nothing_else: Path, name: str) -> None:
    folder = nothing_else / ".aws"
    folder.mkdir()
    (folder / name).write_text("[default]\n")

    assert variables.signer("models", None, TOLD, nothing_else) is None


def test_a_directory_bucket_is_left_to_botocore(nothing_else: Path) -> None:
    assert variables.signer("models--use1-az4--x-s3", None, TOLD, nothing_else) is None


@pytest.mark.usefixtures("nothing_else")
def test_keys_that_cannot_be_signed_with_are_said_to_be_so_by_name() -> None:
    os.environ.update(TOLD | {"AWS_SECRET_ACCESS_KEY": "two\nlines"})

    with pytest.raises(InputError, match="AWS_SECRET_ACCESS_KEY has characters in it") as refused:
        S3Source().signer("models")

    assert "lines" not in str(refused.value).replace("the end of a line", "")
