"""The messages of ModelDB's REST API that are read here, by the names of its protobuf files.

protos/public/common/CommonService.proto, protos/public/modeldb/{ExperimentRunService,CommonService}.proto and
protos/public/modeldb/versioning/*.proto of VertaAI/modeldb. As in every proto3 JSON a field with its default
value may be left out, and 64-bit numbers are strings.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ci_steps.errors import InputError

T = TypeVar("T")


class KeyValue(Struct, frozen=True):
    key: str = ""
    value: Any = None


class Artifact(Struct, frozen=True):
    key: str = ""
    path: str = ""
    path_only: bool = False
    linked_artifact_id: str = ""
    filename_extension: str = ""


class GitSnapshot(Struct, frozen=True):
    repo: str = ""
    hash: str = ""
    is_dirty: str = "UNKNOWN"
    """UNKNOWN, TRUE or FALSE."""


class CodeVersion(Struct, frozen=True):
    git_snapshot: GitSnapshot | None = None
    code_archive: Artifact | None = None


class Version(Struct, frozen=True):
    major: int = 0
    minor: int = 0
    patch: int = 0
    suffix: str = ""


class Requirement(Struct, frozen=True):
    library: str = ""
    constraint: str = ""
    version: Version | None = None


class PythonEnvironment(Struct, frozen=True):
    version: Version | None = None
    requirements: tuple[Requirement, ...] = ()
    raw_requirements: str = ""


class Environment(Struct, frozen=True):
    python: PythonEnvironment | None = None


class VersioningEntry(Struct, frozen=True):
    repository_id: int = 0
    commit: str = ""


class ExperimentRun(Struct, frozen=True):
    id: str = ""
    project_id: str = ""
    experiment_id: str = ""
    name: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    code_version_snapshot: CodeVersion | None = None
    hyperparameters: tuple[KeyValue, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    datasets: tuple[Artifact, ...] = ()
    metrics: tuple[KeyValue, ...] = ()
    versioned_inputs: VersioningEntry | None = None
    environment: Environment | None = None


class GitCode(Struct, frozen=True):
    repo: str = ""
    hash: str = ""
    is_dirty: bool = False


class NotebookCode(Struct, frozen=True):
    git_repo: GitCode | None = None


class CodeBlob(Struct, frozen=True):
    git: GitCode | None = None
    notebook: NotebookCode | None = None


class PathComponent(Struct, frozen=True):
    path: str = ""
    size: int = 0
    sha256: str = ""
    md5: str = ""
    internal_versioned_path: str = ""
    base_path: str = ""


class S3Component(Struct, frozen=True):
    path: PathComponent = PathComponent()
    s3_version_id: str = ""


class PathDataset(Struct, frozen=True):
    components: tuple[PathComponent, ...] = ()


class S3Dataset(Struct, frozen=True):
    components: tuple[S3Component, ...] = ()


class DatasetBlob(Struct, frozen=True):
    s3: S3Dataset | None = None
    path: PathDataset | None = None


class HyperparameterValue(Struct, frozen=True):
    int_value: int | None = None
    float_value: float | None = None
    string_value: str | None = None

    @property
    def value(self) -> int | float | str | None:
        """The one that is set."""
        every = (self.int_value, self.float_value, self.string_value)
        return next((value for value in every if value is not None), None)


class Hyperparameter(Struct, frozen=True):
    name: str = ""
    value: HyperparameterValue = HyperparameterValue()


class ConfigBlob(Struct, frozen=True):
    hyperparameters: tuple[Hyperparameter, ...] = ()


class Blob(Struct, frozen=True):
    dataset: DatasetBlob | None = None
    environment: Environment | None = None
    code: CodeBlob | None = None
    config: ConfigBlob | None = None


class BlobExpanded(Struct, frozen=True):
    location: tuple[str, ...] = ()
    blob: Blob = Blob()

    @property
    def path(self) -> str:
        return "/".join(self.location)


class Commit(Struct, frozen=True):
    commit_sha: str = ""
    author: str = ""


class Repository(Struct, frozen=True):
    id: int = 0
    name: str = ""


def message(content: Any, kind: type[T], *, what: str) -> T:
    """Return JSON as the message it is; one that the definitions do not allow is an input error."""
    try:
        return msgspec.convert(content, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{what} is not what ModelDB's definitions say: {error}", hint="is it a ModelDB that answers?"
        ) from error
