"""Every way in which a rollback ends."""

import pytest

from ci_steps.errors import ExitCode
from ci_steps.model.ledger import Ending
from tests.fakes.fuse import Fuse, KilledError
from tests.fakes.rollouts import World, image


def test_it_goes_to_the_release_before_and_withdraws_the_one_it_leaves(world: World) -> None:
    world.live("v1")
    left = world.live("v2").release

    document = world.roll_back()

    assert (document.result, document.exit_code) == ("live", ExitCode.GO_ON)
    assert document.release is not None
    assert document.reason == "complaints"
    assert document.headline == f"live: production-1 (specimen@{document.release.sha.short}) - complaints"
    assert document.before == left
    assert world.serving == "v1"
    assert left is not None
    assert world.ledger.history().withdrawn == {left.id}


def test_a_second_one_does_not_bring_back_what_the_first_left(world: World) -> None:
    world.live("v1")
    world.live("v2")
    world.roll_back()

    document = world.roll_back(run_id="back-again")

    assert (document.result, document.exit_code) == ("nothing-to-do", ExitCode.BAD_INPUT)
    assert "production-1" in document.reason
    assert world.serving == "v1"


def test_a_second_one_goes_further_back_where_it_can(world: World) -> None:
    for name in ("v1", "v2", "v3"):
        world.live(name)
    world.roll_back()

    assert world.roll_back(run_id="back-again").result == "live"
    assert world.serving == "v1"


def test_without_any_release_there_is_nothing_to_do(world: World) -> None:
    document = world.roll_back()

    assert document.result == "nothing-to-do"
    assert document.reason == (
        "specimen in production has no verified release to go back to; nothing is live"
    )


def test_a_release_that_never_verified_is_not_gone_back_to(world: World) -> None:
    world.live("v1")
    world.target.refuses = {image("bad"): "no memory"}
    world.roll_out(world.planned("bad"))

    assert world.roll_back().result == "nothing-to-do"


def test_a_release_before_that_no_longer_serves_leaves_the_live_one(world: World) -> None:
    world.live("v1")
    world.live("v2")
    world.target.refuses = {image("v1"): "its image is gone"}

    document = world.roll_back()

    assert (document.result, document.exit_code) == ("rolled-back", ExitCode.ROLLED_BACK)
    assert document.reason == "its image is gone"
    assert world.serving == "v2"
    assert world.ledger.history().withdrawn == frozenset()


def test_a_way_back_that_fails_both_ways_is_a_failed_rollback(world: World) -> None:
    world.live("v1")
    world.live("v2")
    world.target.refuses = {image("v1"): "its image is gone", image("v2"): "no memory"}

    document = world.roll_back()

    assert (document.result, document.exit_code) == ("rollback-failed", ExitCode.ROLLBACK_FAILED)


def test_it_does_not_meet_a_rollout_that_is_at_work(world: World) -> None:
    world.live("v1")
    world.ledger.taken = True

    document = world.roll_back()

    assert (document.result, document.exit_code) == ("moved", ExitCode.INCONCLUSIVE)


@pytest.mark.parametrize("point", range(8))
def test_killed_anywhere_and_run_again_it_goes_back_once_only(world: World, point: int) -> None:
    for name in ("v1", "v2", "v3"):
        world.live(name)
    world.ledger.fuse = world.target.fuse = Fuse(points=point)
    with pytest.raises(KilledError):
        world.roll_back()
    written = world.ledger.entries[-1]
    world.ledger.fuse = world.target.fuse = Fuse()

    finished = written.action == "rollback" and written.ending is Ending.LIVE
    if not finished:
        assert world.roll_back(run_id="another").result == "live"

    assert world.serving == "v2"
    assert world.endings() == ["live", "live", "live", "live"]


def test_a_rollout_that_was_cut_off_before_it_served_is_all_that_is_undone(world: World) -> None:
    world.live("v1")
    world.live("v2")
    run = world.planned("v3")
    world.ledger.fuse = Fuse(points=2)
    world.target.fuse = Fuse(points=1)
    with pytest.raises(KilledError):
        world.roll_out(run)
    world.ledger.fuse = world.target.fuse = Fuse()

    document = world.roll_back()

    assert document.result == "live"
    assert "was cut off before it went live" in document.reason
    assert world.serving == "v2"
    assert world.endings() == ["live", "live", "rolled-back"]


def test_a_rollout_that_was_cut_off_while_it_served_is_settled_and_left(world: World) -> None:
    world.live("v1")
    run = world.planned("v2")
    world.ledger.fuse = Fuse(points=2)
    with pytest.raises(KilledError):
        world.roll_out(run)
    world.ledger.fuse = Fuse()

    document = world.roll_back()

    assert document.result == "live"
    assert world.serving == "v1"
    assert world.endings() == ["live", "live", "live"]


def test_a_first_rollout_that_was_cut_off_leaves_nothing_and_says_so(world: World) -> None:
    world.ledger.fuse = Fuse(points=2)
    world.target.fuse = Fuse(points=1)
    with pytest.raises(KilledError):
        world.roll_out(world.planned("v1"))
    world.ledger.fuse = world.target.fuse = Fuse()

    document = world.roll_back()

    assert document.result == "nothing-to-do"
    assert world.endings() == ["rolled-back"]
