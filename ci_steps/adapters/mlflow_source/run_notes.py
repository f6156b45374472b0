"""What a run noted of how the model came to be, in the kit's own types."""

import json
import math
import re
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from ci_steps.adapters.mlflow_source.told import Dataset, Run
from ci_steps.model.manifest import Code, DataSource
from ci_steps.model.refs import NAME
from ci_steps.model.sourced import Known

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PLACES = ("uri", "url", "path", "delta_table_name")
"""Where a source of data says that it lies, in the forms that MLflow writes."""


def known_of(run: Run | None, name: str) -> Known:
    """Return what MLflow knows of a model; parameters are text there, and stay it."""
    if run is None:
        return Known(name=as_name(name))
    numbers = {each.key: each.value for each in run.data.metrics if isinstance(each.value, float)}
    return Known(
        name=as_name(name),
        code=_code(run),
        data=tuple(_data(run)),
        config={param.key: param.value for param in run.data.params},
        metrics={key: number for key, number in numbers.items() if math.isfinite(number)},
    )


def facts_of(run: Run | None) -> dict[str, str]:
    """Return what does not change any more of a run that has ended."""
    if run is None:
        return {}
    facts = {"run": run.info.run_id, "experiment": run.info.experiment_id, "user": run.info.user_id}
    return {name: fact for name, fact in facts.items() if fact}


def as_name(text: str) -> str:
    """Return a name in the kit's letters.

    >>> as_name("Flower Sizes")
    'flower-sizes'
    """
    plain = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")
    return plain if NAME.fullmatch(plain) else ""


def _code(run: Run) -> Code | None:
    commit = run.tag("mlflow.source.git.commit")
    repository = bare(run.tag("mlflow.source.git.repoURL"))
    if not _COMMIT.fullmatch(commit):
        return None
    return Code(repository=repository, commit=commit, dirty=run.tag("mlflow.source.git.dirty") == "true")


def _data(run: Run) -> Iterator[DataSource]:
    """Give each dataset once; two parts of one file, as for training and testing, have names of their own."""
    seen = set()
    for each in run.inputs.dataset_inputs:
        dataset = each.dataset
        place = _place(dataset)
        uri = f"{place}#{dataset.name}" if place else f"mlflow-dataset:{dataset.name}"
        if dataset.digest and (uri, dataset.digest) not in seen:
            seen.add((uri, dataset.digest))
            yield DataSource(uri=uri, mark=f"mlflow:{dataset.digest}")


def _place(dataset: Dataset) -> str:
    try:
        source = json.loads(dataset.source)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(source, dict):
        return ""
    return next((bare(str(source[key])) for key in _PLACES if source.get(key)), "")


def bare(url: str) -> str:
    """Return an address without login, query and fragment: each may hold a secret.

    >>> bare("https://me:secret@host/x.csv?sig=abc")
    'https://host/x.csv'
    >>> bare("git@host:team/repo.git")
    'git@host:team/repo.git'
    """
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
