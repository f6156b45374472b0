"""What fake-gcs-server has not got: a door that asks who comes, and gives tokens as Google's servers do."""

import base64
import http.client
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

EMAIL = "releases@tests.iam.gserviceaccount.com"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCE = "https://oauth2.googleapis.com/token"
_METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"


@dataclass
class Front:
    """A door before the emulator, the key that opens it, and who was let in how."""

    url: str
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    token: str = field(default_factory=lambda: f"ya29.{secrets.token_urlsafe(40)}")
    grants: list[str] = field(default_factory=list)

    def key_file(self, path: Path, key: rsa.RSAPrivateKey | None = None) -> Path:
        """Write a key as Google's console gives it; ``key`` instead of the one that is known here."""
        pem = (key or self.key).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account",
            "project_id": "tests",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": f"{self.url}/token",
        }
        path.write_text(json.dumps(account), encoding="utf-8")
        return path

    def granted(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """Return what Google's token endpoint answers: RFC 7523, signed with RS256."""
        try:
            [kind], [assertion] = form["grant_type"], form["assertion"]
            head, claims, signature = assertion.split(".")
            self.key.public_key().verify(
                _decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
            said = json.loads(_decoded(claims))
            good = kind == _GRANT and said["iss"] == EMAIL and said["aud"] == _AUDIENCE
            good = good and said["iat"] - 60 < time.time() < said["exp"]
            good = good and said["scope"] == "https://www.googleapis.com/auth/devstorage.read_only"
        except (InvalidSignature, KeyError, ValueError):
            good = False
        if not good:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        return 200, self._token("service account")

    def of_machine(self, headers: Any) -> tuple[int, dict[str, Any]]:
        """Return what the metadata server of a machine at Google answers."""
        if headers.get("Metadata-Flavor") != "Google":
            return 403, {}
        return 200, self._token("machine")

    def _token(self, way: str) -> dict[str, Any]:
        self.grants.append(way)
        return {"access_token": self.token, "expires_in": 3599, "token_type": "Bearer"}


class _Door(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.front = Front(f"http://127.0.0.1:{self.server_address[1]}")

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients go away as they like."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Door

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._json(*self.server.front.granted(form))

    def do_GET(self) -> None:
        front = self.server.front
        if self.path == _METADATA:
            self._json(*front.of_machine(self.headers))
        elif self.headers.get("Authorization") != f"Bearer {front.token}":
            self._json(401, {"error": {"code": 401, "message": "Invalid Credentials"}})
        else:
            self._answer(*_asked(self.server.behind, self.path, dict(self.headers)))

    def _json(self, status: int, said: dict[str, Any]) -> None:
        self._answer(status, json.dumps(said).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {"content-length", "transfer-encoding", "connection", "date"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
        pass


@contextmanager
def fronted() -> Iterator[Front]:
    """Run it before the emulator that STORAGE_EMULATOR_HOST names."""
    with _Door(urlsplit(os.environ["STORAGE_EMULATOR_HOST"]).netloc) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.front
        finally:
            server.shutdown()


def _asked(behind: str, path: str, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    kept = {name: value for name, value in headers.items() if name not in {"Host", "Authorization"}}
    connection = http.client.HTTPConnection(behind, timeout=30)
    connection.request("GET", path, headers=kept)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, dict(answer.getheaders())


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
