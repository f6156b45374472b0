"""A service on loopback that answers as it is told: a released image as its callers see it, without one."""

import json
import os
import subprocess  # noqa: TID251 - a stand-in for a container keeps its two streams apart
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from ci_steps.errors import OutsideError
from ci_steps.model.manifest import Manifest
from ci_steps.model.wire import plain
from ci_steps.ports.containers import Finished, Isolation
from ci_steps.selftest.specimen import manifest_of, model_files

LOCKED_IN = Isolation(uid=10001, read_only=True, capabilities=0, no_new_privileges=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back to one request."""

    status: int
    content: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Others beside those that say what it is and how long."""

    @classmethod
    def json(cls, value: Any, status: int = 200) -> "Reply":
        return cls(status, msgspec.json.encode(value))


def specimen_answer(request: Any) -> Any:
    """Answer as the specimen's own predictor does."""
    good = "good" in request["text"]
    return {"label": "positive" if good else "negative", "score": 0.9 if good else 0.1}


def specimen_takes(request: Any) -> bool:
    """Whether the specimen's interface promises an answer to this request."""
    return isinstance(request, dict) and request.keys() == {"text"} and isinstance(request["text"], str)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopbackService:
    """Throw-away "containers" that are a thread with an HTTP server; spoil one field to make it misbehave.

    ``answers`` gives the answer to one request that ``takes`` lets through; it may sleep, or raise
    :class:`ValueError`, :class:`TypeError` or :class:`LookupError` to answer with status 500. ``routes``
    replaces whole routes (``"GET /health/ready"``): each is given the body and says the reply. ``ended``
    makes it a container that ended with that exit code. ``files`` are those of the model in the image, for
    a program that is run there by this python.
    """

    answers: Callable[[Any], Any] = specimen_answer
    takes: Callable[[Any], bool] = specimen_takes
    routes: Mapping[str, Callable[[bytes], Reply]] = field(default_factory=dict)
    manifest: Manifest = field(default_factory=lambda: manifest_of(model_files()))
    files: Mapping[str, bytes] = field(default_factory=model_files)
    finished: Finished | None = None
    """How every program in it ends, whatever it is."""
    isolated: Isolation | None = LOCKED_IN
    """None: it cannot be seen."""
    ended: int | None = None
    log: str = ""
    published: bool = True
    """Whether its address is told; false: it runs, and nobody knows where."""
    absent: str = ""
    """Why its image cannot be pulled."""
    others: Mapping[str, "LoopbackService"] = field(default_factory=dict)
    """What other references start."""

    def ran(
        self, reference: str, program: str, *, given: bytes, memory_mb: int | None, seconds: float
    ) -> Finished:
        """Run ``program`` as a child; no limit is set but its time."""
        del reference, memory_mb
        if self.finished is not None:
            return self.finished
        model = {path: content for path, content in self.files.items() if path.startswith("model/")}
        model["manifest.json"] = json.dumps(plain(self.manifest)).encode()
        return _finished(tuple(model.items()), program, given, seconds)

    @contextmanager
    def started(
        self, reference: str, *, env: dict[str, str], memory_mb: int | None
    ) -> Iterator["LoopbackContainer"]:
        """Answer on a free loopback port until the block ends; nothing is pulled and no limit is set."""
        if other := self.others.get(reference):
            with other.started(reference, env=env, memory_mb=memory_mb) as container:
                yield container
            return
        if self.absent:
            raise OutsideError(f"{reference} cannot be pulled: {self.absent}")
        if self.ended is not None or not self.published:
            yield LoopbackContainer("", self)
            return
        with _Server(self) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield LoopbackContainer(f"http://127.0.0.1:{server.server_port}", self)
            finally:
                server.shutdown()
                thread.join()


@dataclass(frozen=True, slots=True)
class LoopbackContainer:
    """The running service, seen as a container."""

    address: str
    service: LoopbackService

    def logs(self) -> str:
        return self.service.log

    def exited(self) -> int | None:
        return self.service.ended

    def isolation(self) -> Isolation:
        if self.service.isolated is None:
            raise OutsideError("the container does not show how it is isolated: no python3")
        return self.service.isolated


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, service: LoopbackService) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service = service
        self.counted: Counter[tuple[str, int]] = Counter()
        self.counting = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over callers that went away; anything else is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def reply(self, method: str, path: str, body: bytes) -> Reply:
        route = self.service.routes.get(f"{method} {path}")
        reply = route(body) if route else self._reply(method, path, body)
        with self.counting:
            self.counted[path, reply.status] += 1
        return reply

    def _reply(self, method: str, path: str, body: bytes) -> Reply:
        match method, path:
            case "POST", "/predict":
                return self._predicted(body)
            case "GET", "/health/live" | "/health/ready":
                return Reply.json({"ready": True})
            case "GET", "/info":
                return Reply.json(_about(self.service.manifest))
            case "GET", "/metrics":
                return Reply(HTTPStatus.OK, self._page(), "text/plain; version=0.0.4; charset=utf-8")
        return _problem(HTTPStatus.NOT_FOUND, "no such route")

    def _predicted(self, body: bytes) -> Reply:
        try:
            asked = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _problem(HTTPStatus.BAD_REQUEST, "the body is not JSON")
        rows = asked if isinstance(asked, list) else [asked]
        if not rows or not all(map(self.service.takes, rows)):
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "a request is not as the interface says")
        try:
            answers = [self.service.answers(row) for row in rows]
        except (ValueError, TypeError, LookupError) as error:
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        return Reply.json(answers if isinstance(asked, list) else answers[0])

    def _page(self) -> bytes:
        with self.counting:
            counted = dict(self.counted)
        lines = ["# HELP serving_requests_total Requests answered.", "# TYPE serving_requests_total counter"]
        for (path, status), count in sorted(counted.items()):
            lines.append(f'serving_requests_total{{route="{path}",status="{status}"}} {count}.0')
        return "\n".join([*lines, ""]).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["content-length"] or 0)))

    def _answer(self, body: bytes) -> None:
        reply = self.server.reply(self.command, self.path, body)
        self.send_response(reply.status)
        self.send_header("content-type", reply.content_type)
        self.send_header("content-length", str(len(reply.content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.content)

    def log_message(self, *_: Any) -> None:
        """Say nothing: standard error belongs to who asked."""


@cache
def _finished(model: tuple[tuple[str, bytes], ...], program: str, given: bytes, seconds: float) -> Finished:
    """Run a program over a model's files; told the same once more, it would say the same."""
    with TemporaryDirectory(prefix="loopback-") as folder:
        for path, content in model:
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        command = [sys.executable, "-I", "-S", "-B", "-c", program]
        environ = {**os.environ, "MODEL_FOLDER": folder}
        try:
            ended = subprocess.run(  # noqa: S603 - the caller's own program
                command, input=given, capture_output=True, timeout=seconds, env=environ, check=False
            )
        except subprocess.TimeoutExpired:
            return Finished(137, stopped=f"it did not end within {seconds:g} s")
    return Finished(ended.returncode % 256, ended.stdout, ended.stderr.decode(errors="replace"))


def _problem(status: HTTPStatus, detail: str) -> Reply:
    content = msgspec.json.encode({"title": status.phrase, "status": int(status), "detail": detail})
    return Reply(status, content, "application/problem+json")


def _about(manifest: Manifest) -> dict[str, Any]:
    """Return what the server's `/info` says, as `schemas/serving-info.schema.json` wants it."""
    return {
        "schema": 1,
        "model": {
            "name": manifest.name,
            "sha256": manifest.sha.hex,
            "predictor": msgspec.to_builtins(manifest.predictor),
        },
        "ingredients": manifest.ingredients,
        "image": None,
        "release": None,
        "kit": None,
        "python": "3.11.2",
        "started": "2026-01-01T00:00:00+00:00",
    }
