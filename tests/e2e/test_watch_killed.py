"""Watchers are killed, and requests cut off, at random: each model is built once all the same."""

import os
import random
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ci_servers.gocd import Gocd
from tests.ci_servers.jenkins import Jenkins
from tests.ci_servers.serving import Call, HungUpError
from tests.e2e.watching import GOCD_TOKEN, TOKEN, Watched, Watcher
from tests.fakes.platforms import until

FULL = os.environ.get("CI_STEPS_CAMPAIGN") == "full"
MODELS = 40 if FULL else 6
SEEDS = range(10) if FULL else range(1)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["jenkins", "gocd"])
def test_each_model_is_built_once_though_watchers_are_killed_and_requests_cut_off(
    kind: str, seed: int, tmp_path: Path
) -> None:
    watched, chance = Watched.in_(tmp_path), random.Random(seed)
    server = (
        Jenkins(users={"watcher": TOKEN})
        if kind == "jenkins"
        else Gocd(users={GOCD_TOKEN: "watcher"}, locks=bool(seed % 2))
    )
    models = [watched.publish(0)]
    with server.serving(), ExitStack() as stack:
        place = ("--gocd", server.url, "release") if isinstance(server, Gocd) else ("--jenkins", server.job)

        every: list[Watcher] = []

        def begun() -> Watcher:
            every.append(stack.enter_context(watched.watcher(*place, "--lease", "2s")))
            return every[-1]

        running = [begun(), begun()]
        server.moment = _fate(chance, running)

        def all_ended() -> bool:
            for number, watcher in enumerate(running):
                if watcher.child.poll() is not None:
                    running[number] = begun()
            claimed = len(list((watched.folder / "store" / "watches").rglob("0001.json")))
            if claimed == len(models) < MODELS:
                models.append(watched.publish(len(models)))
            return len(watched.endings) == MODELS

        until(all_ended, seconds=240)
        server.moment = lambda _when, _call: None

    assert not any("Traceback" in watcher.errors for watcher in every)
    assert sorted(server.models) == sorted(models)
    assert server.faults == []


def _fate(chance: random.Random, running: list[Watcher]) -> Callable[[str, Call], None]:
    """Kill one of the watchers at every fiftieth request or so, and cut off a few more."""

    def moment(_when: str, _call: Call) -> None:
        roll = chance.random()
        if roll < 0.02:
            watcher = chance.choice(running)
            if watcher.child.poll() is None:
                watcher.kill()
        if roll < 0.05:
            raise HungUpError

    return moment
