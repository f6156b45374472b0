"""Stores that fetch-model must refuse to have fetched from, and a sound one."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.documents import Plan, Report
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.silent import Silent
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.steps.fetch_model import FetchModel

Spoilt = Callable[[bytes], bytes]

_FILE, _EVIDENCE = "evaluations.jsonl", "golden.jsonl"
_LIVE = model_files(**{"model/predictor.py": b"# an older one\n", _EVIDENCE: b'{"id": "t0"}\n'})


def _report(folder: Path, *, spoilt: Spoilt = bytes, path: str = _FILE, longer: int = 0) -> Report:
    """Publish the specimen and its baseline, spoil one object in the store, and fetch."""
    specimen = Specimen(baseline=_LIVE)
    run = specimen.laid_out(folder / "run")
    store = KitStore(FolderBlobs(folder / "store"), "store", Silent())
    plan, live = run.read(Plan), manifest_of(_LIVE)
    store.publish(plan.manifest, run.root / "model")
    store.publish(live, run.root / "baseline")
    file = (plan.manifest if path == _FILE else live).file(path)
    stored = folder / "store" / "objects" / file.sha256
    stored.chmod(0o644)
    stored.write_bytes(spoilt(stored.read_bytes()))
    files = tuple(
        msgspec.structs.replace(each, size=each.size + longer) if each.path == path else each
        for each in plan.manifest.files
    )
    run.write(msgspec.structs.replace(plan, manifest=msgspec.structs.replace(plan.manifest, files=files)))
    return FetchModel(store).run(run)


def _case(wanted: Verdict, title: str, report: Callable[[Path], Report]) -> Case:
    return Case("fetch-model", "fetch-model.bytes", wanted, title, report)


def _flipped(content: bytes) -> bytes:
    """Return as many bytes, one bit of one of them changed."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


CASES: tuple[Case, ...] = (
    _case(Verdict.PASSED, "a store that gives what was published", _report),
    _case(Verdict.REFUSED, "a store that flipped one bit", lambda f: _report(f, spoilt=_flipped)),
    _case(Verdict.REFUSED, "a store that lost the last byte", lambda f: _report(f, spoilt=lambda b: b[:-1])),
    _case(Verdict.REFUSED, "a store that added a byte", lambda f: _report(f, spoilt=lambda b: b + b"\n")),
    _case(Verdict.REFUSED, "a store that lost every byte", lambda f: _report(f, spoilt=lambda _: b"")),
    _case(
        Verdict.REFUSED,
        "a store that flipped one bit of the baseline",
        lambda f: _report(f, spoilt=_flipped, path=_EVIDENCE),
    ),
    _case(
        Verdict.REFUSED,
        "a manifest that says another size than its SHA-256 stands for",
        lambda f: _report(f, longer=1),
    ),
)
