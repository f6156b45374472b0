"""Signature Version 4 for reading one object; the bytes of an answer do not pass through it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

_NOTHING = hashlib.sha256(b"").hexdigest()
_AS_THEY_ARE = "-_.~"


class Keys(NamedTuple):
    """Who signs."""

    access: str
    secret: str
    token: str = ""
    """Of a session; empty where the keys are not of one."""


class Scope(NamedTuple):
    """What a signature is good for, beside its day."""

    region: str
    name: str
    """What the service is called."""


def signed(
    host: str, path: str, version: str, headers: Mapping[str, str], keys: Keys, scope: Scope, moment: datetime
) -> tuple[str, dict[str, str]]:
    """Return the target of a GET and its headers; ``path`` is as it is sent, quoted once.

    botocore does the same, from a client that takes a quarter of a second to make and in half a millisecond
    a request: as long as a small file takes to come. `tests/contracts/sources` holds this to it.
    """
    at = f"{moment:%Y%m%dT%H%M%SZ}"
    sent = {**headers, "X-Amz-Date": at, "X-Amz-Content-SHA256": _NOTHING}
    if keys.token:
        sent["X-Amz-Security-Token"] = keys.token
    named = sorted((name.lower(), " ".join(value.split())) for name, value in (("host", host), *sent.items()))
    names = ";".join(name for name, _ in named)
    query = f"versionId={quote(version, safe=_AS_THEY_ARE)}" if version else ""
    lines = "\n".join(f"{name}:{value}" for name, value in named)
    asked = f"GET\n{path}\n{query}\n{lines}\n\n{names}\n{_NOTHING}"
    day = f"{at[:8]}/{scope.region}/{scope.name}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{day}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    signature = hmac.digest(_key(keys.secret, day), text.encode(), "sha256").hex()
    sent["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys.access}/{day}, SignedHeaders={names}, Signature={signature}"
    )
    return path + (f"?{query}" if query else ""), sent


@lru_cache(maxsize=16)
def _key(secret: str, day: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in day.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
