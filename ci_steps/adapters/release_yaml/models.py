"""Models that `release.yaml` names evaluations of, which lie beside it."""

from collections.abc import Iterator
from pathlib import Path

from ci_steps.adapters.release_yaml.places import may_be_path
from ci_steps.errors import InputError
from ci_steps.model.refs import ModelRef
from ci_steps.model.settings import EvidenceSettings
from ci_steps.model.told import Problem
from ci_steps.model.written import Place, Written

_SUFFIX = ".jsonl"


def wrong_models(written: Written) -> Iterator[Problem]:
    """Give the names and files that no plan could go by; no store is asked."""
    seen: dict[str, str] = {}
    for place, evidence in written.sound_items(EvidenceSettings, ("evidence",)):
        model, path = (*place, "model"), (*place, "evaluations")
        if wrong := _with_name(evidence.model):
            yield _wrong(written, model, *wrong)
        elif first := next((each for each in seen if _are_one(each, evidence.model)), None):
            twice = f"evaluations of {evidence.model} are named twice, first in {seen[first]}"
            yield _wrong(written, model, twice, "keep one")
        if not evidence.evaluations.endswith(_SUFFIX):
            what = f"{evidence.evaluations!r} is no {_SUFFIX} file"
            yield _wrong(written, path, what, "name evaluations, a line an example")
        seen.setdefault(evidence.model, written.where(model))


def missing_evidence(written: Written, project: Path) -> Iterator[Problem]:
    """Give the evaluations that are not there, or that lie outside; ``project`` is release.yaml's folder."""
    for place, evidence in written.sound_items(EvidenceSettings, ("evidence",)):
        path = project / evidence.evaluations
        at, name = (*place, "evaluations"), evidence.evaluations
        if not may_be_path(name) or not name.endswith(_SUFFIX):
            continue  # a contradiction, which is told as one
        if not path.resolve().is_relative_to(project.resolve()):
            yield _wrong(
                written, at, f"{name!r} leads out of the folder of release.yaml", "name a path inside"
            )
        elif not path.is_file():
            yield _wrong(written, at, f"{name} is not a file", "evaluate the model and write it there")


def _are_one(first: str, second: str) -> bool:
    """Whether both are one model: of a SHA as much is written as anybody likes."""
    return first.startswith(second) or second.startswith(first)


def _with_name(text: str) -> tuple[str, str] | None:
    try:
        ModelRef.by_sha(text)
    except InputError as error:
        return str(error), error.hint
    return None


def _wrong(written: Written, place: Place, what: str, then: str) -> Problem:
    return Problem(written.line(place), written.where(place), what, then)
