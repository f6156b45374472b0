"""What a model folder lacks that a step will ask for: told when it is published, decided by that step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.adapters.hashed_locks import parsed
from ci_steps.errors import InputError
from ci_steps.model.checkout import listed
from ci_steps.model.manifest import Manifest, SklearnPredictor
from ci_steps.model.wire import decoded

_ELSEWHERE = {"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "patternProperties"}
"""Words of a JSON schema that may bring properties which `properties` does not name."""


class _Claims(msgspec.Struct, frozen=True):
    metrics: list[msgspec.Raw]


class _Interface(msgspec.Struct, frozen=True):
    input: Any


def shortfalls(folder: Path, manifest: Manifest, rows: int) -> Iterator[str]:
    """Give a line for each: what is wrong, which step will not take it, and what to do.

    ``rows`` are replayed by integration-test.
    """
    yield from _golden(_filled_lines(folder / "golden.jsonl", rows), rows)
    if not manifest.has("evaluations.jsonl"):
        yield (
            "there is no evaluations.jsonl, and check-metrics will be inconclusive; "
            "write it, or name evaluations under `evidence:` in release.yaml"
        )
    elif not _filled_lines(folder / "evaluations.jsonl", 1):
        yield (
            "evaluations.jsonl has no row, and check-metrics will be inconclusive; "
            "write a line for each example that the model was tested on"
        )
    yield from _metrics(folder / "metrics.json")
    yield from _features(folder / "interface.json", manifest)
    lock = manifest.environment.lock
    try:
        parsed((folder / lock).read_bytes(), where=lock)
    except InputError as error:
        yield f"{error}, and build-image will not take it; {error.hint}"


def _golden(seen: int, rows: int) -> Iterator[str]:
    if seen < rows:
        has = f"{seen} row{'s' * (seen > 1)}" if seen else "no row"
        yield f"golden.jsonl has {has}, and integration-test replays {rows}; write {rows} or more"


def _metrics(path: Path) -> Iterator[str]:
    try:
        claimed = decoded(path.read_bytes(), _Claims, where=path.name).metrics
    except InputError as error:
        yield f"{path.name} cannot be read, and check-metrics will be inconclusive; correct it: {error}"
        return
    if not claimed:
        yield (
            f"{path.name} claims nothing, and check-metrics will be inconclusive; "
            "write the value of a metric that release.yaml has a rule for"
        )


def _features(path: Path, manifest: Manifest) -> Iterator[str]:
    try:
        schema = decoded(path.read_bytes(), _Interface, where=path.name).input
    except InputError as error:
        yield f"{path.name} cannot be read, and check-interface will not take it; correct it: {error}"
        return
    known = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(manifest.predictor, SklearnPredictor) or not isinstance(known, dict):
        return
    unknown = [name for name in manifest.predictor.features if name not in known]
    if unknown and not _ELSEWHERE & schema.keys():
        yield (
            f"predictor.features of model.yaml names {listed(unknown)}, which the input of {path.name} has "
            f"not, and integration-test will refuse it; name properties of a request: {', '.join(known)}"
        )


def _filled_lines(path: Path, most: int) -> int:
    """Count lines that are not blank, up to ``most``."""
    seen = 0
    with path.open("rb") as lines:
        for line in lines:
            seen += not line.isspace()
            if seen == most:
                break
    return seen
