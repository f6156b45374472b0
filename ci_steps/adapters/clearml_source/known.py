"""What a ClearML task knows of how a model came to be, in the kit's own types."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ci_steps.adapters.clearml_source.messages import Model, Parameter, Script, Task
from ci_steps.adapters.model_folder.card import without_password
from ci_steps.model.manifest import Code, DataSource
from ci_steps.model.sourced import Known

VALIDATED = "validated-by:"
"""What the tag begins with by which a validator signs."""
_DATASETS = "Datasets"
"""The section of the parameters in which ClearML itself notes the datasets that were used, by their alias."""
_SUMMARY = "Summary"
"""The title below which ClearML keeps single values."""
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PYTHON = re.compile(r"^#\s*Python\s+(3\.\d+)", re.MULTILINE | re.IGNORECASE)
_BINARY = re.compile(r"python(3\.\d+)$")


def of_task(task: Task | None, model: Model | None) -> Known:
    """Return what the task says, and the model that it made."""
    config: dict[str, Any] = {}
    if model and model.labels:
        config["labels"] = model.labels
    design = {key: value for key, value in ((model.design if model else None) or {}).items() if value}
    if design:
        config["design"] = design
    if task is None:
        return Known(config=config)
    script = task.script or Script()
    return Known(
        code=_code(script),
        data=tuple(_data(task)),
        config=dict(_config(task)) | config,
        python=_python(script),
        metrics=dict(_metrics(task)),
    )


def packages(task: Task | None) -> str:
    """Return the packages that were installed, as pip writes them."""
    listed = (task.script.requirements or {}).get("pip") if task and task.script else None
    if isinstance(listed, list):
        listed = "\n".join(map(str, listed))
    if not isinstance(listed, str):
        return ""
    lines = [line.strip() for line in listed.splitlines()]
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))


def difference(task: Task | None) -> str:
    """Return the changes that no commit has."""
    diff = (task.script.diff or "") if task and task.script else ""
    return diff if diff.strip() else ""


def validators(tags: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return who signed, by their tags."""
    return tuple(
        sorted(tag.removeprefix(VALIDATED).strip() for tag in tags or () if tag.startswith(VALIDATED))
    )


def _code(script: Script) -> Code | None:
    commit = (script.version_num or "").lower()
    known = commit if _COMMIT.fullmatch(commit) else ""
    if not known and not script.repository and not (script.diff or "").strip():
        return None
    dirty = bool((script.diff or "").strip())
    return Code(repository=without_password(script.repository or ""), commit=known, dirty=dirty)


def _data(task: Task) -> Iterator[DataSource]:
    for alias, parameter in sorted((task.hyperparams or {}).get(_DATASETS, {}).items()):
        if parameter.value:
            yield DataSource(uri=f"clearml-dataset:{alias}", mark=f"clearml:{parameter.value}")


def _config(task: Task) -> Iterator[tuple[str, Any]]:
    """Give each parameter by the name that ClearML shows, ``section/name``."""
    for section, parameters in (task.hyperparams or {}).items():
        if section != _DATASETS:
            yield from ((f"{section}/{name}", _typed(value)) for name, value in parameters.items())
    for name, configuration in (task.configuration or {}).items():
        yield f"configuration/{name}", configuration.value or ""


def _typed(parameter: Parameter) -> Any:
    """Return a value as the type that ClearML noted: it keeps every one as text."""
    text = parameter.value
    if text is None:
        return ""
    with suppress(ValueError):
        match parameter.type:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool" if text.lower() in {"true", "false"}:
                return text.lower() == "true"
    return text


def _metrics(task: Task) -> Iterator[tuple[str, float]]:
    for variants in (task.last_metrics or {}).values():
        for measured in variants.values():
            if measured.value is None or not measured.variant:
                continue
            title = measured.metric or _SUMMARY
            alone = title in {_SUMMARY, measured.variant}
            yield measured.variant if alone else f"{title}/{measured.variant}", measured.value


def _python(script: Script) -> str:
    listed = (script.requirements or {}).get("pip")
    text = "\n".join(map(str, listed)) if isinstance(listed, list) else str(listed or "")
    noted = _PYTHON.search(text) or _BINARY.search(script.binary or "")
    return noted[1] if noted else ""
