import errno
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ci_steps.documents import Document, FetchedModel, Plan
from ci_steps.errors import InputError
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.refs import ModelRef
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.pipeline import Step
from ci_steps.ports import ModelStore
from ci_steps.rundir import RunDir

BASELINE_EVIDENCE = ("evaluations.jsonl", "golden.jsonl", "interface.json", "metrics.json")


@dataclass(frozen=True, slots=True)
class FetchModel(Step):
    """Copy the planned model and the baseline's evidence out of their store, verified on the way.

    Later steps trust the digests noted here, never the store: what was checked is what gets built, even
    if someone overwrites the version.
    """

    name: ClassVar[str] = "fetch-model"
    needs: ClassVar[tuple[type[Document], ...]] = (Plan,)
    makes: ClassVar[type[Document]] = FetchedModel
    reads: ClassVar[tuple[str, ...]] = ("manifest", "baseline", "sha")

    store: ModelStore

    def run(self, run: RunDir) -> FetchedModel:
        plan = run.read(Plan)
        findings = [self._fetched("model", plan.manifest, plan.manifest.files, run)]
        kept: tuple[ModelFile, ...] = ()
        if plan.baseline:
            manifest = self.store.manifest(ModelRef.exact(plan.baseline.model, plan.baseline.sha))
            kept = tuple(file for file in manifest.files if file.path in BASELINE_EVIDENCE)
            findings.append(self._fetched("baseline", manifest, kept, run))
        else:
            run.fresh_folder("baseline").rmdir()
        return FetchedModel(
            findings=tuple(findings),
            files=plan.manifest.files,
            baseline_folder="baseline" if plan.baseline else None,
            baseline_files=kept,
        )

    def lost(self, run: RunDir) -> bool:
        return any(_missing(run, folder, files) for folder, files in _content(run))

    def bring_back(self, run: RunDir) -> None:
        """Fetch the files that are not here; they get their names when all of a folder are whole."""
        for folder, files in _content(run):
            if missing := _missing(run, folder, files):
                fetched = run.fresh_folder("fetched-again")
                if differing := self.store.fetch(missing, fetched):
                    raise InputError(
                        f"{_differing(differing, fetched)}: the store no longer holds what was fetched",
                        hint="restore the store from a copy, or publish the model again",
                    )
                _put_back(missing, fetched, run.root / folder)
                shutil.rmtree(fetched)

    def _fetched(self, folder: str, manifest: Manifest, files: tuple[ModelFile, ...], run: RunDir) -> Finding:
        into = run.fresh_folder(folder)
        differing = self.store.fetch(files, into)
        size = sum(file.size for file in files)
        return Finding(
            check="fetch-model.bytes",
            subject=f"{folder} {manifest.name}@{manifest.sha.short}",
            verdict=Verdict.REFUSED if differing else Verdict.PASSED,
            observed=_differing(differing, into) or f"{len(files)} files, {size:,} bytes, as published",
            rule="every byte is what the model's SHA stands for",
            next="publish the model again, or restore the store from a copy" if differing else "",
        )


def _content(run: RunDir) -> tuple[tuple[str, tuple[ModelFile, ...]], ...]:
    fetched = run.read(FetchedModel)
    model = (fetched.folder, fetched.files)
    return (model, (fetched.baseline_folder, fetched.baseline_files)) if fetched.baseline_folder else (model,)


def _missing(run: RunDir, folder: str, files: tuple[ModelFile, ...]) -> tuple[ModelFile, ...]:
    """Return the files that are not here; one that is here with other bytes is not missing, but wrong."""
    return tuple(file for file in files if not (run.root / folder / file.path).is_file())


def _put_back(files: tuple[ModelFile, ...], fetched: Path, folder: Path) -> None:
    try:
        if folder.is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, "it is a link", str(folder))
        for file in files:
            (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
            (fetched / file.path).replace(folder / file.path)
    except OSError as error:
        raise InputError(
            f"the files of {folder} cannot be put back: {error.filename}: {error.strerror}",
            hint="run `python -m ci_steps fetch-model` again",
        ) from error


def _differing(paths: tuple[Path, ...], folder: Path) -> str:
    names = [path.relative_to(folder).as_posix() for path in paths]
    return f"{', '.join(names)} differ from the manifest" if names else ""
