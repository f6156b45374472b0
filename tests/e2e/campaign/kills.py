"""Releases that are killed on their way, again and again, and what is left when one has come through."""

import json
import os
import random
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker

from ci_steps.documents import BuiltImage
from ci_steps.model.digest import Digest
from ci_steps.rundir import RunDir
from ci_steps.wiring import RELEASE
from tests.e2e.project import Completed, Project

_PATIENCE = 240
_SECONDS = {
    "plan": 0.03,
    "unit-tests": 0.5,
    "fetch-model": 0.03,
    "scan-model": 0.1,
    "check-metrics": 0.3,
    "check-interface": 0.15,
    "build-image": 1.0,
    "push-image": 0.4,
    "integration-test": 2.0,
    "load-test": 2.0,
    "rollout": 1.5,
}
"""How long each step takes at least, until it was seen once: a blow that comes later misses it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A project, and places of its own for everything that a killed run could leave something in."""

    project: Project
    cache: Path
    temporary: Path

    @property
    def environ(self) -> dict[str, str]:
        return self.project.environ(CI_STEPS_CACHE=str(self.cache), TMPDIR=str(self.temporary))

    @property
    def run(self) -> RunDir:
        return RunDir(self.project.run_dir)


@dataclass(slots=True)
class Moments:
    """When to kill: somewhere within a step, as long as it was last seen to take."""

    seed: int
    latest: float = 1
    """As a share of that time. A busy machine may have taken twice as long when it was last seen."""
    _seconds: dict[str, float] = field(default_factory=lambda: dict(_SECONDS))
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def within(self, step: str) -> float:
        return self._random.uniform(0, self.latest * self._seconds[step])

    def learn(self, events: Sequence[Mapping[str, Any]]) -> None:
        for event in events:
            if event["event"] == "ended" and not event["kept"] and not event["blocked_by"]:
                self._seconds[event["step"]] = event["seconds"]


@dataclass(frozen=True, slots=True)
class Try:
    """One start of `release`: where the blow fell, or how it ended where it was quicker."""

    events: Sequence[Mapping[str, Any]]
    killed_in: str | None
    ended: Completed

    @property
    def kept(self) -> list[str]:
        return [e["step"] for e in self.events if e["event"] == "ended" and e["kept"]]


def tried(ground: Ground, variant: str, kill_in: str | None, delay: float = 0) -> Try:
    """Start a release, and kill the kit's own process ``delay`` seconds after a step began."""
    arguments = ("release", "--model", f"tweets:{variant}", "--environment", "production", "--json")
    process = ground.project.started(*arguments, environ=ground.environ)
    lines: list[str] = []
    there, over = threading.Event(), threading.Event()

    def listen() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            event = json.loads(line)
            if event["event"] == "began" and event["step"] == kill_in:
                there.set()
        over.set()
        there.set()

    listener = threading.Thread(target=listen)
    listener.start()
    with process:
        try:
            in_time = there.wait(_PATIENCE)
            over.wait(delay if kill_in else _PATIENCE)
        finally:
            process.kill()  # it alone: what it started has to end by itself
            listener.join()
        assert process.stderr
        errors = process.stderr.read()
    assert in_time, f"no {kill_in} within {_PATIENCE} s\n{''.join(lines)}{errors}"
    events = [json.loads(line) for line in lines]
    ended = Completed(process.returncode, "".join(lines), errors)
    return Try(events, _step_at_the_end(events) if process.returncode == -9 else None, ended)


def _step_at_the_end(events: Sequence[Mapping[str, Any]]) -> str:
    """Return the step that was under way when the words stopped; one just over counts as still under way."""
    steps = [event["step"] for event in events if event["event"] == "began"]
    return steps[-1] if steps else "plan"


@dataclass(frozen=True, slots=True)
class Kill:
    """One blow, and what came of the run that it struck."""

    step: str
    resumed: bool
    same_digest: bool
    outcomes: int
    orphans: tuple[str, ...]

    @property
    def harmless(self) -> bool:
        return self.resumed and self.same_digest and self.outcomes == 1 and not self.orphans


