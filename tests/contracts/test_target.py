"""What every target does, the fake included."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_steps.errors import NotServingError
from ci_steps.model.release import Observed
from tests.fakes.platforms import BROKEN, InMemory, OnEngine, Platform


@pytest.fixture(params=["memory", "docker"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    if request.param == "memory":
        yield InMemory()
        return
    engine = OnEngine(tmp_path, ready_seconds=4)
    try:
        yield engine
    finally:
        engine.cleared()


def test_before_anything_was_applied_nothing_serves(platform: Platform) -> None:
    assert platform.target.observe().empty


def test_what_is_applied_runs_and_applying_it_again_changes_nothing(platform: Platform) -> None:
    one = platform.release(1, "one", replicas=2)

    platform.target.apply(one)

    observed = platform.target.observe()
    assert observed.runs(one)
    platform.target.apply(one)
    assert platform.target.observe() == observed


def test_another_release_takes_its_place_and_gives_it_back(platform: Platform) -> None:
    one, two = platform.release(1, "one"), platform.release(3, "two", replicas=2)
    platform.target.apply(one)

    platform.target.apply(two)

    assert platform.target.observe().runs(two)
    platform.target.apply(one)
    assert platform.target.observe().runs(one)


def test_what_served_before_runs_on_until_it_is_retired(platform: Platform) -> None:
    one, two = platform.release(1, "one"), platform.release(3, "two")
    platform.target.apply(one)
    platform.target.apply(two)
    assert {r.release: r.serving for r in platform.target.observe().replicas} == {one.id: False, two.id: True}

    platform.target.retire()

    observed = platform.target.observe()
    assert observed.runs(two)
    assert [replica.release for replica in observed.replicas] == [two.id]
    platform.target.retire()
    assert platform.target.observe() == observed


def test_with_nothing_there_nothing_is_retired(platform: Platform) -> None:
    platform.target.retire()

    assert platform.target.observe().empty


def test_the_same_image_under_another_release_is_another_release(platform: Platform) -> None:
    one, again = platform.release(1, "one"), platform.release(3, "one")
    platform.target.apply(one)

    platform.target.apply(again)

    assert platform.target.observe().runs(again)
    assert not platform.target.observe().runs(one)


def test_nothing_can_be_wanted_too(platform: Platform) -> None:
    platform.target.apply(platform.release(1, "one"))

    platform.target.apply(None)

    assert platform.target.observe().empty
    platform.target.apply(None)
    platform.target.retire()
    assert platform.target.observe() == Observed(replicas=())


@pytest.mark.parametrize("behaviour", BROKEN)
def test_what_will_not_serve_is_told_apart_and_what_served_serves_on(
    platform: Platform, behaviour: str
) -> None:
    one = platform.release(1, "one")
    platform.target.apply(one)

    with pytest.raises(NotServingError, match="-1 "):
        platform.target.apply(platform.release(3, behaviour))

    assert platform.target.observe().runs(one)


def test_a_first_release_that_will_not_serve_leaves_nothing_serving(platform: Platform) -> None:
    with pytest.raises(NotServingError):
        platform.target.apply(platform.release(1, "exits"))
    platform.target.apply(None)

    assert platform.target.observe().empty
