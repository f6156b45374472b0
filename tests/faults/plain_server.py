"""A source of these tests' own: a folder behind plain HTTP, with or without checksums of what lies there."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

import requests

from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request


@dataclass(frozen=True, slots=True)
class PlainSource:
    """Files that `listing.json` of a server names. ``vouched``: it names their SHA-256 too."""

    url: str
    vouched: bool

    def resolve(self, address: Address) -> Found:
        try:
            with requests.get(f"{self.url}/listing.json", timeout=(2, 1), allow_redirects=False) as answer:
                listed = json.loads(answer.content) if answer.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise OutsideError(f"{self.url} does not answer as it should") from error
        if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
            raise OutsideError(f"{self.url} gives no listing")
        try:
            return Found(
                origin=Origin(address=address.unpinned, facts={}),
                files=tuple(self._file(each) for each in listed),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{self.url}/listing.json is no listing") from error

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        whole = {"If-Match": file.mark}
        extent = {"Range": f"bytes={first}-{last}"} if file.size else {}
        return Request(f"{self.url}/{quote(file.locator)}", whole | extent)

    def _file(self, listed: Mapping[str, object]) -> SourceFile:
        path, sha256 = str(listed["path"]), str(listed["sha256"])
        return SourceFile(
            path=path,
            size=int(str(listed["size"])),
            locator=path,
            mark=str(listed["etag"]),
            checksums={"sha256": sha256} if self.vouched else {},
        )


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[str]:
    """Serve files with ranges, ETags and conditions, as a good server does."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(self.path).removeprefix("/")
            content = listing(files) if path == "listing.json" else files.get(path)
            if content is None:
                return self._say(404, b"")
            wanted = self.headers.get("If-Match")
            if wanted and wanted != _etag(content):
                return self._say(412, b"")
            if found := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or ""):
                first, last = int(found[1]), min(int(found[2]), len(content) - 1)
                if first > last:
                    return self._say(416, b"")
                extent = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
                return self._say(206, content[first : last + 1], {"ETag": _etag(content), **extent})
            return self._say(200, content, {"ETag": _etag(content)})

        def _say(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def listing(files: Mapping[str, bytes]) -> bytes:
    return json.dumps(
        [
            {
                "path": path,
                "size": len(content),
                "etag": _etag(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for path, content in files.items()
        ]
    ).encode()


def _etag(content: bytes) -> str:
    return f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}"'
