"""Where each model's evaluations lie: with what it was published with, or in evidence from elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ci_steps.documents import FetchedModel, Plan
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.rundir import RunDir
from ci_steps.steps.check_metrics.rows import UnusableError

EVALUATIONS = "evaluations.jsonl"
NO_EVALUATIONS = f"the model has no {EVALUATIONS}"


@dataclass(frozen=True, slots=True)
class Sources:
    """The run directory, as far as evaluations lie in it."""

    run: RunDir
    plan: Plan
    fetched: FetchedModel

    def evaluations(self, sha: Digest) -> Path:
        """Return the evaluations of a model, verified: its own, else those that release.yaml names."""
        if own := self.of(sha, EVALUATIONS):
            return own
        if came := self.fetched.evidence_of(sha):
            return self.run.verified(came.folder, came.file)
        raise UnusableError(NO_EVALUATIONS)

    def of(self, sha: Digest, path: str) -> Path | None:
        """Return a file that a model was published with, verified, where it came."""
        for folder, files in self._published(sha):
            if found := _named(path, files):
                return self.run.verified(folder, found)
        return None

    def used(self, shas: frozenset[Digest]) -> Iterator[Finding]:
        """Say of which of these models the evaluations came from elsewhere, and what stands for them."""
        for named in self.plan.evidence:
            came = self.fetched.evidence_of(named.sha)
            if came is None or named.sha not in shas:
                continue
            model = f"{named.model}@{named.sha.short}"
            yield Finding(
                check="check-metrics.evidence",
                subject=f"evaluations of {model}",
                verdict=Verdict.WARNED,
                observed=f"they come from {came.source}, sha256:{came.file.sha256}, "
                f"which the SHA of {model} does not cover",
                rule="a model is published with its evaluations, or release.yaml names them",
                where=named.where,
                next="publish the next model with its evaluations, so that nobody can exchange them",
            )

    def _published(self, sha: Digest) -> Iterator[tuple[str, tuple[ModelFile, ...]]]:
        if sha == self.plan.sha:
            yield self.fetched.folder, self.fetched.files
        elif self.plan.baseline and sha == self.plan.baseline.sha and self.fetched.baseline_folder:
            yield self.fetched.baseline_folder, self.fetched.baseline_files
        yield from ((each.folder, each.files) for each in self.fetched.references if each.sha == sha)


def _named(path: str, files: tuple[ModelFile, ...]) -> ModelFile | None:
    return next((file for file in files if file.path == path), None)
