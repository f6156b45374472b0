"""The whole gate on files more, and what `scan-model --propose` says of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from ci_steps.documents import ScanReport
from ci_steps.model.manifest import SklearnPredictor
from ci_steps.model.settings import ScanSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.specimen import Specimen, manifest_of
from ci_steps.steps.scan_model import ScanModel
from ci_steps.steps.scan_model.proposing import Proposal, of_folder
from tests.scans.evil import every
from tests.scans.evil.specimen import Evil
from tests.scans.samples import SAMPLES

PREDICTOR = "model/predictor.py"
_SOUND: Mapping[str, bytes] = {
    PREDICTOR: b"class Tweets:\n    pass\n",
    "interface.json": b"{}",
    "requirements.lock": b"joblib==1.6.0 \\\n    --hash=sha256:00\n",
}


def judged(files: Mapping[str, bytes], settings: ScanSettings, predictor: str = "") -> ScanReport:
    """Run the step on a small sound model with these files among its own."""
    present = {**_SOUND, **files}
    manifest = manifest_of(present)
    if predictor:
        ours = SklearnPredictor(file=predictor, features=("text",))
        manifest = msgspec.structs.replace(manifest, predictor=ours)
    with TemporaryDirectory() as folder:
        specimen = Specimen(present, plan={"scan": settings, "manifest": manifest})
        return ScanModel().run(specimen.laid_out(Path(folder) / "run"))


def proposed(files: Mapping[str, bytes]) -> Proposal:
    """Return what `scan-model --propose` writes for these files."""
    with TemporaryDirectory() as folder:
        for path, content in files.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return of_folder(Path(folder))


def settings(allow: Sequence[str] = (), code: Sequence[str] = ()) -> ScanSettings:
    return ScanSettings(allow=tuple(allow), code=(PREDICTOR, *code), where="release.yaml:14")


@cache
def everything_allowed() -> ScanSettings:
    """Return the settings of somebody who allows whatever any of the honest models needs."""
    names = {name for sample in SAMPLES for name in proposed(sample.files).allow}
    return settings(sorted(names))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate made of one malicious file."""

    evil: Evil
    verdict: Verdict
    checks: tuple[str, ...]
    trusted: bool
    """Whether what `--propose` writes for it, unread, would let it pass."""


@cache
def judgements() -> Mapping[str, Sequence[Judgement]]:
    """Return what the gate makes of each malicious file, a family in one model."""
    return {family: tuple(_judgements(files)) for family, files in every().items()}


def _judgements(files: Sequence[Evil]) -> Iterable[Judgement]:
    present: dict[str, bytes] = {}
    for number, evil in enumerate(files):
        present |= {f"{number}/{path}": each for path, each in evil.beside.items()}
        present[f"{number}/{evil.path}"] = evil.content
    report, proposal = judged(present, everything_allowed()), proposed(present)
    for number, evil in enumerate(files):
        path = f"{number}/{evil.path}"
        found = [finding for finding in report.findings if _is_about(finding, path)]
        blocking = [finding for finding in found if finding.verdict >= Verdict.INCONCLUSIVE]
        yield Judgement(
            evil,
            max((finding.verdict for finding in found), default=Verdict.INCONCLUSIVE),
            tuple(sorted({finding.check for finding in blocking})),
            path not in proposal.code and not any(_is_about(each, path) for each in proposal.blocking),
        )


def _is_about(finding: Finding, path: str) -> bool:
    subjects = finding.subject.split(", ") if finding.check == "scan-model.files" else [finding.subject]
    return path in subjects or finding.subject.endswith(f" in {path}")
