"""A kit's folder in a tracking system, which holds the packages and the metrics in forms of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from ci_steps.adapters.artifact_paths import CARD
from ci_steps.adapters.locking import LIST, LOCK, Locking
from ci_steps.adapters.mlflow_shape.claims import claimed
from ci_steps.model.sourced import Found, SourceFile

_METRICS, _EVALUATIONS = "metrics.json", "evaluations.jsonl"


@dataclass(frozen=True, slots=True)
class TrackedShape:
    """Completes a folder that has its model.yaml: a lock of the packages that its source lists, and claims.

    What was measured there is claimed of all rows of evaluations.jsonl, so that check-metrics recomputes it.
    """

    locking: Locking

    def fits(self, found: Found) -> bool:
        paths = _paths(found)
        return CARD in paths and "manifest.json" not in paths and (_unlocked(found) or _unclaimed(found))

    def shaped(self, found: Found, read: Callable[[SourceFile], bytes]) -> Found:
        made = dict(found.made)
        if _unlocked(found):
            where = found.origin.address
            made[LOCK] = self.locking.locked(made[LIST].decode(), python=found.known.python, where=where)
        made.update(_claims(found, read))
        return msgspec.structs.replace(found, made=made)


def _paths(found: Found) -> set[str]:
    return {file.path for file in found.files} | found.made.keys()


def _unlocked(found: Found) -> bool:
    return bool(found.known.python) and LIST in found.made and LOCK not in _paths(found)


def _unclaimed(found: Found) -> bool:
    paths = _paths(found)
    return bool(found.known.metrics) and _METRICS not in paths and _EVALUATIONS in paths


def _claims(found: Found, read: Callable[[SourceFile], bytes]) -> Iterator[tuple[str, bytes]]:
    if not _unclaimed(found):
        return
    [evaluations] = [file for file in found.files if file.path == _EVALUATIONS]
    if claims := claimed(found.known.metrics, read(evaluations), found.origin.address):
        yield _METRICS, claims
