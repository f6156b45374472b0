"""Azurite as it asks for tokens of Microsoft Entra ID, over TLS, and an authority that gives some."""

import base64
import datetime as dt
import ipaddress
import json
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.contracts.sources.own_clients import variable
from tests.free_ports import free_port

TENANT, CLIENT = "7a0b6c4e-tests", "c1d2e3f4-tests"
_SCOPE = "https://storage.azure.com/.default"
_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Authority:
    """It knows one program, by its secret and by its platform's token, and counts what it gives."""

    url: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    assertion: str = field(default_factory=lambda: f"eyJ.{secrets.token_urlsafe(24)}.x")
    audience: str = "https://storage.azure.com"
    """Whom its tokens are for."""
    given: list[str] = field(default_factory=list)

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return what Microsoft's token endpoint answers."""
        if path != f"/{TENANT}/oauth2/v2.0/token" or form.get("client_id") != CLIENT:
            return 400, {"error": "unauthorized_client", "error_description": "AADSTS700016: no such program"}
        known = form.get("client_secret") == self.secret or (
            form.get("client_assertion_type") == _JWT and form.get("client_assertion") == self.assertion
        )
        if not known:
            return 401, {
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret",
            }
        if (form.get("grant_type"), form.get("scope")) != ("client_credentials", _SCOPE):
            return 400, {"error": "invalid_scope", "error_description": "AADSTS70011"}
        now = int(time.time())
        claims = {
            "aud": self.audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": now,
            "nbf": now - 5,
        }
        parts: tuple[dict[str, Any], ...] = ({"typ": "JWT", "alg": "RS256"}, claims | {"exp": now + 3600})
        token = ".".join([*(_encoded(part) for part in parts), secrets.token_urlsafe(16)])
        self.given.append(token)
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token}


class _Door(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.authority = Authority(f"http://127.0.0.1:{self.server_address[1]}")


class _Handler(BaseHTTPRequestHandler):
    server: _Door

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(text).items()}
        status, said = self.server.authority.answer(self.path, form)
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
        pass


@contextmanager
def authority() -> Iterator[Authority]:
    with _Door() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server.authority
        finally:
            server.shutdown()


@contextmanager
def azurite_with_tokens(folder: Path) -> Iterator[tuple[str, Path]]:
    """Run Azurite over TLS with tokens; gives its address and the certificate to trust."""
    certificate, key = _certificate(folder)
    port, account = free_port(), variable("AZURE_STORAGE_ACCOUNT", "azure")
    options = ["--silent", "--skipApiVersionCheck", "--disableProductStyleUrl", "--inMemoryPersistence"]
    options += ["--oauth", "basic", "--cert", str(certificate), "--key", str(key)]
    options += ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
    with subprocess.Popen(
        [variable("CI_STEPS_NODE", "azure"), variable("CI_STEPS_AZURITE", "azure"), *options],
        env=os.environ | {"AZURITE_ACCOUNTS": f"{account}:{variable('AZURE_STORAGE_KEY', 'azure')}"},
        cwd=folder,
        stdout=subprocess.DEVNULL,
    ) as server:
        try:
            while not _answers(port):
                assert server.poll() is None, "Azurite did not come up"
            yield f"https://127.0.0.1:{port}/{account}", certificate
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(place, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, secret


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
