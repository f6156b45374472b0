from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from ci_steps.documents import ScanReport
from ci_steps.model.manifest import Predictor
from ci_steps.model.settings import ScanSettings
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.steps.scan_model import ScanModel

Scan = Callable[..., ScanReport]


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """Run the gate on a sound model with these files added."""

    def run(
        files: dict[str, bytes | None],
        allow: Sequence[str] = (),
        code: Sequence[str] = ("model/predictor.py",),
        predictor: Predictor | None = None,
    ) -> ScanReport:
        settings = ScanSettings(allow=tuple(allow), code=tuple(code), where="release.yaml:14")
        lock: dict[str, bytes | None] = {"requirements.lock": b"joblib==1.6.0 \\\n    --hash=sha256:00\n"}
        present = model_files(**(lock | files))
        manifest = manifest_of(present)
        if predictor is not None:
            manifest = msgspec.structs.replace(manifest, predictor=predictor)
        specimen = Specimen(present, plan={"scan": settings, "manifest": manifest})
        return ScanModel().run(specimen.laid_out(tmp_path / "run"))

    return run
