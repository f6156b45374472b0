"""A small ModelDB of our own: its REST API as its published definitions have it, in memory.

ModelDB's own server needs Java and a database and cannot run in these tests. Every request and every answer
is held against `modeldb_definitions.json`; what they do not allow is HTTP 400, or 500 where it is our answer.
"""

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.modeldb_schemas import METHODS, mistake, typed
from tests.servers.stored import Stored

EMAIL = "tester@example.org"


class RefusedError(Exception):
    """What the server says no to, with its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class ModelDB:
    """What the server holds, and how it fails if told to."""

    root: str = ""
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    repositories: dict[int, dict[str, Any]] = field(default_factory=dict)
    commits: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    stored: Stored = field(default_factory=Stored)
    down: bool = False
    """Whether it answers everything with HTTP 500."""
    asked: list[str] = field(default_factory=list)
    """The method and path of every request."""

    def answer(self, name: str, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """Return what a method answers; ``at`` is what its path names."""
        answers = {
            "createExperimentRun": self._create_run,
            "getExperimentRunById": self._get_run,
            "deleteExperimentRun": self._delete_run,
            "logArtifact": self._log_artifact,
            "deleteArtifact": self._delete_artifact,
            "logEnvironment": self._log_environment,
            "getUrlForArtifact": self._artifact_url,
            "commitArtifactPart": self._commit_part,
            "commitMultipartArtifact": self._complete,
            "CreateRepository": self._create_repository,
            "GetRepository": self._get_repository,
            "GetRepositoryByName": self._named_repository,
            "CreateCommit": self._create_commit,
            "GetCommit": self._get_commit,
            "ListCommitBlobs": self._blobs,
            "getUrlForBlobVersioned": self._blob_url,
        }
        return answers[name](at, body)

    def _get_run(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return {"experiment_run": self._run(body["id"])}

    def _get_repository(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return {"repository": self._repository(int(at["repo_id"]))}

    def _get_commit(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        return {"commit": self._commit(at)["commit"]}

    def _delete_run(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        del self.runs[self._run(body["id"])["id"]]
        return {"status": True}

    def _delete_artifact(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        run = self._run(body["id"])
        run["artifacts"] = [one for one in run["artifacts"] if one["key"] != body["key"]]
        self.stored.files.pop(f"run/{body['id']}/{body['key']}")
        return {}

    def _commit_part(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        part = body["artifact_part"]
        self.stored.commit(f"run/{body['id']}/{body['key']}", int(part["part_number"]), part["etag"])
        return {}

    def _named_repository(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        named = [one for one in self.repositories.values() if one["name"] == at["name"]]
        if not named:
            raise RefusedError(404, "Repository not found")
        return {"repository": named[0]}

    def _blobs(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        blobs = self._commit(at)["blobs"]
        return {"blobs": blobs, "total_records": str(len(blobs))}

    def _create_run(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        run = body | {
            "id": body.get("id") or secrets.token_hex(16),
            "owner": "7",
            "date_created": "1700000000000",
        }
        self.runs[run["id"]] = run
        return {"experiment_run": run}

    def _log_artifact(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        artifacts = self._run(body["id"]).setdefault("artifacts", [])
        if any(one["key"] == body["artifact"]["key"] for one in artifacts):
            raise RefusedError(409, "Artifact being logged already exists")
        artifacts.append(body["artifact"])
        return {}

    def _log_environment(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        self._run(body["id"])["environment"] = body["environment"]
        return {}

    def _artifact_url(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        run = self._run(body["id"])
        if body["key"] not in {one["key"] for one in run.get("artifacts", [])}:
            raise RefusedError(404, "Artifact not found")
        return self._signed(f"run/{run['id']}/{body['key']}", body)

    def _complete(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        self.stored.complete(f"run/{body['id']}/{body['key']}")
        return {}

    def _create_repository(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        repository = body | {"id": str(len(self.repositories) + 1)}
        self.repositories[int(repository["id"])] = repository
        return {"repository": repository}

    def _create_commit(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        repository = int(at["repo_id"])
        self._repository(repository)
        sha = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        commit = body["commit"] | {"commit_sha": sha, "author": "7", "date_created": "1700000000000"}
        self.commits[repository, sha] = {"commit": commit, "blobs": body.get("blobs", [])}
        return {"commit": commit}

    def _blob_url(self, at: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        location, path = body["location"], body["path_dataset_component_blob_path"]
        for blob in self._commit(at)["blobs"]:
            dataset = blob["blob"].get("dataset", {})
            components = dataset.get("path", {}).get("components", [])
            if blob["location"] == location and path in {one["path"] for one in components}:
                return self._signed(
                    f"blob/{at['repo_id']}/{at['commit_sha']}/{'/'.join(location)}/{path}", body
                )
        raise RefusedError(404, "Blob not found")

    def _signed(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        part = int(body.get("part_number", 0))
        signature = self.stored.signed(name, body["method"], part)
        return {"url": f"{self.root}/storage/{signature}", "multipart_upload_ok": part > 0}

    def _run(self, run: str) -> dict[str, Any]:
        if run not in self.runs:
            raise RefusedError(404, "ExperimentRun not found")
        return self.runs[run]

    def _repository(self, repository: int) -> dict[str, Any]:
        if repository not in self.repositories:
            raise RefusedError(404, "Repository not found")
        return self.repositories[repository]

    def _commit(self, at: dict[str, str]) -> dict[str, Any]:
        key = int(at["repo_id"]), at["commit_sha"]
        if key not in self.commits:
            raise RefusedError(404, "Commit not found")
        return self.commits[key]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: ModelDB

    def any_method(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        self.state.asked.append(f"{self.command} {parts.path}")
        if parts.path.startswith("/storage/"):
            self.state.stored.serve(self, parts.path.removeprefix("/storage/"), content)
            return
        try:
            self._send(200, self._answered(parts.path, parts.query, content))
        except RefusedError as refused:
            self._send(refused.status, {"error": str(refused), "code": 5, "message": str(refused)})

    do_GET = do_POST = do_PUT = do_DELETE = any_method  # noqa: N815  (the names are the base's)

    def _answered(self, path: str, query: str, content: bytes) -> dict[str, Any]:
        if self.state.down:
            raise RefusedError(500, "down")
        self._authenticate()
        for method in METHODS:
            at = method.named(self.command, path)
            if at is None:
                continue
            body = json.loads(content) if content else typed(parse_qs(query), method.message)
            if wrong := mistake(body, method.message):
                raise RefusedError(400, wrong)
            answer = self.state.answer(method.name, at, body)
            if wrong := mistake(answer, f"{method.message}.Response"):
                raise RefusedError(500, f"our own answer: {wrong}")
            return answer
        raise RefusedError(404, f"no method is asked for by {self.command} {path}")

    def _authenticate(self) -> None:
        known = {"Grpc-Metadata-email": EMAIL, "Grpc-Metadata-developer_key": self.state.key}
        if any(self.headers.get(name) != value for name, value in known.items()):
            raise RefusedError(401, "Access Denied")
        if not self.headers.get("Grpc-Metadata-source"):
            raise RefusedError(400, "no source")

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients here go away as they like."""


@contextmanager
def modeldb() -> Iterator[ModelDB]:
    """Run a ModelDB on loopback."""
    held = ModelDB()

    class Handler(_Handler):
        state = held

    with _Server(("127.0.0.1", 0), Handler) as server:
        held.root = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield held
        finally:
            server.shutdown()
