from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ci_steps.adapters.mlflow_source.artifacts import Artifacts
from ci_steps.adapters.mlflow_source.named import InRun, Logged, Registered, named
from ci_steps.adapters.mlflow_source.run_notes import as_name, facts_of, known_of
from ci_steps.adapters.mlflow_source.server import TrackingServer
from ci_steps.adapters.mlflow_source.told import (
    DownloadUri,
    LoggedModel,
    LoggedTold,
    ModelVersion,
    Run,
    RunTold,
    VersionTold,
)
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import EVIDENCE, Found, SourceFile
from ci_steps.model.value import Value
from ci_steps.ports import Request

FOLDER = "ci_steps"
"""Below it in a run lies what the kit wants to know of a model and MLflow has no place for."""
MLMODEL, TABLE = "MLmodel", "eval_results_table.json"
_IDS, _VERSIONS = "models:/", "mlflow/model-versions"


class _Located(Value, frozen=True):
    """A model in MLflow: where its files lie, and the run that made it."""

    address: str
    name: str
    location: str
    run: str
    facts: dict[str, str]
    logged_as: str = ""
    """The name that the run gave it; what it logged below that name belongs to it too."""


@dataclass(frozen=True, slots=True)
class MlflowSource:
    """Models of one tracking server."""

    server: TrackingServer
    artifacts: Artifacts

    def resolve(self, address: Address) -> Found:
        match named(address):
            case Registered() as registered:
                at = self._registered(registered, address)
            case Logged(id):
                at = _of_logged(self._logged(id, address.unpinned), f"mlflow:models/{id}")
            case InRun() as asked:
                at = self._in_run(asked, address)
        run = self._run(at.run) if at.run else None
        files = self.artifacts.below(at.location, at.address)
        if not files:
            raise InputError(f"{at.address} has no artifact", hint="log the model there, or name another")
        of_mlflow = any(file.path == MLMODEL for file in files)
        beside = () if run is None else self._beside(run, at, table=of_mlflow)
        # Of two with one name the model's own comes first.
        each = {file.path: file for file in reversed((*files, *beside))}
        return Found(
            origin=Origin(address=at.address, facts=at.facts | facts_of(run)),
            files=tuple(each[path] for path in sorted(each)),
            known=known_of(run, at.name),
            said=tuple(_said(at, run)),
        )

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        return self.artifacts.request(file, first, last)

    def _registered(self, asked: Registered, address: Address) -> _Located:
        version = self._version(asked, address)
        what = f"mlflow:models/{version.name}/{version.version}"
        if version.status != "READY":
            raise InputError(
                f"{what} is {version.status} at the MLflow server", hint="wait until it is READY"
            )
        route, key = f"{_VERSIONS}/get-download-uri", {"name": version.name, "version": version.version}
        location = self.server.told(route, DownloadUri, what, **key).artifact_uri
        logged = version.source.removeprefix(_IDS) if version.source.startswith(_IDS + "m-") else ""
        # A version that was copied from another names that one, whose own id is not asked for.
        model = self._logged(logged, what) if logged else None
        return _Located(
            address=what,
            name=version.name,
            location=location,
            run=version.run_id or (model.info.source_run_id if model else ""),
            facts={"model": version.name, "version": version.version} | ({"id": logged} if logged else {}),
            logged_as=model.info.name if model else "",
        )

    def _version(self, asked: Registered, address: Address) -> ModelVersion:
        if asked.alias:
            route, key = "mlflow/registered-models/alias", {"name": asked.name, "alias": asked.alias}
        else:
            route, key = f"{_VERSIONS}/get", {"name": asked.name, "version": asked.version}
        return self.server.told(route, VersionTold, address.unpinned, **key).model_version

    def _in_run(self, asked: InRun, address: Address) -> _Located:
        run = self._run(asked.run)
        if run is None:
            raise InputError(
                f"the MLflow server at {self.server.host} has no {address.unpinned}: there is no such run",
                hint="see to its id there",
            )
        resolved = f"mlflow:runs/{asked.run}/{asked.path}"
        # Since MLflow 3 a run's models lie beside its artifacts, and are found by the name that it gave them.
        models = [self._logged(each.model_id, address.unpinned) for each in run.outputs.model_outputs]
        fitting = [model for model in models if model.info.name == asked.path]
        if len(fitting) > 1:
            ids = ", ".join(f"mlflow:models/{model.info.model_id}" for model in fitting)
            raise InputError(f"{address.unpinned} is {len(fitting)} models", hint=f"name one of {ids}")
        if fitting:
            return _of_logged(fitting[0], resolved)
        location = f"{run.info.artifact_uri.rstrip('/')}/{asked.path}"
        return _Located(resolved, asked.path.rpartition("/")[2], location, asked.run, {})

    def _beside(self, run: Run, at: _Located, *, table: bool) -> Iterator[SourceFile]:
        """Give what the run logged for the kit: below the model's own name first, then below `ci_steps/`."""
        if not run.info.artifact_uri:
            return
        root, what = run.info.artifact_uri.rstrip("/"), f"run {run.info.run_id}"
        there = self.artifacts.here(root, what)
        for folder in filter(None, (at.logged_as, FOLDER)):
            if there is None or folder.partition("/")[0] in there:
                files = self._optional(f"{root}/{folder}", what)
                yield from (file for file in files if file.path in EVIDENCE)
        if table and there and (found := there.get(TABLE)):
            yield found

    def _optional(self, location: str, what: str) -> tuple[SourceFile, ...]:
        # A store that is not the server's says of a folder that is not there that it names nothing.
        with suppress(InputError):
            return self.artifacts.below(location, what)
        return ()

    def _logged(self, model: str, what: str) -> LoggedModel:
        return self.server.told(f"mlflow/logged-models/{model}", LoggedTold, what).model

    def _run(self, run: str) -> Run | None:
        told = self.server.maybe("mlflow/runs/get", RunTold, f"run {run}", run_id=run)
        return told.run if told else None


def _of_logged(model: LoggedModel, address: str) -> _Located:
    info = model.info
    if info.status != "LOGGED_MODEL_READY":
        raise InputError(
            f"model {info.model_id} is {info.status} at the MLflow server", hint="wait until it is ready"
        )
    facts = {"id": info.model_id}
    return _Located(address, info.name, info.artifact_uri, info.source_run_id, facts, info.name)


def _said(at: _Located, run: Run | None) -> Iterator[str]:
    if at.run and run is None:
        yield f"run {at.run}, which made {at.address}, is not there any more; nothing of it is known"
    if run is not None and run.info.status not in {"FINISHED", ""}:
        is_ = f"run {run.info.run_id} is {run.info.status}"
        yield f"{is_}; what it logs later makes another model of {at.address}"
    if (name := as_name(at.name)) != at.name and name:
        yield f"{at.name!r} is called {name} here"
