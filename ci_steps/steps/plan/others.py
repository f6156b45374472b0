"""Models beside the one that is released: those that rules compare with, and evaluations from elsewhere."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ci_steps.documents import Evidence, Reference
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from ci_steps.model.settings import EvidenceSettings, MetricRule

Find = Callable[[ModelRef], Manifest]
EVALUATIONS = "evaluations.jsonl"


def references(rules: Iterable[MetricRule], find: Find) -> tuple[Reference, ...]:
    """Return the models that rules name, each with its whole SHA; one that the store has not is bad input."""
    found: dict[str, Reference] = {}
    for rule in rules:
        if rule.reference and rule.reference not in found:
            manifest = _named(rule.reference, rule.where, find)
            found[rule.reference] = Reference(versus=rule.reference, model=manifest.name, sha=manifest.sha)
    return tuple(found.values())


def evidence(named: Iterable[EvidenceSettings], find: Find, project: Path) -> tuple[Evidence, ...]:
    """Return the evaluations that release.yaml names, with the digest that they have now."""
    found = tuple(_evidence(each, find, project) for each in named)
    seen: set[Digest] = set()
    for each in found:
        if each.sha in seen:
            raise InputError(
                f"{each.where}: evaluations of {each.model}@{each.sha.short} are named twice",
                hint="keep one",
            )
        seen.add(each.sha)
    return found


def _evidence(named: EvidenceSettings, find: Find, project: Path) -> Evidence:
    manifest = _named(named.model, named.where, find)
    model = f"{manifest.name}@{manifest.sha.short}"
    if manifest.has(EVALUATIONS):
        raise InputError(
            f"{named.where}: {model} was published with its own {EVALUATIONS}",
            hint="take this evidence away: what a model came with is what it is held to",
        )
    path = project / named.evaluations
    for wrong in _wrong_with(path, project):
        raise InputError(
            f"{named.where}: evaluations of {model}: {named.evaluations} {wrong}",
            hint="name a .jsonl file in the folder of release.yaml",
        )
    try:
        digest, size = Digest.of_file(path), path.stat().st_size
    except OSError as error:
        raise InputError(f"{named.where}: {named.evaluations} cannot be read: {error.strerror}") from error
    return Evidence(
        model=manifest.name,
        sha=manifest.sha,
        path=named.evaluations,
        size=size,
        sha256=digest.hex,
        where=named.where,
    )


def _wrong_with(path: Path, project: Path) -> Iterator[str]:
    if not path.resolve().is_relative_to(project.resolve()):
        yield "leads out of the folder of release.yaml"
    if not path.is_file():
        yield "is not a file"
    # The checkout may differ from the model's commit in its evidence, and code must not be called so.
    if path.resolve().suffix != ".jsonl":
        yield "is no .jsonl file"


def _named(text: str, where: str, find: Find) -> Manifest:
    try:
        return find(ModelRef.by_sha(text))
    except InputError as error:
        raise InputError(f"{where}: {error}", hint=error.hint) from error