def killed_release(
    ground: Ground, variant: str, moments: Moments, wanted: Digest, steps: Sequence[str] = RELEASE
) -> Iterator[Kill]:
    """Release ``variant``, killed once in each of ``steps``, then let it come through; tell of each kill."""
    known = len(ground.project.ledger())
    blows: list[tuple[str, bool]] = []
    whole_before: list[str] = []
    for step in (*steps, None):
        now = tried(ground, variant, step, moments.within(step) if step else 0)
        moments.learn(now.events)
        if blows:
            # What the killed run had finished is not done again, and nothing else goes wrong.
            resumed = now.ended.code in {-9, 0} and set(whole_before) <= {*now.kept, *_ALWAYS}
            blows[-1] = (blows[-1][0], resumed)
        if now.killed_in is None:
            break
        blows.append((now.killed_in, False))
        whole_before = _whole_documents(ground.run)
    if now.ended.code != 0:
        print(now.ended.said)  # noqa: T201  (pytest shows it where the campaign fails)
        yield from (Kill(step, resumed=False, same_digest=False, outcomes=0, orphans=()) for step, _ in blows)
        return
    entries = ground.project.ledger()[known:]
    outcomes = sum(entry["kind"] == "outcome" for entry in entries)
    same = ground.run.read(BuiltImage).image == wanted
    left = (*orphans(ground), *(f"ledger entry {entry['number']}" for entry in entries[2:]))
    for step, resumed in blows:
        yield Kill(step, resumed, same, outcomes, left)


_ALWAYS = ("plan", "rollout")
"""Steps that are done in every run: only the world can tell whether they still hold."""


def _whole_documents(run: RunDir) -> list[str]:
    """Read every document: none may be half-written at any moment."""
    return [run.read(kind).name for kind in run.present if kind.name in RELEASE]


def orphans(ground: Ground) -> Iterator[str]:
    """Name everything that a release which has come through should not have left behind."""
    project = ground.project
    yield from (f"container {name}" for name in project.test_containers())
    yield from _surplus(project)
    for folder in (project.run_dir, project.folder / "store", project.state, ground.cache):
        yield from (f"file {path}" for path in folder.rglob(".half-*"))
    yield from (f"folder {path}" for path in ground.cache.glob("layers/*/"))
    yield from (f"process {pid}" for pid in _processes(ground.temporary))
    yield from (f"blob {path.name} is not its digest" for path in _wrong_blobs(ground.cache))


def _surplus(project: Project) -> Iterator[str]:
    """Name containers beyond one proxy, the serving replica and a stopped one; networks beyond one."""
    with closing(docker.from_env()) as client:
        mine = {"label": f"ci_steps.service={project.service}"}
        copies = client.containers.list(
            all=True, filters={"label": [mine["label"], "ci_steps.colour"]}, ignore_removed=True
        )
        running = [str(copy.name) for copy in copies if copy.status == "running"]
        others = [str(copy.name) for copy in copies if copy.status != "running"]
        proxies = client.containers.list(
            all=True, filters={"label": [mine["label"], "ci_steps.role=proxy"]}, ignore_removed=True
        )
        networks = client.networks.list(names=[project.service])
    yield from (f"container {name}" for name in (*running[1:], *others[1:]))
    yield from (f"container {proxy.name}" for proxy in proxies[1:])
    yield from (f"network {net.name}" for net in networks if net.name != f"{project.service}-production")


def _processes(temporary: Path) -> Iterator[int]:
    """Find processes by the folder for temporary files, which the kit passes on to all that it starts."""
    mark = f"TMPDIR={temporary}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark in variables and state != "Z" and int(folder.name) != os.getpid():
            yield int(folder.name)


def _wrong_blobs(cache: Path) -> Iterator[Path]:
    for note in cache.glob("layers/*.json"):
        noted = json.loads(note.read_bytes())
        blob = cache / "blobs" / Digest.parse(noted["digest"]).hex
        if blob.stat().st_size != noted["size"] or Digest.of_file(blob).hex != blob.name:
            yield blob


def forget(cache: Path, largest: int) -> None:
    """Empty a cache of environments and of layers, but for those larger than ``largest`` bytes."""
    for note in cache.glob("layers/*.json"):
        if json.loads(note.read_bytes())["size"] <= largest:
            note.unlink()
    shutil.rmtree(cache / "environments", ignore_errors=True)
