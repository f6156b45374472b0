"""What the tracking server tells, as far as the kit reads it."""

from typing import Any

import msgspec


class ModelVersion(msgspec.Struct, frozen=True):
    name: str
    version: str
    source: str = ""
    run_id: str = ""
    status: str = "READY"


class VersionTold(msgspec.Struct, frozen=True):
    model_version: ModelVersion


class DownloadUri(msgspec.Struct, frozen=True):
    artifact_uri: str


class Pair(msgspec.Struct, frozen=True):
    """A parameter or a tag."""

    key: str
    value: str = ""


class Measured(msgspec.Struct, frozen=True):
    """A metric; JSON has no words for NaN and infinity, so MLflow writes those as text."""

    key: str
    value: float | str = 0.0


class RunInfo(msgspec.Struct, frozen=True):
    run_id: str
    experiment_id: str = ""
    user_id: str = ""
    status: str = ""
    artifact_uri: str = ""
    lifecycle_stage: str = "active"


class RunNotes(msgspec.Struct, frozen=True):
    params: tuple[Pair, ...] = ()
    metrics: tuple[Measured, ...] = ()
    tags: tuple[Pair, ...] = ()


class Dataset(msgspec.Struct, frozen=True):
    name: str
    digest: str = ""
    source_type: str = ""
    source: str = ""
    """JSON, in a form of its own for each type of source."""


class DatasetInput(msgspec.Struct, frozen=True):
    dataset: Dataset


class Inputs(msgspec.Struct, frozen=True):
    dataset_inputs: tuple[DatasetInput, ...] = ()


class ModelOutput(msgspec.Struct, frozen=True):
    model_id: str


class Outputs(msgspec.Struct, frozen=True):
    model_outputs: tuple[ModelOutput, ...] = ()


class Run(msgspec.Struct, frozen=True):
    info: RunInfo
    data: RunNotes = RunNotes()
    inputs: Inputs = Inputs()
    outputs: Outputs = Outputs()

    def tag(self, key: str) -> str:
        return next((tag.value for tag in self.data.tags if tag.key == key), "")


class RunTold(msgspec.Struct, frozen=True):
    run: Run


class LoggedInfo(msgspec.Struct, frozen=True):
    model_id: str
    artifact_uri: str
    name: str = ""
    status: str = "LOGGED_MODEL_READY"
    source_run_id: str = ""


class LoggedModel(msgspec.Struct, frozen=True):
    info: LoggedInfo


class LoggedTold(msgspec.Struct, frozen=True):
    model: LoggedModel


class Listed(msgspec.Struct, frozen=True):
    """A file or a folder; of an empty file the size is left out."""

    path: str
    is_dir: bool = False
    file_size: int = 0


class Listing(msgspec.Struct, frozen=True):
    files: tuple[Listed, ...] = ()


class Complaint(msgspec.Struct, frozen=True):
    """What comes with a status of 400 and above."""

    error_code: Any = ""
    message: str = ""
