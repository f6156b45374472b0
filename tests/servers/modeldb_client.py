"""Publishing to ModelDB by its documented REST calls, as its own client made them.

ModelDB's client is not on PyPI any more: what is called `verta` there now is another project's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import requests

_PART = 1 << 20
_MANY_PARTS = 3 * _PART


@dataclass(frozen=True)
class Client:
    """A user of a ModelDB server."""

    root: str
    email: str
    key: str

    def run(self, files: Mapping[str, bytes], **what: Any) -> str:
        """Create a run with the files as its artifacts; return its id."""
        body = {"project_id": "p1", "experiment_id": "e1", "name": "a run"} | what
        made = self._asked("POST", "experiment-run/createExperimentRun", json=body)
        run: str = made["experiment_run"]["id"]
        for path, content in files.items():
            self.artifact(run, path, content)
        return run

    def artifact(self, run: str, path: str, content: bytes) -> None:
        """Log an artifact and upload it, in parts where it is large."""
        key, extension = key_of(path)
        sha256 = hashlib.sha256(content).hexdigest()
        artifact = {"key": key, "path": f"{sha256}/{PurePosixPath(path).name}", "artifact_type": "BLOB"}
        if extension:
            artifact["filename_extension"] = extension
        self._asked("POST", "experiment-run/logArtifact", json={"id": run, "artifact": artifact})
        self.upload(run, path, content)

    def upload(self, run: str, path: str, content: bytes) -> None:
        key, _ = key_of(path)
        asked = {"id": run, "key": key, "method": "PUT"}
        if len(content) < _MANY_PARTS:
            self._put(self._asked("POST", "experiment-run/getUrlForArtifact", json=asked)["url"], content)
            return
        for number, at in enumerate(range(0, len(content), _PART), start=1):
            part = asked | {"part_number": str(number)}
            url = self._asked("POST", "experiment-run/getUrlForArtifact", json=part)["url"]
            etag = self._put(url, content[at : at + _PART])
            committed = {"id": run, "key": key, "artifact_part": {"part_number": str(number), "etag": etag}}
            self._asked("POST", "experiment-run/commitArtifactPart", json=committed)
        self._asked("POST", "experiment-run/commitMultipartArtifact", json={"id": run, "key": key})

    def delete_artifact(self, run: str, path: str) -> None:
        body = {"id": run, "key": key_of(path)[0]}
        self._asked("DELETE", "experiment-run/deleteArtifact", json=body)

    def delete_run(self, run: str) -> None:
        self._asked("DELETE", "experiment-run/deleteExperimentRun", json={"id": run})

    def environment(self, run: str, python: Mapping[str, Any]) -> None:
        body = {"id": run, "environment": {"python": python}}
        self._asked("POST", "experiment-run/logEnvironment", json=body)

    def repository(self, name: str) -> int:
        path = "versioning/workspaces/personal/repositories"
        return int(self._asked("POST", path, json={"name": name})["repository"]["id"])

    def commit(
        self, repository: int, blobs: Mapping[str, Mapping[str, Any]], files: Mapping[str, bytes], at: str
    ) -> str:
        """Commit the blobs and a dataset of the files ``at`` a path, whose bytes ModelDB keeps."""
        components = [_component(path, content) for path, content in files.items()]
        every = dict(blobs) | ({at: {"dataset": {"path": {"components": components}}}} if files else {})
        body = {
            "repository_id": {"repo_id": str(repository)},
            "commit": {"message": "a model"},
            "blobs": [{"location": path.split("/"), "blob": blob} for path, blob in every.items()],
        }
        path = f"versioning/repositories/{repository}/commits"
        sha: str = self._asked("POST", path, json=body)["commit"]["commit_sha"]
        for component, content in files.items():
            wanted = {
                "location": at.split("/"),
                "path_dataset_component_blob_path": component,
                "method": "PUT",
            }
            url = self._asked("POST", f"{path}/{sha}/getUrlForBlobVersioned", json=wanted)["url"]
            self._put(url, content)
        return sha

    def _asked(self, verb: str, path: str, **what: Any) -> Any:
        headers = {
            "Grpc-Metadata-email": self.email,
            "Grpc-Metadata-developer_key": self.key,
            "Grpc-Metadata-source": "PythonClient",
        }
        url = f"{self.root}/api/v1/modeldb/{path}"
        answer = requests.request(verb, url, headers=headers, timeout=30, **what)
        assert answer.ok, answer.text
        return answer.json()

    def _put(self, url: str, content: bytes) -> str:
        answer = requests.put(url, data=content, timeout=30)
        assert answer.ok, answer.text
        return answer.headers["ETag"]


def key_of(path: str) -> tuple[str, str]:
    """Return an artifact's key and filename extension: in ModelDB's keys is no dot."""
    suffix = PurePosixPath(path).suffix
    return path.removesuffix(suffix), suffix.removeprefix(".")


def _component(path: str, content: bytes) -> dict[str, Any]:
    sha256 = hashlib.sha256(content).hexdigest()
    return {
        "path": path,
        "size": str(len(content)),
        "last_modified_at_source": "1700000000000",
        "sha256": sha256,
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "internal_versioned_path": f"{sha256}/{PurePosixPath(path).name}",
        "base_path": "tweets",
    }
