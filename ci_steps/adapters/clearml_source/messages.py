"""What is read here of ClearML's `models` and `tasks`, by the names of its API, 2.13 and later.

The API's schemas come with ClearML's own client, in `clearml/backend_api/services`. What is not set is null.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ci_steps.errors import InputError

T = TypeVar("T")
Text = str | None


class Model(Struct, frozen=True):
    id: str
    name: Text = None
    uri: Text = None
    framework: Text = None
    ready: bool | None = None
    """Published."""
    task: Text = None
    user: Text = None
    tags: tuple[str, ...] | None = None
    labels: dict[str, int] | None = None
    design: dict[str, Any] | None = None


class Project(Struct, frozen=True):
    id: str
    name: Text = None


class Artifact(Struct, frozen=True):
    key: str
    uri: Text = None
    mode: Text = None
    type: Text = None
    """`archive`: a folder that ClearML's client packed into a zip."""
    hash: Text = None
    content_size: int | None = None


class Execution(Struct, frozen=True):
    artifacts: tuple[Artifact, ...] | None = None


class Script(Struct, frozen=True):
    binary: Text = None
    repository: Text = None
    branch: Text = None
    version_num: Text = None
    """The commit."""
    requirements: dict[str, Any] | None = None
    diff: Text = None
    """Changes that no commit has; the whole script where there is no repository."""


class Parameter(Struct, frozen=True):
    value: Text = None
    type: Text = None


class Configuration(Struct, frozen=True):
    value: Text = None


class Measured(Struct, frozen=True):
    metric: Text = None
    variant: Text = None
    value: float | None = None


class Made(Struct, frozen=True):
    name: Text = None
    model: Text = None


class Models(Struct, frozen=True):
    output: tuple[Made, ...] | None = None


class Task(Struct, frozen=True):
    id: str
    name: Text = None
    status: Text = None
    user: Text = None
    tags: tuple[str, ...] | None = None
    script: Script | None = None
    execution: Execution | None = None
    hyperparams: dict[str, dict[str, Parameter]] | None = None
    configuration: dict[str, Configuration] | None = None
    last_metrics: dict[str, dict[str, Measured]] | None = None
    models: Models | None = None


def message(content: Any, kind: type[T], *, what: str) -> T:
    """Return JSON as the message it is; one that the schemas do not allow is an input error."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise InputError(
            f"{what} is not what ClearML's schemas say: {error}",
            hint="is it a ClearML server of 2022 or later?",
        ) from error
