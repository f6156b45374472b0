"""Fetches through a proxy that spoils them, and whether each came to a good end."""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from ci_steps.adapters.transfer import ContentCache
from tests.faults.content import files
from tests.faults.faults import HARMLESS, Fault, On
from tests.faults.fetching import PATIENT, Fetch, fetch
from tests.faults.places import Place
from tests.faults.proxy import FaultyProxy

PATIENCE = 90.0
"""Seconds after which a fetch hangs; where it is told to wait a day it waits some."""
_ACCUSING = {"ChangedError", "MovedError", "refused"}
"""Ends that say that somebody changed the model."""
_RELEASE_YAML = """\
service: tweets
model: tweets:none
store: ./store
registry: 127.0.0.1:1/tweets
image: {base: "127.0.0.1:1/python:3.11"}
metrics: [{metric: accuracy, direction: higher, floor: 0.1}]
load: {rate: 1, seconds: 1, p95_ms: 900, errors: 0, achieved: 0.5}
environments: {production: {target: docker, address: "127.0.0.1:1"}}
"""
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.faults.preloaded"])


class End(StrEnum):
    EXACT = "exact"
    ERROR = "clear error"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Ended:
    """How one fetch ended, and what speaks against it."""

    place: str
    fault: Fault | None
    blow: str
    end: End
    struck: bool
    seconds: float
    said: str = ""
    wrongs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """One place behind its proxy, and what a fetch from there is when nothing goes wrong."""

    place: Place
    proxy: FaultyProxy
    folder: Path
    sha: str = ""
    counts: Mapping[On, int] = field(default_factory=dict)
    believes: bool = False
    """Whether the engine is one that believes whatever it gets."""

    def measured(self) -> "Range":
        """Fetch once undisturbed: the SHA, and how many requests there are to strike."""
        course = self.proxy.expect(None)
        job = self.job("undisturbed", pinned=False)
        told = run(replace(job, seconds=PATIENT))
        assert "sha" in (told or {}), f"{self.place.name}: {told} {(job.folder / 'output').read_text()}"
        assert told
        found = replace(self, sha=told["sha"], counts=dict(course.counts))
        assert not (wrongs := tuple(found.wrongs(job, told))), (self.place.name, wrongs)
        shutil.rmtree(job.folder)
        return found

    def job(self, name: str, *, pinned: bool) -> Fetch:
        folder = self.folder / name
        (folder / "project").mkdir(parents=True)
        (folder / "temporary").mkdir()
        (folder / "project" / "release.yaml").write_text(release_yaml(), encoding="utf-8")
        own = {"TMPDIR": str(folder / "temporary"), "HOME": str(folder)}
        variables = self.place.environ(self.proxy.url, **own)
        address = self.place.address + (f"#sha256={self.sha}" if pinned else "")
        return Fetch(address, folder, variables, self.place.plain(self.proxy.url), self.believes)

    def fetched(self, name: str, fault: Fault | None, *, pinned: bool, blow: "Blow | None" = None) -> Ended:
        """Fetch under a fault, and where that did not bring the model fetch it again without."""
        job = self.job(name, pinned=pinned)
        course = self.proxy.expect(fault)
        began = time.monotonic()
        told = run(job, blow)
        seconds = time.monotonic() - began
        wrongs = [*self.wrongs(job, told, fault, blow), *(f"leaked {what}" for what in self.proxy.leaked)]
        if told is None or "sha" not in told:
            self.proxy.expect(None)
            again = run(replace(job, seconds=PATIENT))
            wrongs += [f"again: {wrong}" for wrong in self.wrongs(job, again)]
            wrongs += [] if again and "sha" in again else [f"again: not fetched: {again}"]
            wrongs += [f"again: left {path}" for path in _halves(job)]
        came = told is None or "error" not in told
        end = End.WRONG if wrongs else End.EXACT if came else End.ERROR
        ended = Ended(
            place=self.place.name,
            fault=fault,
            blow=str(blow.signal.name) if blow else "",
            end=end,
            struck=bool(course.hits) or blow is not None,
            seconds=seconds,
            said=str((told or {}).get("error", "")),
            wrongs=tuple(wrongs),
        )
        if not wrongs:
            shutil.rmtree(job.folder)
        return ended

    def wrongs(
        self,
        job: Fetch,
        told: Mapping[str, Any] | None,
        fault: Fault | None = None,
        blow: "Blow | None" = None,
    ) -> Iterator[str]:
        """Give everything that must not be, whichever way it ended."""
        output = (job.folder / "output").read_text(encoding="utf-8", errors="replace")
        if told is None:
            if blow is None:
                yield f"it hung for {PATIENCE:g} s, or died: {output[-300:]}"
        elif "crash" in told:
            yield f"crashed: {told['crash'][-600:]}"
        elif "error" in told:
            if not self._clear(told["error"]):
                yield f"not a clear error: {told['error']!r}"
            if fault and fault.kind in HARMLESS and told["is"] in _ACCUSING:
                yield f"nobody changed anything: {told['error']}"
        elif "sha" in told:
            if told["sha"] != self.sha:
                yield f"another SHA: {told['sha'][:12]}"
            yield from _differing(job.folder / "run" / "model")
        if "Traceback" in output:
            yield f"a traceback: {output[-600:]}"
        yield from (f"thread left: {name}" for name in (told or {}).get("threads", ()))
        yield from _misnamed(job, self.sha)

    def _clear(self, error: str) -> bool:
        """Whether an error is one line that names what failed."""
        address = self.place.address.partition(":")[2]
        top = address.strip("/").partition("/")[0]
        names = (address, top, self.place.within or address, self.proxy.url.removeprefix("http://"))
        known = any(name in error for name in (*names, *(Path(path).stem for path in files())))
        return bool(error) and "\n" not in error and (known or any(map(_almost_a_path, error.split())))


