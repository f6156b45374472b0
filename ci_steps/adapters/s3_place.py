"""`s3://bucket/prefix`, as `store:` in release.yaml names it."""

import re
from dataclasses import dataclass
from typing import Self

from ci_steps.errors import InputError

SCHEME = "s3://"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_FOLDER = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9!_.*'()=+@, -]+")


@dataclass(frozen=True, slots=True)
class S3Place:
    """A bucket, and where in it everything lies."""

    bucket: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the place that ``text`` names; anything but a bucket and plain folders is bad input.

        >>> S3Place.parse("s3://models/teams/nlp/")
        S3Place(bucket='models', prefix='teams/nlp/')
        >>> str(S3Place.parse("s3://models/teams/nlp/"))
        's3://models/teams/nlp'
        """
        bucket, _, prefix = text.removeprefix(SCHEME).partition("/")
        folders = prefix.removesuffix("/").split("/") if prefix else []
        if (
            not text.startswith(SCHEME)
            or not _BUCKET.fullmatch(bucket)
            or not all(map(_FOLDER.fullmatch, folders))
        ):
            raise InputError(
                f"{_shown(text)} is not a place on S3",
                hint="write it like s3://bucket/prefix; a bucket's name has 3 to 63 of a-z, 0-9, '-' and '.'",
            )
        return cls(bucket, "".join(f"{folder}/" for folder in folders))

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".removesuffix("/")


def _shown(text: str) -> str:
    """Return of a place what may be shown: some write keys into it."""
    return (
        "what holds a key and a secret" if "@" in text.removeprefix(SCHEME).partition("/")[0] else repr(text)
    )
