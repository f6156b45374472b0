"""The real S3 server of the tests, a prefix of it for each, and servers that are bad ones."""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]  # boto3 brings no types
import pytest

from ci_steps.adapters.s3_place import S3Place

BUCKET = "ci-steps-tests"


def a_prefix() -> S3Place:
    """Return a place that no other test has."""
    client()
    return S3Place.parse(f"s3://{BUCKET}/{secrets.token_hex(8)}")


@cache
def client() -> Any:
    """Return boto3's own client of the server, once the bucket is there."""
    if not os.environ.get("AWS_ENDPOINT_URL_S3"):
        pytest.fail(
            'AWS_ENDPOINT_URL_S3 not set: run `make test`, or eval "$(contrib/engine/s3)"', pytrace=False
        )
    made = boto3.session.Session().client("s3")
    with suppress(made.exceptions.BucketAlreadyOwnedByYou):
        made.create_bucket(Bucket=BUCKET)
    return made


def half_uploads(place: S3Place) -> list[str]:
    """List the uploads below ``place`` that were begun and neither completed nor aborted."""
    listed = client().list_multipart_uploads(Bucket=place.bucket, Prefix=place.prefix)
    return [upload["Key"] for upload in listed.get("Uploads", ())]


Answer = tuple[int, dict[str, str], bytes]


@dataclass(slots=True)
class Asked:
    """What a server was asked: method and path, in order."""

    lines: list[str] = field(default_factory=list)


@contextmanager
def answering(answer: Callable[[str, str], Answer]) -> Iterator[tuple[str, Asked]]:
    """Run an HTTP server that gives what ``answer`` makes of method and path, whatever the headers say."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def any_method(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.lines.append(f"{self.command} {self.path}")
            status, headers, body = answer(self.command, self.path)
            sent = {"Content-Length": str(len(body))} | headers
            self.send_response(status)
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = int(sent["Content-Length"]) > len(body)  # it broke off
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = any_method  # noqa: N815  (the names are the base's)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: clients here go away as they like."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()


def s3_error(status: int, code: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    return status, {"Content-Type": "application/xml"}, body.encode()


@contextmanager
def breaking(after: int, *, times: int) -> Iterator[str]:
    """Run a proxy before the real server whose first ``times`` long answers break off after some bytes."""
    server = urlsplit(os.environ["AWS_ENDPOINT_URL_S3"])
    left = [times]

    def served(near: socket.socket) -> None:
        with near, socket.create_connection((server.hostname, server.port or 80)) as far:
            threading.Thread(target=_copied, args=(near, far), daemon=True).start()
            passed = 0
            with suppress(OSError):
                while block := far.recv(65536):
                    passed += len(block)
                    if passed > after and left[0]:
                        left[0] -= 1
                        near.sendall(block[: max(0, len(block) - (passed - after))])
                        near.shutdown(socket.SHUT_RDWR)
                        break
                    near.sendall(block)
            with suppress(OSError):
                far.shutdown(socket.SHUT_RDWR)

    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def opened() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=served, args=(door.accept()[0],), daemon=True).start()

        threading.Thread(target=opened, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


def _copied(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(65536):
            sink.sendall(block)
