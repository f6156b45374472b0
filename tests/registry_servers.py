"""Real registries that a test starts: with TLS and a password, with tokens, behind a bad proxy."""

import base64
import contextlib
import http.client
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "builder", "hush-hush"
_HTPASSWD = f"{USER}:$2b$04$sGBGIL7qoTuVxFecF3b/l.2G1gnj0ZrHi8aHbkTDQs5TYYq21rs2y\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return the certificate of 127.0.0.1, signed by itself, and its key."""
    crt, key = folder / "server.crt", folder / "server.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(crt)]
    subprocess.run(command, check=True, capture_output=True)
    return crt, key


@contextlib.contextmanager
def registry(folder: Path, **sections: Any) -> Iterator[str]:
    """Run Docker's own registry, and give its host:port."""
    port = free_port()
    http_section = {"addr": f"127.0.0.1:{port}"} | sections.pop("http", {})
    config = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "log": {"level": "error"},
        "http": http_section,
        **sections,
    }
    path = folder / "registry.json"  # every JSON text is YAML
    path.write_text(json.dumps(config))
    with (
        (folder / "registry.log").open("wb") as log,
        subprocess.Popen(["docker-registry", "serve", str(path)], stdout=log, stderr=log) as server,
    ):
        try:
            wait_for("127.0.0.1", port, server, folder / "registry.log")
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_for(host: str, port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
    raise AssertionError(f"the registry did not start: {log.read_text()}")


@contextlib.contextmanager
def locked_registry(folder: Path) -> Iterator[str]:
    """Run a registry with TLS and one user; its certificate is at ``folder/server.crt``."""
    crt, key = certificate(folder)
    (folder / "htpasswd").write_text(_HTPASSWD)
    tls = {"tls": {"certificate": str(crt), "key": str(key)}}
    auth = {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}
    with registry(folder, http=tls, auth=auth) as host:
        yield host


@dataclass(slots=True)
class TokenSeller:
    """What registries such as Docker Hub send their clients to for a token."""

    folder: Path
    url: str = ""
    identity_token: str = "an-identity-token"
    asked: list[str] = field(default_factory=list)
    """Which way each token was asked for: anonymous, password or identity."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "POST":
            form = parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode())
            who = "identity" if form.get("refresh_token") == [self.identity_token] else ""
            scopes = form["scope"][0].split()
        else:
            form = parse_qs(urlsplit(handler.path).query)
            scopes = [scope for text in form["scope"] for scope in text.split()]
            given = handler.headers.get("Authorization", "")
            right = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            who = {"": "anonymous", f"Basic {right}": "password"}.get(given, "")
        self.asked.append(who)
        if not who:
            _reply(handler, 401, {})
            return
        rights = ("pull", "push") if who != "anonymous" else ("pull",)
        _reply(handler, 200, {"token": self._token(scopes, rights)})

    def _token(self, scopes: list[str], rights: tuple[str, ...]) -> str:
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            access.append(
                {"type": kind, "name": name, "actions": [a for a in actions.split(",") if a in rights]}
            )
        der = "".join(
            line for line in (self.folder / "server.crt").read_text().splitlines() if "-" not in line
        )
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
        claims: dict[str, Any] = {
            "iss": "seller",
            "aud": "registry",
            "sub": USER,
            "jti": "1",
            "access": access,
        }
        claims |= {"exp": now + 300, "nbf": now - 10, "iat": now - 10}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        signature = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(self.folder / "server.key")],
            input=signed.encode(),
            check=True,
            capture_output=True,
        ).stdout
        return f"{signed}.{_base64url(signature)}"


@contextlib.contextmanager
def token_registry(folder: Path) -> Iterator[tuple[str, TokenSeller]]:
    """Run a registry that wants bearer tokens, beside whoever sells them."""
    crt, _ = certificate(folder)
    seller = TokenSeller(folder)
    with serving(seller.answer) as address:
        seller.url = f"http://{address}/token"
        auth = {"realm": seller.url, "service": "registry", "issuer": "seller", "rootcertbundle": str(crt)}
        with registry(folder, auth={"token": auth}) as host:
            yield host, seller


@dataclass(slots=True)
class Faults:
    """What a proxy before a registry does wrong, once each, in order: a status, `reset`, or `flip`."""

    upstream: str
    on: str = "GET"
    faults: list[str | int] = field(default_factory=list)
    largest: int | None = None
    """Bodies beyond this many bytes are refused, as nginx does."""
    methods: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length)
        self.methods.append(handler.command)
        fault = self.faults.pop(0) if self.faults and handler.command == self.on else None
        if fault == "reset":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        if isinstance(fault, int) or (self.largest is not None and length > self.largest):
            _reply(handler, fault if isinstance(fault, int) else 413, {})
            return
        connection = http.client.HTTPConnection(self.upstream, timeout=20)
        headers = {key: value for key, value in handler.headers.items() if key != "Accept-Encoding"}
        connection.request(handler.command, handler.path, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if fault == "flip" and content:
            content = bytes([content[0] ^ 1]) + content[1:]
        handler.send_response(response.status)
        for key, value in response.getheaders():
            if key not in {"Content-Length", "Connection", "Date"}:
                handler.send_header(key, value)
        size = response.getheader("Content-Length") if handler.command == "HEAD" else str(len(content))
        handler.send_header("Content-Length", size or "0")
        handler.end_headers()
        handler.wfile.write(content)


@contextlib.contextmanager
def serving(answer: Any) -> Iterator[str]:
    """Answer HTTP on a free port by ``answer``, and give its host:port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            answer(self)

        do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _reply(handler: BaseHTTPRequestHandler, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
