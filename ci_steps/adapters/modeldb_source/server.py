from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from ci_steps.adapters.modeldb_source.messages import (
    BlobExpanded,
    Commit,
    ExperimentRun,
    Repository,
    message,
)
from ci_steps.adapters.rest import Rest, address, key_of
from ci_steps.errors import InputError
from ci_steps.model.value import Value

T = TypeVar("T")
_API = "api/v1/modeldb"
_RUNS = f"{_API}/experiment-run"
_REFUSED = "see to MODELDB_EMAIL and MODELDB_DEV_KEY, and to what their user may read"


class _Run(Value, frozen=True):
    experiment_run: ExperimentRun | None = None


class _Url(Value, frozen=True):
    url: str = ""


class _Commit(Value, frozen=True):
    commit: Commit | None = None


class _Blobs(Value, frozen=True):
    blobs: tuple[BlobExpanded, ...] = ()


class _Repository(Value, frozen=True):
    repository: Repository | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A ModelDB server, asked by its documented REST API."""

    rest: Rest
    headers: Mapping[str, str] = field(repr=False)
    workspace: str = "personal"

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Server":
        """Return the server that the environment names, by ModelDB's names or those of its client."""

        def named(*names: str) -> str:
            return next((variables[name] for name in names if variables.get(name)), "")

        host = named("MODELDB_HOST", "VERTA_HOST")
        email = key_of(named("MODELDB_EMAIL", "VERTA_EMAIL"), "MODELDB_EMAIL")
        key = key_of(named("MODELDB_DEV_KEY", "VERTA_DEV_KEY"), "MODELDB_DEV_KEY")
        if not host:
            raise InputError(
                "MODELDB_HOST is not set", hint="set it to the address of the ModelDB server: https://host"
            )
        root = address("ModelDB", host, "MODELDB_HOST", secret=bool(key))
        headers = {"Grpc-Metadata-source": "PythonClient"}
        if key:
            # Either spelling of the key is read, by one version of ModelDB or another.
            names = ("Grpc-Metadata-developer_key", "Grpc-Metadata-developer-key")
            headers |= {"Grpc-Metadata-email": email} | dict.fromkeys(names, key)
        workspace = named("MODELDB_WORKSPACE", "VERTA_WORKSPACE") or "personal"
        return cls(Rest("ModelDB", root), headers, workspace)

    def headers_for(self, url: str) -> Mapping[str, str]:
        """Return what is sent along to ``url``: our keys where it is ModelDB itself, else nothing."""
        return self.headers if self.rest.is_at(url) else {}

    def run(self, id: str) -> ExperimentRun:  # noqa: A002  (ModelDB's name for it)
        got = self._got(_Run, "GET", f"{_RUNS}/getExperimentRunById", f"run modeldb:{id}", params={"id": id})
        if got.experiment_run is None or got.experiment_run.id != id:
            raise self._missing(f"run modeldb:{id}")
        return got.experiment_run

    def repository(self, name: str, what: str) -> Repository:
        """Return a repository of our workspace by its name, or by its number."""
        path = f"workspaces/{quote(self.workspace, safe='')}/repositories/{quote(name, safe='')}"
        if name.isdigit():
            path = f"repositories/{name}"
        got = self._got(_Repository, "GET", f"{_API}/versioning/{path}", what)
        if got.repository is None:
            raise self._missing(what)
        return got.repository

    def commit(self, repository: int, sha: str, what: str) -> Commit:
        got = self._got(_Commit, "GET", _commit(repository, sha), what)
        if got.commit is None or got.commit.commit_sha != sha:
            raise self._missing(what)
        return got.commit

    def blobs(self, repository: int, sha: str) -> tuple[BlobExpanded, ...]:
        """Return every blob of a commit."""
        what = f"commit {sha[:12]} in repository {repository}"
        return self._got(_Blobs, "GET", f"{_commit(repository, sha)}/blobs", what).blobs

    def artifact_url(self, run: str, key: str) -> str:
        """Return where an artifact of a run can be read from now on for a while."""
        what = f"artifact {key} of run {run}"
        body = {"id": run, "key": key, "method": "GET"}
        return self._url(f"{_RUNS}/getUrlForArtifact", what, body)

    def component_url(self, repository: int, sha: str, location: tuple[str, ...], path: str) -> str:
        """Return where a file of a versioned dataset can be read from now on for a while."""
        what = f"{path} of {'/'.join(location)} in commit {sha[:12]}"
        body = {"location": list(location), "path_dataset_component_blob_path": path, "method": "GET"}
        return self._url(f"{_commit(repository, sha)}/getUrlForBlobVersioned", what, body)

    def _url(self, path: str, what: str, body: Mapping[str, Any]) -> str:
        url = self._got(_Url, "POST", path, what, body=body).url
        if not url.startswith(("https://", "http://")):
            raise self._missing(what)
        return url

    def _got(self, kind: type[T], method: str, path: str, what: str, **more: Any) -> T:
        answer = self.rest.ask(method, path, headers=self.headers, **more)
        if answer.status in {401, 403}:
            raise InputError(
                f"ModelDB at {self.rest.root} refuses {what}: HTTP {answer.status}", hint=_REFUSED
            )
        if answer.status == 404:
            raise self._missing(what)
        if answer.status >= 400:
            raise InputError(f"ModelDB at {self.rest.root} cannot give {what}: HTTP {answer.status}")
        return message(answer.content, kind, what=f"{what} of {self.rest.root}")

    def _missing(self, what: str) -> InputError:
        return InputError(
            f"ModelDB at {self.rest.root} has no {what}",
            hint="was it deleted? see that address and MODELDB_HOST name it",
        )


def _commit(repository: int, sha: str) -> str:
    return f"{_API}/versioning/repositories/{repository}/commits/{sha}"
