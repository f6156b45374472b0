"""Running `scan-model` on a small sound model with files added."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from ci_steps.documents import ScanReport
from ci_steps.model.manifest import Predictor, SklearnPredictor
from ci_steps.model.settings import ScanSettings
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.specimen import PREDICTOR, Specimen, manifest_of
from ci_steps.steps.scan_model import ScanModel

SOURCE = ("model/predictor.py",)
_SOUND = {"model/predictor.py": PREDICTOR.encode(), "requirements.lock": b"joblib==1.6.0\n"}
"""As few files as a model can have: each is written for sure, which takes milliseconds."""


def scanned(
    files: dict[str, bytes | None], allow: tuple[str, ...] = (), code: tuple[str, ...] = SOURCE
) -> Callable[[Path], ScanReport]:
    """Scan a model whose predictor is Python's."""
    settings = ScanSettings(allow=allow, code=code, where="release.yaml:14")

    def run(folder: Path) -> ScanReport:
        return ScanModel().run(Specimen(_model(files), plan={"scan": settings}).laid_out(folder))

    return run


def predicting(
    told: str | Predictor, files: dict[str, bytes | None], allow: tuple[str, ...] = ()
) -> Callable[[Path], ScanReport]:
    """Scan a model with this predictor; a path is that of a scikit-learn file."""
    settings = ScanSettings(allow=allow, code=SOURCE, where="release.yaml:14")

    def run(folder: Path) -> ScanReport:
        present = _model(files)
        predictor = SklearnPredictor(file=told, features=("text",)) if isinstance(told, str) else told
        plan = {
            "scan": settings,
            "manifest": msgspec.structs.replace(manifest_of(present), predictor=predictor),
        }
        return ScanModel().run(Specimen(present, plan=plan).laid_out(folder))

    return run


def _model(files: dict[str, bytes | None]) -> dict[str, bytes]:
    return {path: content for path, content in (_SOUND | files).items() if content is not None}


def case(
    check: str, wanted: Verdict, title: str, report: Callable[[Path], ScanReport], *, rule: str = ""
) -> Case:
    """Return a case of one of the gate's checks, or of all of them where ``check`` is empty."""
    return Case("scan-model", f"scan-model.{check}" if check else "scan-model", wanted, title, report, rule)
