from typing import TYPE_CHECKING, ClassVar

from ci_steps.documents import Document, FetchedModel, Plan, ScannedFile, ScanReport
from ci_steps.model.manifest import Manifest, PyfuncPredictor, SklearnPredictor
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.pipeline import Step
from ci_steps.rundir import RunDir

if TYPE_CHECKING:
    from ci_steps.steps.scan_model.reading import Reading


class ScanModel(Step):
    """Tell what each file of the model is, by its content, and refuse code that nobody allowed.

    Every global that a pickle would import is listed by a walk that imports nothing, and must be in
    `scan.allow` by its exact name; a source file must be in `scan.code`. What nobody could read is
    inconclusive. picklescan and fickling are asked as well; what they say is noted and decides nothing.
    """

    name: ClassVar[str] = "scan-model"
    needs: ClassVar[tuple[type[Document], ...]] = (Plan, FetchedModel)
    opens: ClassVar[tuple[type[Document], ...]] = (FetchedModel,)
    makes: ClassVar[type[Document]] = ScanReport
    reads: ClassVar[tuple[str, ...]] = ("manifest", "scan")

    def run(self, run: RunDir) -> ScanReport:
        # Every step looks at the declarations of those before it, and few read what this one does.
        from ci_steps.steps.scan_model.allowing import parted, to_paste
        from ci_steps.steps.scan_model.claims import settled
        from ci_steps.steps.scan_model.content import opened
        from ci_steps.steps.scan_model.findings import findings_of
        from ci_steps.steps.scan_model.lock import joblib_pin
        from ci_steps.steps.scan_model.reading import read

        plan, fetched = run.read(Plan), run.read(FetchedModel)
        readings: dict[str, Reading] = {}
        sizes = {file.path: file.size for file in fetched.files}
        for file in fetched.files:
            with opened(run.verified(fetched.folder, file)) as content:
                readings[file.path] = read(file.path, content, sizes)
        readings = settled(readings, sizes)
        # The server loads this one with joblib, so how pickle.load would read it does not matter.
        predictor = plan.manifest.predictor
        ours = predictor.file if isinstance(predictor, SklearnPredictor) else None
        findings: list[Finding] = []
        for group in parted(readings):
            findings += to_paste(group, plan.scan)
            for path, reading in group.items():
                findings += findings_of(path, reading, plan.scan, by_joblib=path == ours)
        findings += _harmless(readings)
        findings += _predictor(plan.manifest, readings)
        pickled = [path for path, reading in readings.items() if reading.shown.pickled]
        if pickled:
            environment = plan.manifest.environment
            lock = run.verified(fetched.folder, plan.manifest.file(environment.lock))
            text = lock.read_text(encoding="utf-8", errors="replace")
            findings.append(joblib_pin(text, environment.lock, ", ".join(pickled)))
        return ScanReport(
            findings=tuple(findings),
            not_checked=_not_checked(readings, pickled),
            files=tuple(
                ScannedFile(
                    path=path,
                    format=reading.shown.format,
                    globals=tuple(sorted(reading.shown.globals)),
                    advice=reading.advice,
                )
                for path, reading in readings.items()
            ),
        )


def _harmless(readings: "dict[str, Reading]") -> list[Finding]:
    kinds = {
        path: reading.shown.format
        for path, reading in readings.items()
        if not (
            reading.shown.problems or reading.shown.runs or reading.shown.globals or reading.shown.pickled
        )
    }
    if not kinds:
        return []
    formats = ", ".join(sorted(set(kinds.values())))
    return [
        Finding(
            check="scan-model.files",
            subject=", ".join(kinds),
            verdict=Verdict.PASSED,
            observed=f"{len(kinds)} of {len(readings)} files hold no code: {formats}",
            rule="a format that cannot run code passes",
        )
    ]


def _predictor(manifest: Manifest, readings: "dict[str, Reading]") -> list[Finding]:
    predictor = manifest.predictor
    if isinstance(predictor, SklearnPredictor):
        wanted: tuple[str, ...] = (predictor.file,)
        found = [path for path in wanted if path in readings and readings[path].shown.format in _estimators()]
        kind = readings[predictor.file].shown.format if predictor.file in readings else "not there"
        observed = f"{predictor.file} is {kind}"
        rule = "the predictor's file is a scanned joblib, pickle or skops file under model/"
    elif isinstance(predictor, PyfuncPredictor):
        wanted = (f"{predictor.folder}/MLmodel",)
        found = [path for path in wanted if path in readings and readings[path].shown.format == "mlmodel"]
        observed = f"{wanted[0]} is {'' if found else 'not '}there and read"
        rule = "the predictor's folder holds a scanned MLmodel, under model/"
    else:
        module = "model/" + predictor.entry.partition(":")[0].replace(".", "/")
        wanted = (f"{module}.py", f"{module}/__init__.py")
        found = [path for path in wanted if path in readings]
        observed = f"{found[0]} is source" if found else f"neither {wanted[0]} nor {wanted[1]} is there"
        rule = "the predictor's module is a scanned file under model/"
    sound = bool(found) and found[0].startswith("model/")
    return [
        Finding(
            check="scan-model.predictor",
            subject="predictor",
            verdict=Verdict.PASSED if sound else Verdict.REFUSED,
            observed=observed,
            rule=rule,
            where="manifest.json",
            next="" if sound else "correct the predictor in model.yaml and publish the model again",
        )
    ]


def _estimators() -> frozenset[str]:
    wrappers = ("", "+zlib", "+gzip", "+bz2", "+xz", "+lzma")
    return frozenset(
        {"skops", *(f"{kind}{wrapper}" for kind in ("joblib", "pickle") for wrapper in wrappers)}
    )


def _not_checked(readings: "dict[str, Reading]", pickled: list[str]) -> tuple[str, ...]:
    notes = []
    sources = [path for path, reading in readings.items() if reading.source]
    if sources:
        notes.append(f"what the source does when it runs: {', '.join(sources)}")
    if pickled:
        notes.append(f"what allowed classes do with crafted arrays: {', '.join(pickled)}")
    notes += [f"{note}, in {path}" for path, reading in readings.items() for note in reading.shown.notes]
    return tuple(notes)
