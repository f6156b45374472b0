"""What ModelDB knows of how a model came to be, in the kit's own types."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ci_steps.adapters.model_folder.card import without_password
from ci_steps.adapters.modeldb_source.messages import (
    Blob,
    BlobExpanded,
    CodeVersion,
    DatasetBlob,
    Environment,
    ExperimentRun,
    GitCode,
    PathComponent,
    PythonEnvironment,
    Requirement,
    Version,
)
from ci_steps.model.manifest import Code, DataSource
from ci_steps.model.sourced import Known

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def of_run(run: ExperimentRun, blobs: Iterable[BlobExpanded]) -> Known:
    """Return what a run noted, completed by the blobs of the commit that it was trained from."""
    versioned = of_blobs(blobs)
    code = _snapshot(run.code_version_snapshot)
    return Known(
        code=code or versioned.code,
        data=(*_datasets(run), *versioned.data),
        config=versioned.config | {pair.key: number(pair.value) for pair in run.hyperparameters},
        python=_python(run.environment) or versioned.python,
        metrics=dict(_metrics(run)),
    )


def of_blobs(blobs: Iterable[BlobExpanded]) -> Known:
    """Return what the blobs of a commit say; where two say one thing, the first by their paths."""
    ordered = [expanded.blob for expanded in sorted(blobs, key=lambda expanded: expanded.path)]
    codes = [code for code in map(_code, ordered) if code]
    pythons = [python for python in (_python(blob.environment) for blob in ordered) if python]
    config: dict[str, Any] = {}
    for blob in ordered:
        for parameter in blob.config.hyperparameters if blob.config else ():
            config.setdefault(parameter.name, parameter.value.value)
    return Known(
        code=codes[0] if codes else None,
        data=tuple(source for blob in ordered if blob.dataset for source in data_of(blob.dataset)),
        config=config,
        python=pythons[0] if pythons else "",
    )


def listed(environments: Iterable[Environment | None]) -> str:
    """Return the packages that the first Python environment among them names, as pip writes them."""
    for environment in environments:
        python = environment.python if environment else None
        if python and (python.requirements or python.raw_requirements):
            return "".join(f"{line}\n" for line in sorted(_lines(python)))
    return ""


def shortcomings(run: ExperimentRun) -> Iterator[str]:
    """Give a line for each thing of a run that cannot be an ingredient, and why."""
    snapshot = run.code_version_snapshot
    if snapshot and snapshot.git_snapshot and snapshot.git_snapshot.is_dirty == "UNKNOWN":
        yield "ModelDB does not say whether the code had changes that no commit has: they are assumed"
    if snapshot and snapshot.code_archive:
        yield "its code is an archive in ModelDB and not a commit: unit-tests will be inconclusive"
    for dataset in run.datasets:
        if not dataset.linked_artifact_id and not _by_content(dataset.path):
            yield f"its dataset {dataset.key} has no version in ModelDB and is not an ingredient"


def data_of(dataset: DatasetBlob) -> Iterator[DataSource]:
    """Give each file of a versioned dataset, by what ModelDB knows its bytes by."""
    if dataset.path:
        for component in dataset.path.components:
            yield from _datum(component, component.base_path)
    if dataset.s3:
        for kept in dataset.s3.components:
            yield from _datum(kept.path, "", kept.s3_version_id)


def number(value: Any) -> Any:
    """Return a value as it was written: protobuf's numbers are floats, so 7 comes back as 7.0."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [number(one) for one in value]
    return value


def sha256_in(path: str) -> str:
    """Return the SHA-256 that ModelDB's client puts before an artifact's name, or nothing."""
    first = path.strip("/").partition("/")[0]
    return first if re.fullmatch(r"[0-9a-f]{64}", first) else ""


def _datum(component: PathComponent, base: str, version: str = "") -> Iterator[DataSource]:
    uri = f"{base.rstrip('/')}/{component.path}" if base else component.path
    if component.sha256:
        yield DataSource(uri=uri, sha256=component.sha256)
    elif component.md5 or version:
        yield DataSource(uri=uri, mark=f"md5:{component.md5}" if component.md5 else f"version:{version}")


def _datasets(run: ExperimentRun) -> Iterator[DataSource]:
    for dataset in run.datasets:
        uri = dataset.path or f"modeldb:dataset/{dataset.key}"
        if dataset.linked_artifact_id:
            yield DataSource(uri=uri, mark=f"modeldb:{dataset.linked_artifact_id}")
        elif sha := _by_content(dataset.path):
            yield DataSource(uri=uri, sha256=sha)


def _by_content(path: str) -> str:
    return sha256_in(path)


def _metrics(run: ExperimentRun) -> Iterator[tuple[str, float]]:
    for metric in run.metrics:
        if isinstance(metric.value, int | float) and not isinstance(metric.value, bool):
            yield metric.key, float(metric.value)


def _snapshot(version: CodeVersion | None) -> Code | None:
    git = version.git_snapshot if version else None
    if git is None:
        return None
    # Only FALSE is clean: what nobody looked at may have had changes.
    return _git(GitCode(git.repo, git.hash, git.is_dirty != "FALSE"))


def _code(blob: Blob) -> Code | None:
    if blob.code is None:
        return None
    git = blob.code.git or (blob.code.notebook.git_repo if blob.code.notebook else None)
    return _git(git) if git else None


def _git(git: GitCode) -> Code:
    commit = git.hash.lower()
    known = commit if _COMMIT.fullmatch(commit) else ""
    return Code(repository=without_password(git.repo), commit=known, dirty=git.is_dirty)


def _python(environment: Environment | None) -> str:
    version = environment.python.version if environment and environment.python else None
    return f"{version.major}.{version.minor}" if version and version.major else ""


def _lines(python: PythonEnvironment) -> Iterator[str]:
    if not python.requirements:
        yield from (line for line in python.raw_requirements.splitlines() if line.strip())
    for requirement in python.requirements:
        yield _line(requirement)


def _line(requirement: Requirement) -> str:
    if requirement.version is None:
        return requirement.library
    return f"{requirement.library}{requirement.constraint or '=='}{_version(requirement.version)}"


def _version(version: Version) -> str:
    return f"{version.major}.{version.minor}.{version.patch}{version.suffix}"
