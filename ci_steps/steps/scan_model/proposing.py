"""The `scan` section for a model that somebody trusts: all that it needs, and nothing that reaches beyond."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ci_steps.documents import FetchedModel
from ci_steps.errors import InputError
from ci_steps.model.settings import ScanSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.rundir import RunDir
from ci_steps.steps.scan_model.allowing import parted
from ci_steps.steps.scan_model.claims import settled
from ci_steps.steps.scan_model.code import at_start
from ci_steps.steps.scan_model.content import opened
from ci_steps.steps.scan_model.findings import findings_of
from ci_steps.steps.scan_model.reading import Reading, read

_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to write into release.yaml, and what no entry there lets pass."""

    allow: tuple[str, ...]
    code: tuple[str, ...]
    blocking: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of what would still be found with the proposal pasted."""
        return max((finding.verdict for finding in self.blocking), default=Verdict.PASSED)

    def section(self) -> Iterator[str]:
        """Give the lines of the `scan` section, names grouped by package."""
        if not self.allow and not self.code:
            yield "scan: {allow: []}"
            return
        yield "scan:"
        yield "  allow:" if self.allow else "  allow: []"
        for package, names in groupby(self.allow, key=_package):
            yield f"    # {package}"
            yield from (f"    - {_quoted(name)}" for name in names)
        if self.code:
            yield "  code:"
            yield from (f"    - {_quoted(path)}" for path in self.code)


def of_run(run: RunDir) -> Proposal:
    """Return the proposal for the model that a run has fetched."""
    fetched = run.read(FetchedModel)
    return _proposed({file.path: run.verified(fetched.folder, file) for file in fetched.files})


def of_folder(folder: Path) -> Proposal:
    """Return the proposal for a model's folder, or for one file."""
    if not folder.exists():
        raise InputError(f"{folder} is not there", hint="name the folder of the model")
    files = sorted(folder.rglob("*")) if folder.is_dir() else [folder]
    links = [path for path in files if path.is_symlink()]
    if links:
        raise InputError(f"{links[0]} is a link", hint="a model's folder holds files alone")
    top = folder if folder.is_dir() else folder.parent
    found = {path.relative_to(top).as_posix(): path for path in files if path.is_file()}
    if not found:
        raise InputError(f"{folder} holds no file", hint="name the folder of the model")
    return _proposed(found)


def _proposed(files: Mapping[str, Path]) -> Proposal:
    sizes = {name: path.stat().st_size for name, path in files.items()}
    readings: dict[str, Reading] = {}
    for name, path in files.items():
        with opened(path) as content:
            readings[name] = read(name, content, sizes)
    readings = settled(readings, sizes)
    _, trusted = parted(readings)
    names = {name for reading in trusted.values() for name in reading.shown.globals}
    allow = tuple(sorted(names, key=lambda name: (_package(name), name)))
    code = tuple(sorted(name for name, reading in trusted.items() if _may_run(name, reading)))
    return Proposal(allow, code, tuple(_blocking(readings, ScanSettings(allow=allow, code=code))))


def _may_run(name: str, reading: Reading) -> bool:
    """Whether its path in scan.code would let it pass, and a model can need it."""
    return bool(reading.source) and not reading.shown.problems and not at_start(name)


def _blocking(readings: Mapping[str, Reading], settings: ScanSettings) -> Iterable[Finding]:
    for path, reading in readings.items():
        # Whether pickle.load reads it instead of joblib.load is asked when the predictor is known.
        for finding in findings_of(path, reading, settings, by_joblib=True):
            if finding.verdict in {Verdict.REFUSED, Verdict.INCONCLUSIVE}:
                yield finding


def _package(name: str) -> str:
    return name.partition(":")[0].partition(".")[0]


def _quoted(text: str) -> str:
    return text if _NEEDS_NO_QUOTES.fullmatch(text) else json.dumps(text)
