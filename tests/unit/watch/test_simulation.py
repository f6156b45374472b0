"""Watchers that die, freeze and lose answers at random places, over and over: each model is built once."""

import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from ci_steps.errors import OutsideError
from ci_steps.ports.triggers import Asked, Build
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.triggers import MemoryTrigger
from tests.unit.watch.worlds import Watcher, World

MODELS = 5


class KilledError(BaseException):
    """As SIGKILL: no `finally` of a turn matters, because nobody goes on with that watcher."""


class Fate:
    """Decides before and after each thing that has an effect whether it is the last."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.off = chance, False

    def befall(self) -> None:
        if self.off:
            return
        roll = self.chance.random()
        if roll < 0.03:
            raise KilledError
        if roll < 0.08:
            raise OutsideError("it does not answer")


@dataclass(frozen=True, slots=True)
class FatefulBlobs(MemoryBlobs):
    fate: Fate = field(kw_only=True)

    def put(self, key: str, content: Any) -> None:
        self.fate.befall()
        MemoryBlobs.put(self, key, content)
        self.fate.befall()

    def put_if_absent(self, key: str, content: Any) -> bool:
        self.fate.befall()
        done = MemoryBlobs.put_if_absent(self, key, content)
        self.fate.befall()
        return done


@dataclass(slots=True)
class FatefulTrigger(MemoryTrigger):
    fate: Fate = field(kw_only=True)

    def mark(self) -> str:
        self.fate.befall()
        return MemoryTrigger.mark(self)

    def start(self, asked: Asked) -> Build:
        self.fate.befall()
        build = MemoryTrigger.start(self, asked)
        self.fate.befall()
        return build

    def look(self, asked: Asked, build: Build | None) -> Build | None:
        self.fate.befall()
        return MemoryTrigger.look(self, asked, build)


@pytest.mark.parametrize("seed", range(60))
def test_each_model_is_built_exactly_once_whatever_befalls_its_watchers(seed: int) -> None:
    chance = random.Random(seed)
    fate = Fate(chance)
    world = World(model="m:0", trigger=FatefulTrigger(fate=fate), blobs=FatefulBlobs(fate=fate))
    seen, running = set[str](), [_another(world), _another(world)]

    while len(seen) < MODELS:
        world.now += chance.choice([0.1, 1, 5])
        watcher = chance.choice(running)
        try:
            watcher.turn()
        except KilledError:
            running[running.index(watcher)] = _another(world)
        if _noted(world):
            # Models that nobody looked at in their time are not to be built: the next one comes now.
            seen.add(world.model)
            world.model = f"m:{len(seen)}" if len(seen) < MODELS else world.model
    fate.off = True
    last = _another(world)
    last.once()

    assert sorted(world.trigger.models) == sorted(seen)
    assert len(seen) == MODELS


def _another(world: World) -> Watcher:
    return world.watcher(chr(97 + len(world.looks) % 26), every=1)


def _noted(world: World) -> bool:
    key = f"{world.model.encode().hex():0>64}"
    return any(f"/{key}/0001" in each for each in world.blobs.held)


def test_fate_strikes() -> None:
    fate, struck = Fate(random.Random(0)), {KilledError: 0, OutsideError: 0}

    for _ in range(1000):
        with suppress(KilledError, OutsideError):
            try:
                fate.befall()
            except (KilledError, OutsideError) as error:
                struck[type(error)] += 1

    assert min(struck.values()) > 10
