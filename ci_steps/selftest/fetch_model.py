"""Stores that fetch-model must refuse to have fetched from, and a sound one."""

from collections.abc import Callable
from functools import partial
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

_FILE, _GOLDEN, _NAME = "evaluations.jsonl", "golden.jsonl", "specimen@9f2c41d"
_LIVE = model_files(**{"model/predictor.py": b"# an older one\n", _GOLDEN: b'{"id": "t0"}\n'})
_OLDER = model_files(**{"model/predictor.py": b"# the oldest\n", _FILE: b'{"id": "t1"}\n'})
_BARE = model_files(**{_FILE: None})
_ROWS = model_files()[_FILE]


def _report(
    folder: Path, *, spoilt: Spoilt = bytes, of: str = "model", longer: int = 0, lost: bool = False
) -> Report:
    """Publish the specimen and those it is compared with, spoil one object in the store, and fetch."""
    specimen = Specimen(baseline=_LIVE, references={_NAME: _OLDER})
    run = specimen.laid_out(folder / "run")
    store = KitStore(FolderBlobs(folder / "store"), "store", Silent())
    plan, live, older = run.read(Plan), manifest_of(_LIVE), manifest_of(_OLDER)
    store.publish(plan.manifest, run.root / "model")
    store.publish(live, run.root / "baseline")
    store.publish(older, run.root / "references" / older.sha.short)
    manifest, path = {
        "model": (plan.manifest, _FILE),
        "baseline": (live, _GOLDEN),
        "reference": (older, _FILE),
    }[of]
    file = manifest.file(path)
    stored = folder / "store" / "objects" / file.sha256
    stored.chmod(0o644)
    stored.write_bytes(spoilt(stored.read_bytes()))
    if lost:
        stored.unlink()
    files = tuple(
        msgspec.structs.replace(each, size=each.size + longer) if each.path == path else each
        for each in plan.manifest.files
    )
    run.write(msgspec.structs.replace(plan, manifest=msgspec.structs.replace(plan.manifest, files=files)))
    return FetchModel(store, folder).run(run)


def _evidence(folder: Path, *, content: bytes | None = _ROWS) -> Report:
    """Publish a model without evaluations, and fetch it with what lies beside release.yaml by now."""
    specimen = Specimen(files=_BARE, evidence={manifest_of(_BARE).sha: _ROWS})
    run = specimen.laid_out(folder / "run")
    store = KitStore(FolderBlobs(folder / "store"), "store", Silent())
    plan = run.read(Plan)
    store.publish(plan.manifest, run.root / "model")
    path = folder / plan.evidence[0].path
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    return FetchModel(store, folder).run(run)


def _case(wanted: Verdict, title: str, report: Callable[[Path], Report]) -> Case:
    return Case("fetch-model", "fetch-model.bytes", wanted, title, report)


def _of_evidence(wanted: Verdict, title: str, report: Callable[[Path], Report]) -> Case:
    return Case("fetch-model", "fetch-model.evidence", wanted, title, report)


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
        lambda f: _report(f, spoilt=_flipped, of="baseline"),
    ),
    _case(
        Verdict.REFUSED,
        "a manifest that says another size than its SHA-256 stands for",
        lambda f: _report(f, longer=1),
    ),
    _case(
        Verdict.REFUSED,
        "a store that flipped one bit of a model that a rule names",
        lambda f: _report(f, spoilt=_flipped, of="reference"),
    ),
    *(
        _case(
            Verdict.INCONCLUSIVE, f"a store that lost a file of the {of}", partial(_report, of=of, lost=True)
        )
        for of in ("model", "baseline", "reference")
    ),
    _case(Verdict.PASSED, "a model whose evaluations lie elsewhere", _evidence),
    Case("fetch-model", "fetch-model", Verdict.PASSED, "a sound store, and what lies beside it", _evidence),
    _of_evidence(Verdict.PASSED, "the file that was planned", _evidence),
    _of_evidence(Verdict.REFUSED, "one bit flipped since", lambda f: _evidence(f, content=_flipped(_ROWS))),
    _of_evidence(Verdict.REFUSED, "a line more since", lambda f: _evidence(f, content=_ROWS + b"{}\n")),
    _of_evidence(Verdict.REFUSED, "cut off since", lambda f: _evidence(f, content=_ROWS[:-1])),
    _of_evidence(Verdict.INCONCLUSIVE, "gone since", lambda f: _evidence(f, content=None)),
)
