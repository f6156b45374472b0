"""Doors before the servers of the tests that want other keys than those know: a session's, a bearer's."""

import base64
import http.client
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth  # type: ignore[import-untyped]  # boto3 brings no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

_HOP = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came to the door."""

    method: str
    target: str
    headers: Mapping[str, str]
    """By their names in small letters."""


Opens = Callable[[Asked], Mapping[str, str] | None]
"""What the server behind is sent in place of the headers that came; None where the key is not right."""


@dataclass(frozen=True, slots=True)
class Session:
    """Keys as a token service gives them for an hour: all three are needed."""

    behind: str
    own: tuple[str, str]
    """The keys that the server behind knows."""
    access: str = "ASIATESTSOFTHEKIT"
    secret: str = field(default_factory=lambda: f"s/ession+{secrets.token_urlsafe(24)}")
    token: str = field(default_factory=lambda: f"IQoJ/+{secrets.token_urlsafe(60)}==")

    def opens(self, asked: Asked) -> Mapping[str, str] | None:
        """Check the signature as Amazon would, and sign anew for a server that knows no sessions."""
        kept = {name: asked.headers[name] for name in ("range", "if-match") if name in asked.headers}
        kept |= {name: value for name, value in asked.headers.items() if name == "x-amz-checksum-mode"}
        if asked.headers.get("x-amz-security-token") != self.token or not self._signed(asked):
            return None
        request = AWSRequest(asked.method, f"{self.behind}{asked.target}", headers=kept)
        S3SigV4Auth(Credentials(*self.own), "s3", "us-east-1").add_auth(request)
        return dict(request.headers.items())

    def _signed(self, asked: Asked) -> bool:
        _, _, said = asked.headers.get("authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in said.split(",") if "=" in part)
        names = parts.get("SignedHeaders", "").split(";")
        if not {"host", "x-amz-date", "x-amz-security-token"} <= set(names) <= set(asked.headers):
            return False
        url = f"http://{asked.headers['host']}{asked.target}"
        request = AWSRequest(asked.method, url, headers={name: asked.headers[name] for name in names})
        request.context["timestamp"] = asked.headers["x-amz-date"]
        signer = S3SigV4Auth(Credentials(self.access, self.secret, self.token), "s3", "us-east-1")
        right = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        return secrets.compare_digest(parts.get("Signature", ""), right)


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token in place of a login."""

    login: tuple[str, str]
    """The login that the server behind knows."""
    token: str = field(default_factory=lambda: f"bearer.{secrets.token_urlsafe(40)}")

    def opens(self, asked: Asked) -> Mapping[str, str] | None:
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return None
        basic = base64.b64encode(":".join(self.login).encode()).decode()
        kept = {name: value for name, value in asked.headers.items() if name not in {"host", *_HOP}}
        return {**kept, "authorization": f"Basic {basic}"}


@contextmanager
def door(behind: str, opens: Opens, denied: tuple[int, bytes]) -> Iterator[str]:
    """Stand before the server at ``behind``; whoever has not the key is ``denied``. Give the door's URL."""
    with _Door(behind, opens, denied) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


class _Door(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behind: str, opens: Opens, denied: tuple[int, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.opens, self.denied = urlsplit(behind).netloc, opens, denied

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients go away as they like."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Door

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        sent = self.server.opens(Asked(self.command, self.path, headers))
        if sent is None:
            status, body = self.server.denied
            self._answer(status, body, {})
        else:
            self._answer(*self._behind(content, sent))

    do_HEAD = do_POST = do_GET  # noqa: N815 (the names are the base's)

    def _behind(self, content: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(self.server.behind, timeout=30)
        connection.request(self.command, self.path, body=content or None, headers=dict(headers))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body, dict(answer.getheaders())

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        lengths = [value for name, value in headers.items() if name.lower() == "content-length"]
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header(
            "Content-Length", lengths[0] if self.command == "HEAD" and lengths else str(len(body))
        )
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
        pass
