"""The least that a push can be: hash the file, send it once, put a manifest. A script; prints its seconds.

    python limit.py FILE HOST:PORT REPOSITORY TAG

It writes no layer, checks nothing and reads nothing back, so nothing that is an image comes of it.
"""

import hashlib
import http.client
import json
import sys
import time
from pathlib import Path
from typing import BinaryIO

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def main(path: Path, host: str, repository: str, tag: str) -> None:
    began = time.perf_counter()
    connection = http.client.HTTPConnection(host, blocksize=1 << 20)
    with path.open("rb") as file:
        layer = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    size = path.stat().st_size
    with path.open("rb") as file:
        _upload(connection, repository, layer, file, size)
    config = json.dumps({"layer": layer}).encode()
    named = f"sha256:{hashlib.sha256(config).hexdigest()}"
    _upload(connection, repository, named, config, len(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": named,
            "size": len(config),
        },
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": size}],
    }
    url = f"/v2/{repository}/manifests/{tag}"
    _answer(connection, "PUT", url, json.dumps(manifest).encode(), {"Content-Type": _MANIFEST})
    print(time.perf_counter() - began)  # noqa: T201


def _upload(
    connection: http.client.HTTPConnection, repository: str, digest: str, body: BinaryIO | bytes, size: int
) -> None:
    opened = _answer(connection, "POST", f"/v2/{repository}/blobs/uploads/", b"", {})
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    _answer(connection, "PUT", f"{opened.headers['Location']}&digest={digest}", body, headers)


def _answer(
    connection: http.client.HTTPConnection,
    method: str,
    url: str,
    body: BinaryIO | bytes,
    headers: dict[str, str],
) -> http.client.HTTPResponse:
    connection.request(method, url, body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status not in {201, 202}:
        raise SystemExit(f"{method} {url}: {answer.status} {answer.reason}")
    return answer


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
