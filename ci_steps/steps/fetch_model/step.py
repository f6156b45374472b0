import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ci_steps.documents import Document, FetchedEvidence, FetchedModel, FetchedReference, Plan
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.refs import ModelRef
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.pipeline import Step
from ci_steps.ports import LostError, ModelStore
from ci_steps.rundir import RunDir
from ci_steps.steps.fetch_model import beside, here
from ci_steps.steps.fetch_model.modules import files_of

EVIDENCE_FILES = ("evaluations.jsonl", "golden.jsonl", "interface.json", "metrics.json")
_AGAIN = "fetched-again"


@dataclass(frozen=True, slots=True)
class FetchModel(Step):
    """Copy the planned model, and the evidence of those it is compared with, verified on the way.

    They come out of the store; evaluations that release.yaml names come from beside it. Later steps trust the
    digests noted here, never the store: what was checked is what gets built, even if someone overwrites the
    version.
    """

    name: ClassVar[str] = "fetch-model"
    needs: ClassVar[tuple[type[Document], ...]] = (Plan,)
    makes: ClassVar[type[Document]] = FetchedModel
    reads: ClassVar[tuple[str, ...]] = ("manifest", "baseline", "sha", "references", "evidence")

    store: ModelStore
    project: Path
    """The folder of release.yaml."""

    def run(self, run: RunDir) -> FetchedModel:
        plan = run.read(Plan)
        files = (*plan.manifest.files, *files_of(plan.manifest.modules, self.store))
        findings = [self._fetched("model", plan.manifest, files, run)]
        kept: tuple[ModelFile, ...] = ()
        if plan.baseline:
            manifest = self.store.manifest(ModelRef.exact(plan.baseline.model, plan.baseline.sha))
            kept = tuple(file for file in manifest.files if file.path in EVIDENCE_FILES)
            findings.append(self._fetched("baseline", manifest, kept, run))
        else:
            run.fresh_folder("baseline").rmdir()
        return FetchedModel(
            references=self._references(plan, findings, run),
            evidence=self._evidence(plan, findings, run),
            findings=tuple(findings),
            not_checked=beside.not_needed(plan),
            files=files,
            baseline_folder="baseline" if plan.baseline else None,
            baseline_files=kept,
        )

    def lost(self, run: RunDir) -> bool:
        fetched = run.read(FetchedModel)
        folders = (*here.stored(fetched), *here.beside(fetched))
        return any(here.missing(run, folder, files) for folder, files in folders)

    def bring_back(self, run: RunDir) -> None:
        """Fetch the files that are not here; they get their names when all of a folder are whole."""
        fetched = run.read(FetchedModel)
        for folder, files in here.stored(fetched):
            if missing := here.missing(run, folder, files):
                into = run.fresh_folder(_AGAIN)
                if differing := self.store.fetch(missing, into):
                    raise InputError(
                        f"{_differing(differing, into)}: the store no longer holds what was fetched",
                        hint="restore the store from a copy, or publish the model again",
                    )
                here.put_back(missing, into, run.root / folder)
                shutil.rmtree(into)
        for each in fetched.evidence:
            if missing := here.missing(run, each.folder, (each.file,)):
                into = run.fresh_folder(_AGAIN)
                if not beside.copied(self.project / each.source, each.file, into):
                    raise InputError(
                        f"{each.source} is not the file that was fetched: sha256:{each.file.sha256}",
                        hint="put that file there, or run `python -m ci_steps plan` again",
                    )
                here.put_back(missing, into, run.root / each.folder)
                shutil.rmtree(into)

    def _references(self, plan: Plan, findings: list[Finding], run: RunDir) -> tuple[FetchedReference, ...]:
        """Fetch the evaluations of the models that rules name, but for the candidate's own."""
        run.fresh_folder("references").rmdir()
        found: dict[Digest, FetchedReference] = {}
        for reference in plan.references:
            if reference.sha == plan.sha or reference.sha in found:
                continue
            manifest = self.store.manifest(ModelRef.exact(reference.model, reference.sha))
            files = tuple(file for file in manifest.files if file.path in EVIDENCE_FILES)
            folder = f"references/{reference.sha.short}"
            findings.append(self._fetched(folder, manifest, files, run))
            found[reference.sha] = FetchedReference(sha=reference.sha, folder=folder, files=files)
        return tuple(found.values())

    def _evidence(self, plan: Plan, findings: list[Finding], run: RunDir) -> tuple[FetchedEvidence, ...]:
        run.fresh_folder("evidence").rmdir()
        found = []
        for each in beside.needed(plan):
            finding, came = beside.fetched(each, self.project, run)
            findings.append(finding)
            found += [came] if came else []
        return tuple(found)

    def _fetched(self, folder: str, manifest: Manifest, files: tuple[ModelFile, ...], run: RunDir) -> Finding:
        into = run.fresh_folder(folder)
        size = sum(file.size for file in files)
        try:
            differing = self.store.fetch(files, into)
        except LostError as error:
            verdict, observed = Verdict.INCONCLUSIVE, str(error)
        else:
            verdict = Verdict.REFUSED if differing else Verdict.PASSED
            observed = _differing(differing, into) or f"{len(files)} files, {size:,} bytes, as published"
        return Finding(
            check="fetch-model.bytes",
            subject=f"{folder.partition('/')[0].removesuffix('s')} {manifest.name}@{manifest.sha.short}",
            verdict=verdict,
            observed=observed,
            rule="every byte is what the model's SHA stands for",
            next="" if verdict.lets_go_on else "publish the model again, or restore the store from a copy",
        )


def _differing(paths: tuple[Path, ...], folder: Path) -> str:
    names = [path.relative_to(folder).as_posix() for path in paths]
    return f"{', '.join(names)} differ from the manifest" if names else ""
