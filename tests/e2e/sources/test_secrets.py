"""What opens a source is used, and is then nowhere: in no words, document, store or list of processes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.project import Completed
from tests.e2e.sources.planted import Listed, Planted, process_list
from tests.faults.campaign import Range, release_yaml, run
from tests.faults.faults import ALWAYS, Fault, Kind, On
from tests.faults.places import GUARDED, Place
from tests.faults.proxy import FaultyProxy
from tests.free_ports import free_port

FAILS = (2, 3)
_TELLING = (Kind.REDIRECT, Kind.GARBAGE, Kind.RESET_BEFORE, Kind.ECHO)
"""Faults whose message could repeat what was sent; of the last a test sees the whole command fail."""


@dataclass(frozen=True, slots=True)
class Door:
    """A place that opens with secrets only, and a project that releases from there."""

    place: Place
    proxy: FaultyProxy
    folder: Path
    planted: Planted
    listed: Listed
    variables: Mapping[str, str]

    def kit(self, *arguments: str, to: str = "", **changes: str) -> Completed:
        """Run a command, and look at all that it said."""
        own = {**self.variables, "CI_STEPS_CACHE": str(self.folder / "cache"), "HOME": str(self.folder)}
        done = subprocess.run(
            [sys.executable, "-m", "ci_steps", *arguments],
            cwd=self.folder / "project",
            env=self.place.environ(to or self.proxy.url, **own, **changes),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        ended = Completed(done.returncode, done.stdout, done.stderr)
        self.planted.look(f"what `{' '.join(arguments)}` said", ended.said.encode())
        assert "Traceback" not in ended.said, ended.said
        return ended

    def nowhere(self) -> None:
        """Hold everything that was written and shown to the promise."""
        self.planted.look("the process list", self.listed.content)
        self.planted.look_below(self.folder / "project", self.folder / "cache")
        assert self.planted.seen == []
        assert self.planted.looked_at > 100_000


@pytest.fixture(scope="module", params=GUARDED, ids=lambda place: place.__name__)
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    for name in ("project", "place"):
        (folder / name).mkdir()
    (folder / "project" / "release.yaml").write_text(release_yaml(), encoding="utf-8")
    with ExitStack() as stack:
        place = stack.enter_context(request.param(folder / "place"))
        proxy = stack.enter_context(FaultyProxy(place.server, place.bytes_, place.port))
        listed, variables = stack.enter_context(process_list(folder / "hook"))
        proxy.expect(None)
        planted: dict[str, str] = {}
        for key in place.keys:
            right, wrong = key.secrets or (key.value,), key.wrong_secrets or (key.wrong,)
            planted |= {f"{key.variable} {number}": secret for number, secret in enumerate(right)}
            planted |= {f"a wrong {key.variable} {number}": secret for number, secret in enumerate(wrong)}
        yield Door(place, proxy, folder, Planted(planted), listed, variables)


def test_a_secret_that_a_place_demands_opens_it_and_is_seen_nowhere(door: Door) -> None:
    assert door.place.keys
    assert all(len(secret) > 7 for secret in door.planted.secrets.values()), "too short to be looked for"
    for key in door.place.keys:
        refused = door.kit("plan", "--model", door.place.address, **{key.variable: key.wrong})
        assert refused.code in FAILS, f"{key.variable} is not needed: {refused.said}"

    for command in (
        f"plan --model {door.place.address}",
        "fetch-model --json",
        f"models import {door.place.address} --json",
    ):
        done = door.kit(*command.split())
        assert done.code == 0, done.said
        door.planted.look_below(door.folder / "cache")
        shutil.rmtree(door.folder / "cache")

    assert door.listed.content
    door.nowhere()


def test_a_refusal_that_repeats_the_secret_is_told_without(door: Door) -> None:
    for on in On:
        # Nothing that is here already, so that all is asked for.
        shutil.rmtree(door.folder / "project" / "store", ignore_errors=True)
        shutil.rmtree(door.folder / "cache", ignore_errors=True)
        course = door.proxy.expect(Fault(Kind.ECHO, on, times=ALWAYS))

        failed = door.kit("plan", "--model", door.place.address)

        assert course.hits
        assert failed.code in FAILS, failed.said
        door.nowhere()
    door.proxy.expect(None)


def test_a_place_that_is_not_there_shows_no_secret(door: Door) -> None:
    failed = door.kit("plan", "--model", door.place.address, to=f"http://127.0.0.1:{free_port()}")

    assert failed.code in FAILS, failed.said
    door.nowhere()


def test_no_chain_of_causes_holds_a_secret(door: Door) -> None:
    lane = Range(door.place, door.proxy, door.folder / "lane")
    for kind in _TELLING:
        for on in On:
            job = lane.job(f"{kind.name}-{on}", pinned=False)
            door.proxy.expect(Fault(kind, on, times=ALWAYS, seed=2))

            told = run(job)

            assert "chain" in (told or {}), f"{kind} on {on}: {told}"
            door.planted.look(f"the traceback of {kind} on {on}", json.dumps(told).encode())
            assert door.proxy.leaked == [], "a secret went where a redirect led"
    door.proxy.expect(None)
    assert door.planted.seen == []
