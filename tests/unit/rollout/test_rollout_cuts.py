"""A run that is cut off at any point, and what the next one makes of it."""

import pytest

from ci_steps.errors import OutsideError
from tests.fakes.fuse import Fuse, KilledError
from tests.fakes.rollouts import World, image

POINTS = range(11)
"""Of a rollout: the ledger is written (twice two points) and the platform asked or changed (seven)."""


def killed(world: World, point: int) -> None:
    world.ledger.fuse = world.target.fuse = Fuse(points=point)


def revived(world: World) -> None:
    world.ledger.fuse = world.target.fuse = Fuse()


def test_the_points_are_all_there_are(world: World) -> None:
    world.live("v1")
    killed(world, len(POINTS))

    world.live("v2")

    assert not world.target.fuse.blown


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_and_run_again_it_goes_live_with_one_outcome(world: World, point: int) -> None:
    world.live("v1")
    run = world.planned("v2")
    killed(world, point)
    with pytest.raises(KilledError):
        world.roll_out(run)
    revived(world)

    document = world.roll_out(run)

    assert document.result in {"live", "already-live"}
    assert (world.serving, world.target.warm) == ("v2", None)
    assert world.endings() == ["live", "live"]
    assert document.release is not None
    assert document.release.id == "production-3"


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_next_run_settles_it_first(world: World, point: int) -> None:
    world.live("v1")
    third = world.planned("v3")
    killed(world, point)
    with pytest.raises(KilledError):
        world.roll_out(world.planned("v2"))
    revived(world)

    document = world.roll_out(third)

    assert world.target.warm is None
    was_live = world.endings()[1:2] == ["live"] and document.result == "moved"
    assert was_live == (world.serving == "v2")
    if not was_live:
        assert document.result == "live"
        assert world.serving == "v3"
        assert world.endings() in (["live", "live"], ["live", "rolled-back", "live"])


def test_a_cut_release_that_serves_is_settled_as_live(world: World) -> None:
    world.ledger.fuse = Fuse(points=2)
    with pytest.raises(KilledError):
        world.roll_out(world.planned("v1"))
    revived(world)

    document = world.roll_out(world.planned("v2"))

    assert document.result == "moved"
    assert world.endings() == ["live"]
    assert world.ledger.entries[-1].reason == (
        "cut off; settled by run run-v2, which has not its golden rows to replay"
    )


def test_a_cut_release_that_does_not_serve_is_settled_by_restoring(world: World) -> None:
    world.live("v1")
    run = world.planned("v3")
    killed(world, 3)
    with pytest.raises(KilledError):
        world.roll_out(world.planned("v2"))
    revived(world)

    document = world.roll_out(run)

    assert document.result == "live"
    assert world.endings() == ["live", "rolled-back", "live"]
    assert world.target.applied[1] == world.ledger.entries[0].release


def test_settling_that_cannot_restore_stops_the_next_run(world: World) -> None:
    world.live("v1")
    run = world.planned("v3")
    killed(world, 3)
    with pytest.raises(KilledError):
        world.roll_out(world.planned("v2"))
    revived(world)
    world.target.serving, world.target.refuses = None, {image("v1"): "its image is gone"}

    document = world.roll_out(run)

    assert document.result == "rollback-failed"
    assert "its image is gone" in document.reason
    assert world.endings() == ["live", "rollback-failed"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(143), ValueError("a bug")])
@pytest.mark.parametrize("point", [1, 2, 3])
def test_an_interruption_restores_writes_the_outcome_and_goes_on_up(
    world: World, interruption: BaseException, point: int
) -> None:
    world.live("v1")
    run = world.planned("v2")
    world.target.fuse = Fuse(points=point, raises=interruption)

    with pytest.raises(type(interruption)):
        world.roll_out(run)

    assert world.serving == "v1"
    assert world.endings() == ["live", "rolled-back"]
    assert world.ledger.entries[-1].reason == f"it was cut off by {type(interruption).__name__}"


def test_a_bug_while_restoring_is_a_failed_rollback_with_its_name(world: World) -> None:
    world.target.refuses = {image("v1"): "no memory"}
    world.target.fuse = Fuse(points=2, raises=ValueError("a bug"))

    document = world.roll_out(world.planned("v1"))

    assert document.result == "rollback-failed"
    assert "no memory; going back to nothing failed: ValueError: a bug" in document.reason


def test_an_outcome_that_cannot_be_written_stays_open_for_the_next_run(world: World) -> None:
    run = world.planned("v1")
    world.ledger.fuse = Fuse(points=2, raises=OutsideError("no space left"))
    with pytest.raises(OutsideError, match="no space left"):
        world.roll_out(run)

    document = world.roll_out(run)

    assert document.result == "live"
    assert world.serving == "v1"
    assert world.endings() == ["live"]