def release_yaml() -> str:
    """Return settings that are enough to plan and to fetch by."""
    return _RELEASE_YAML


@dataclass(frozen=True, slots=True)
class Blow:
    """A signal that a fetch gets some time after it began."""

    signal: signal.Signals
    after: float


def run(job: Fetch, blow: Blow | None = None) -> dict[str, Any] | None:
    """Run one process to its end; none where it left no word."""
    for name in ("ended.json", "began", "output"):
        (job.folder / name).unlink(missing_ok=True)
    (job.folder / "output").touch()
    process = _processes.Process(target=fetch, args=(job,))
    process.start()
    try:
        if blow:
            began = job.folder / "began"
            while not began.exists() and process.is_alive():
                process.join(0.002)
            process.join(blow.after)
            if process.pid and process.is_alive():
                os.kill(process.pid, blow.signal)
        process.join(PATIENCE)
    finally:
        process.kill()
        process.join()
        process.close()
    ended = job.folder / "ended.json"
    return dict(json.loads(ended.read_bytes())) if ended.exists() else None


def _almost_a_path(word: str) -> bool:
    """Whether it is a file's path but for one character: what a listing said that lost a bit."""
    return any(len(path) == len(word) and sum(map(str.__ne__, path, word)) == 1 for path in files())


def _differing(folder: Path) -> Iterator[str]:
    there = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    for path, content in files().items():
        if there.get(path) != content:
            yield f"{path} is not what was published"


def _misnamed(job: Fetch, sha: str) -> Iterator[str]:
    """Give every file whose name says of its bytes what is not so."""
    places = [*(cache / "models" for cache in job.caches), job.project / "store"]
    for path in (path for place in places for path in (place / "objects").rglob("*") if path.is_file()):
        if not path.name.startswith(".") and hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            yield f"{path.relative_to(job.folder)} is not what its name says"
    for path in (job.project / "store" / "models").rglob("*.json"):
        if path.stem != sha:
            yield f"the store has got another model: {path.stem[:12]}"
    fetched = job.folder / "run" / "fetch-model.json"
    for path in (job.folder / "run" / "model").rglob("*"):
        known = files().get(path.relative_to(job.folder / "run" / "model").as_posix())
        if path.is_file() and fetched.exists() and path.read_bytes() != known:
            yield f"{path.name} in the run directory is not what was published"


def _halves(job: Fetch) -> Iterator[str]:
    """Give what is left by half for ever: what a cache holds of it stays for some days, for another try."""
    for cache in job.caches:
        found = [path for name in ("half", "scratch") for path in (cache / "models" / name).glob("*")]
        for path in found:
            os.utime(path, (0, 0))
        ContentCache(cache / "models").tidy()
        yield from (str(path.relative_to(job.folder)) for path in found if path.exists())
    for top in (job.project / "store", job.folder / "run"):
        yield from (str(path.relative_to(job.folder)) for path in top.rglob(".half-*"))
