"""Evaluations that lie beside release.yaml: copied by the digest that the plan has of them."""

import hashlib
from pathlib import Path

from ci_steps.documents import Evidence, FetchedEvidence, Plan
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.manifest import ModelFile
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.rundir import RunDir

_NAME = "evaluations.jsonl"
_BUFFER = 1 << 20
_AGAIN = "run `python -m ci_steps plan` again to go by the file as it is now"


def needed(plan: Plan) -> tuple[Evidence, ...]:
    """Return the evidence of the models that this release is about."""
    return tuple(each for each in plan.evidence if each.sha in plan.models)


def not_needed(plan: Plan) -> tuple[str, ...]:
    """Say of which other models there is evidence: it is in nobody's way, and nobody looks at it."""
    return tuple(
        f"{each.path} ({each.where}): {each.model}@{each.sha.short} is neither released nor compared with"
        for each in plan.evidence
        if each.sha not in plan.models
    )


def fetched(each: Evidence, project: Path, run: RunDir) -> tuple[Finding, FetchedEvidence | None]:
    """Copy one file into the run directory; one that is not what was planned does not stay there."""
    file = ModelFile(path=_NAME, size=each.size, sha256=each.sha256)
    folder = f"evidence/{each.sha.short}"
    into = run.fresh_folder(folder)
    try:
        same = copied(project / each.path, file, into)
    except InputError as error:
        return _finding(each, Verdict.INCONCLUSIVE, str(error)), None
    if not same:
        return _finding(each, Verdict.REFUSED, f"{each.path} was changed after it was planned"), None
    observed = f"{each.path}, {each.size:,} bytes, as planned"
    source = FetchedEvidence(sha=each.sha, source=each.path, folder=folder, file=file)
    return _finding(each, Verdict.PASSED, observed), source


def copied(source: Path, file: ModelFile, into: Path) -> bool:
    """Copy a file, hashed on the way; false, and nothing left behind, where it has other bytes."""
    try:
        if not source.is_file():
            raise InputError(f"{source} is no longer there", hint=f"put it back, or {_AGAIN}")
        stream = source.open("rb")
    except OSError as error:
        raise InputError(
            f"{source} cannot be read: {error.strerror}", hint=f"mend it, or {_AGAIN}"
        ) from error
    path, left, hasher = into / file.path, file.size + 1, hashlib.sha256()
    try:
        with stream, path.open("xb") as copy:
            while block := stream.read(min(_BUFFER, left)):
                hasher.update(block)
                copy.write(block)
                left -= len(block)
        whole = hasher.hexdigest() == file.sha256
        if not whole:
            path.unlink()
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OutsideError(
            f"{source} cannot be copied to {path}: {error.strerror}", hint="make room, or use --run-dir"
        ) from error
    return whole


def _finding(each: Evidence, verdict: Verdict, observed: str) -> Finding:
    return Finding(
        check="fetch-model.evidence",
        subject=f"evaluations of {each.model}@{each.sha.short}",
        verdict=verdict,
        observed=observed,
        rule=f"the file that was planned: sha256:{each.sha256}",
        where=each.where,
        next="" if verdict is Verdict.PASSED else f"put the planned file back, or {_AGAIN}",
    )
