"""A small ClearML of our own: API and file server in memory, complete enough for ClearML's own client.

ClearML's server needs Elasticsearch, MongoDB and Redis and cannot run in these tests. Every request and every
answer is held against the schemas that ClearML's client carries, and this runs in that client's environment:

    python -m tests.servers.clearml_server

It writes one line of JSON with its addresses and keys, and ends when its standard input does.
"""

import base64
import json
import re
import secrets
import sys
import threading
import time
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import jwt  # type: ignore[import-not-found, unused-ignore]  # of the same environment

from tests.servers.clearml_schemas import VERSION, action
from tests.servers.clearml_state import State, UnknownError
from tests.servers.stored import give

_PATH = re.compile(r"/(?:v(?P<version>\d+\.\d+)/)?(?P<action>[a-z]+\.[a-z_]+)")


class FailedError(Exception):
    """An error as ClearML answers it: HTTP status and subcode."""

    def __init__(self, status: int, subcode: int, text: str) -> None:
        super().__init__(text)
        self.status, self.subcode = status, subcode


class Server:
    """Both servers' state, and the switches by which tests make them fail."""

    def __init__(self) -> None:
        self.state = State()
        self.files: dict[str, bytes] = {}
        self.access, self.secret, self.signing = (secrets.token_hex(n) for n in (10, 20, 32))
        self.ended_before = 0.0
        """Tokens issued before are refused, as if they had expired or been revoked."""
        self.seconds = 3600
        self.logins = 0
        self.lock = threading.Lock()

    def token(self, authorization: str) -> str:
        expected = base64.b64encode(f"{self.access}:{self.secret}".encode()).decode()
        if authorization != f"Basic {expected}":
            raise FailedError(401, 22, "Invalid user credentials")
        self.logins += 1
        now = time.time()
        claims = {"iat": now, "exp": int(now) + self.seconds, "jti": secrets.token_hex(4)}
        about = {"api_version": VERSION, "server_version": "2.0.0", "env": "tests", "feature_set": "basic"}
        return str(jwt.encode({**claims, **about}, self.signing, algorithm="HS256"))

    def authenticate(self, authorization: str) -> None:
        try:
            claims = jwt.decode(
                authorization.removeprefix("Bearer "),
                self.signing,
                algorithms=["HS256"],
                options={"verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise FailedError(401, 30, f"Invalid token: {error}") from error
        if claims["iat"] < self.ended_before:
            raise FailedError(401, 30, "Invalid token: expired")

    def answer(self, name: str, body: Any, content: bytes) -> dict[str, Any]:
        """Do what is asked, if it is asked as the schemas say."""
        if name == "events.add_batch":
            events = [json.loads(line) for line in content.splitlines() if line.strip()]
            return {"added": self.state.measured(events), "errors": 0, "errors_info": {}}
        known, done = action(name), self.state.actions().get(name)
        body.pop("method", None)  # ClearML's client sends its own HTTP method along, which is in no schema
        if known is None or done is None:
            raise FailedError(404, 0, f"Unable to find endpoint for name {name}")
        if wrong := known.wrong_request(body):
            raise FailedError(400, 12, f"{name}: {wrong}")
        try:
            data = done(body)
        except UnknownError as error:
            raise FailedError(400, error.subcode, str(error)) from error
        if wrong := known.wrong_answer(data):
            raise FailedError(500, 0, f"our own answer to {name}: {wrong}")
        return data

    def control(self, path: str, content: bytes) -> dict[str, Any]:
        """Turn a switch that only tests have."""
        match path.strip("/").split("/", 1):
            case ["expire"]:
                self.ended_before = time.time()
            case ["seconds"]:
                self.seconds = int(content)
            case ["logins"]:
                return {"logins": self.logins}
            case ["put", name]:
                self.files[unquote(name)] = content
            case ["drop", name]:
                del self.files[unquote(name)]
            case ["task"]:
                change = json.loads(content)
                self.state.tasks[change["id"]].update(change)
            case ["model"]:
                change = json.loads(content)
                self.state.models[change["id"]].update(change)
        return {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_: Server

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path.startswith("/tests-only/"):
            return self._send(200, self.server_.control(parts.path.removeprefix("/tests-only/"), content))
        try:
            found = _PATH.fullmatch(parts.path)
            if not found:
                return self._uploaded(content)
            with self.server_.lock:
                data = self._data(found["action"], parts.query, content)
            meta = {"result_code": 200, "result_subcode": 0, "result_msg": "OK", "error_stack": ""}
            return self._send(200, {"meta": meta, "data": data})
        except FailedError as failed:
            sys.stderr.write(f"{self.path}: {failed.status}/{failed.subcode} {failed}\n")
            meta = {"result_code": failed.status, "result_subcode": failed.subcode, "result_msg": str(failed)}
            return self._send(failed.status, {"meta": meta, "data": {}})

    def do_GET(self) -> None:
        if _PATH.fullmatch(urlsplit(self.path).path):
            return self.do_POST()
        try:
            self.server_.authenticate(self.headers.get("Authorization", ""))
        except FailedError as failed:
            return self._send(failed.status, {})
        name = unquote(urlsplit(self.path).path).lstrip("/")
        if name not in self.server_.files:
            return self._send(404, {})
        return give(self, self.server_.files[name])

    do_PUT = do_POST  # noqa: N815  (the names are the base's)

    def _data(self, name: str, query: str, content: bytes) -> dict[str, Any]:
        authorization = self.headers.get("Authorization", "")
        if name == "auth.login":
            if authorization.startswith("Bearer "):
                raise FailedError(401, 10, "log in by keys")
            return {"token": self.server_.token(authorization)}
        self.server_.authenticate(authorization)
        batch = name == "events.add_batch"
        body = {} if batch or not content else json.loads(content)
        if not content and query:
            body = {key: values[-1] for key, values in parse_qs(query).items()}
        return self.server_.answer(name, body, content)

    def _uploaded(self, content: bytes) -> None:
        """Keep the files of a form, each under the path that is its name, as ClearML's file server does."""
        self.server_.authenticate(self.headers.get("Authorization", ""))
        kind = self.headers.get("Content-Type", "")
        form = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + content)
        names = []
        for part in form.get_payload():
            name = unquote(str(part.get_param("name", header="content-disposition"))).lstrip("/")  # type: ignore[union-attr]
            self.server_.files[name] = part.get_payload(decode=True)  # type: ignore[union-attr, assignment]
            names.append(f"/{name}")
        self._send(200, names)

    def _send(self, status: int, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
        pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients here go away as they like."""


def main() -> None:
    """Serve until standard input ends."""
    held = Server()

    class Handler(_Handler):
        server_ = held

    with _Quiet(("127.0.0.1", 0), Handler) as server:
        root = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        sys.stdout.write(json.dumps({"root": root, "access": held.access, "secret": held.secret}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
