"""A git server on loopback, by git's own program for it, that opens with a login."""

import base64
import os
import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class GitServer:
    """The repositories of a folder, and who may read them."""

    url: str
    user: str = "releases"
    token: str = field(default_factory=lambda: f"glpat-{secrets.token_urlsafe(24)}")

    @property
    def authorization(self) -> str:
        return f"Basic {base64.b64encode(f'{self.user}:{self.token}'.encode()).decode()}"


@contextmanager
def git_server(folder: Path) -> Iterator[GitServer]:
    with _Server(folder) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.told
        finally:
            server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.told = GitServer(f"http://127.0.0.1:{self.server_address[1]}")
        where = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True)
        self.program = Path(where.stdout.strip()) / "git-http-backend"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients go away as they like."""


class _Handler(BaseHTTPRequestHandler):
    """Speak CGI (RFC 3875) to `git http-backend`."""

    server: _Server

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != self.server.told.authorization:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="tests"')
            self.end_headers()
            return
        parts = urlsplit(self.path)
        environ = os.environ | {
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": self.server.told.user,
        }
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ended = subprocess.run(
            [self.server.program], env=environ, input=content, capture_output=True, check=True
        )
        head, _, body = ended.stdout.partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n"))
        self.send_response(int(lines.pop("Status", "200").split()[0]))
        for name, value in lines.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 (the name is the base's)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
        pass
