import pytest

from ci_steps.errors import InputError, OutsideError
from ci_steps.ports import Blobs
from ci_steps.ports.triggers import Asked, Build
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.triggers import MemoryTrigger
from tests.unit.watch.worlds import World


@pytest.fixture
def world() -> World:
    return World()


def test_what_is_there_and_was_never_triggered_is_built_and_followed_to_its_end(world: World) -> None:
    watcher = world.watcher()

    builds = watcher.once()

    assert world.trigger.models == ["m:1"]
    assert [build.result for build in builds] == ["SUCCESS"]
    assert watcher.events == ["new", "triggered", "waiting", "running", "ended"]


def test_it_is_not_built_again_after_a_restart(world: World) -> None:
    world.watcher().once()

    assert world.watcher("another").once() == ()

    assert world.trigger.models == ["m:1"]


def test_each_new_model_is_built_once_and_one_that_comes_back_is_not(world: World) -> None:
    coming = iter(["m:2", "m:1", "m:3", "m:2", "m:3"])

    def meanwhile() -> None:
        world.model = next(coming, world.model)

    world.watcher(every=5).run(lambda: len(world.looks) > 12, meanwhile)

    assert world.trigger.models == ["m:1", "m:2", "m:3"]


def test_a_model_that_comes_while_another_is_built_is_built_too(world: World) -> None:
    watcher = world.watcher(every=1)

    def meanwhile() -> None:
        if "triggered" in watcher.events:
            world.model = "m:2"

    watcher.run(lambda: watcher.events.count("ended") == 2, meanwhile)

    assert world.trigger.models == ["m:1", "m:2"]
    assert watcher.events.index("ended") > watcher.events.index("new", watcher.events.index("triggered"))


def test_with_from_now_what_is_there_first_is_passed_over_and_the_next_is_built(world: World) -> None:
    assert world.watcher(from_now=True).once() == ()
    world.model = "m:2"

    world.watcher(from_now=True).once()

    assert world.trigger.models == ["m:2"]


def test_a_failed_build_is_told_and_noted_and_not_triggered_again(world: World) -> None:
    world.trigger.ends = lambda _: "FAILURE"

    (build,) = world.watcher().once()

    assert not build.sound
    assert world.watcher().once() == ()
    assert world.trigger.models == ["m:1"]


def test_a_failed_build_is_told_with_what_triggers_it_again(world: World) -> None:
    world.trigger.ends = lambda _: "FAILURE"
    world.watcher().once()

    again = world.watcher()
    again.once()

    assert again.texts == ["m:1 had its build before, and that ended FAILURE; --retry triggers it once more"]


def test_with_retry_what_failed_is_triggered_once_more_and_what_went_well_is_not(world: World) -> None:
    world.trigger.ends = lambda _: "FAILURE"
    world.watcher().once()

    world.watcher(retry=True).once()
    world.trigger.ends = lambda _: "SUCCESS"
    (build,) = world.watcher(retry=True).once()
    over = world.watcher(retry=True)
    over.once()

    assert build.sound
    assert world.trigger.models == ["m:1"] * 3
    assert over.texts == ["m:1 had its build before"]


def test_a_watcher_with_retry_triggers_each_failure_once_more_and_not_at_every_look(world: World) -> None:
    world.trigger.ends = lambda _: "FAILURE"
    world.watcher().once()
    watcher = world.watcher(retry=True, every=5)

    watcher.run(lambda: len(world.looks) > 12)

    assert world.trigger.models == ["m:1"] * 2


def test_what_another_tries_again_is_not_tried_again_beside_it(world: World) -> None:
    world.trigger.ends = lambda _: "FAILURE"
    world.watcher().once()
    first, second = world.watcher("one", retry=True), world.watcher("two", retry=True)
    first.run(lambda: "triggered" in first.events)

    second.run(lambda: len(world.looks) > 6)

    assert world.trigger.models.count("m:1") == 2


def test_what_was_passed_over_is_not_what_failed(world: World) -> None:
    world.watcher(from_now=True).once()

    assert world.watcher(retry=True).once() == ()


def test_a_source_that_fails_is_told_once_and_asked_again_more_and_more_seldom(world: World) -> None:
    watcher = world.watcher()
    watcher.run(lambda: "ended" in watcher.events)
    world.broken, before = OutsideError("it does not answer"), len(world.looks)

    def meanwhile() -> None:
        if len(world.looks) == before + 4:
            world.broken = OutsideError("it answers 503")
        if len(world.looks) == before + 6:
            world.broken = None

    again = world.watcher()
    again.run(lambda: "answers" in again.events, meanwhile)

    assert again.texts == [
        "it does not answer; trying again",
        "it answers 503; trying again",
        "a model answers again",
        "m:1 had its build before",
    ]
    waits = [
        round(late - early)
        for early, late in zip(world.looks[before:], world.looks[before + 1 :], strict=False)
    ]
    assert waits == [120, 240, 300, 300, 300, 300]


def test_a_name_that_was_never_right_is_an_error_at_once(world: World) -> None:
    world.broken = InputError("there is no m:1")

    with pytest.raises(InputError, match="there is no m:1"):
        world.watcher().run(lambda: False)


def test_an_alias_that_is_gone_for_a_while_ends_nothing(world: World) -> None:
    watcher = world.watcher()

    def meanwhile() -> None:
        if watcher.events.count("ended") == 1 and not watcher.events.count("failed"):
            world.broken = InputError("there is no m:1")
        else:
            world.broken, world.model = None, "m:2" if "failed" in watcher.events else "m:1"

    watcher.run(lambda: watcher.events.count("ended") == 2, meanwhile)

    assert world.trigger.models == ["m:1", "m:2"]


def test_a_ci_that_is_down_is_told_once_and_gets_its_build_later(world: World) -> None:
    world.trigger.down, watcher = True, world.watcher()

    def meanwhile() -> None:
        world.trigger.down = world.now < 1500

    watcher.run(lambda: "ended" in watcher.events, meanwhile)

    assert watcher.texts.count("m:1: memory does not answer; trying again") == 1
    assert world.trigger.models == ["m:1"]


def test_a_ci_that_is_down_fails_a_single_look(world: World) -> None:
    world.trigger.down = True

    with pytest.raises(OutsideError, match="memory does not answer"):
        world.watcher().once()


def test_a_ci_that_is_busy_is_asked_again(world: World) -> None:
    world.trigger.busy, watcher = True, world.watcher()

    def meanwhile() -> None:
        world.trigger.busy = world.now < 1100

    watcher.run(lambda: "ended" in watcher.events, meanwhile)

    assert watcher.events == ["new", "busy", "triggered", "waiting", "running", "ended"]


def test_a_build_whose_answer_was_lost_is_found_and_not_asked_for_again(world: World) -> None:
    world.trigger.loses_answer = 1
    watcher = world.watcher()

    watcher.once()

    assert world.trigger.models == ["m:1"]
    assert "m:1: was triggered before" in watcher.texts


def test_a_wrong_login_ends_the_watcher_at_its_start(world: World) -> None:
    class Refusing(MemoryTrigger):
        def mark(self) -> str:
            raise InputError("set CI_TOKEN")

    with pytest.raises(InputError, match="set CI_TOKEN"):
        world.watcher(trigger=Refusing()).run(lambda: False)

    assert world.looks == []


def test_what_still_grows_is_not_triggered_before_it_stays_the_same(world: World) -> None:
    watcher = world.watcher(settle=10, every=4)
    growing = iter(["m:half", "m:more", "m:whole"])

    def meanwhile() -> None:
        world.model = next(growing, world.model)

    watcher.run(lambda: "ended" in watcher.events, meanwhile)

    assert world.trigger.models == ["m:whole"]


def test_a_bell_makes_it_look_now_but_not_more_than_once_a_second(world: World) -> None:
    watcher = world.watcher()
    watcher.run(lambda: "ended" in watcher.events)
    world.looks.clear()
    again = world.watcher()

    def meanwhile() -> None:
        again.rung = True

    again.run(lambda: len(world.looks) == 4, meanwhile)

    waits = [late - early for early, late in zip(world.looks, world.looks[1:], strict=False)]
    assert all(1 <= wait < 1.1 for wait in waits), waits


def test_a_bell_does_not_make_it_ask_a_source_that_fails_more_than_once_a_second(world: World) -> None:
    watcher = world.watcher()
    watcher.run(lambda: "ended" in watcher.events)
    world.looks.clear()
    world.broken, again = OutsideError("it does not answer"), world.watcher()

    def meanwhile() -> None:
        again.rung = True

    again.run(lambda: len(world.looks) == 4, meanwhile)

    waits = [late - early for early, late in zip(world.looks, world.looks[1:], strict=False)]
    assert all(1 <= wait < 1.1 for wait in waits), waits


# Two watchers, and one that comes after another's death.


def test_of_two_watchers_one_builds_and_the_other_says_who(world: World) -> None:
    first, second = world.watcher("first"), world.watcher("second")
    first.turn()

    def meanwhile() -> None:
        first.watch.claims.beats.begin()
        first.watch.claims.beats._beat()

    second._meanwhile = meanwhile

    assert second.once() == ()
    assert world.trigger.models == ["m:1"]
    assert second.texts == ["m:1 is seen to by first"]


@pytest.mark.parametrize("turns", [1, 2])
def test_what_a_dead_watcher_left_is_taken_over_after_its_lease_and_not_before(
    world: World, turns: int
) -> None:
    dead = world.watcher("dead")
    for _ in range(turns):
        dead.turn()
        world.now += 5
    died = world.now

    heir = world.watcher("heir")
    heir.once()

    assert world.now >= died + 20
    assert world.trigger.models == ["m:1"]
    assert heir.events[0] == "taken-over"
    assert heir.events[-1] == "ended"


def test_what_a_watcher_left_that_ended_cleanly_is_taken_over_at_once(world: World) -> None:
    gone = world.watcher("gone")
    gone.run(lambda: "triggered" in gone.events)
    ended = world.now

    heir = world.watcher("heir")
    heir.run(lambda: "taken-over" in heir.events)

    assert world.now == ended


def test_a_model_is_taken_over_though_its_place_holds_another_by_now(world: World) -> None:
    world.watcher("dead").turn()
    world.model = "m:2"
    heir = world.watcher("heir")

    heir.run(lambda: heir.events.count("ended") == 2)

    assert sorted(world.trigger.models) == ["m:1", "m:2"]


def test_a_watcher_that_was_silent_too_long_finds_its_claim_taken_and_triggers_nothing(world: World) -> None:
    world.trigger.busy = True
    frozen = world.watcher("frozen")
    frozen.turn()
    world.trigger.busy = False
    world.watcher("heir").once()
    world.now += 100

    frozen.turn()

    assert world.trigger.models == ["m:1"]
    assert frozen.events[-1] == "lost"
    assert frozen.watch.claims.held == {}


def test_an_entry_whose_answer_was_lost_is_known_for_its_own(world: World) -> None:
    class Forgetful(MemoryBlobs):
        lost = 0

        def put_if_absent(self, key: str, content: object) -> bool:
            done = super().put_if_absent(key, content)  # type: ignore[arg-type]  # as it came
            if key.endswith(".json") and "/0" in key:
                Forgetful.lost += 1
                return False
            return done

    blobs: Blobs = Forgetful()

    world.watcher(blobs=blobs).once()

    assert Forgetful.lost > 3
    assert world.trigger.models == ["m:1"]


def test_a_build_that_never_ends_is_let_go_after_two_days(world: World) -> None:
    class Endless(MemoryTrigger):
        def look(self, asked: Asked, build: Build | None) -> Build | None:
            return build

    (build,) = world.watcher(trigger=Endless()).once()

    assert (build.result, build.why) == ("unknown", "it did not end within two days")
    assert world.now > 1000 + 48 * 3600


def test_the_environment_goes_to_the_ci(world: World) -> None:
    watcher = world.watcher()
    watcher.watch.claims.environment = "production"

    watcher.once()

    assert world.trigger.builds[0][0].environment == "production"


def test_one_that_freezes_while_it_looks_for_a_build_triggers_none_once_another_has_its_claim(
    world: World,
) -> None:
    class Slow(MemoryTrigger):
        def look(self, asked: Asked, build: Build | None) -> Build | None:
            seen = world.trigger.look(asked, build)
            world.now += 100
            world.watcher("heir").once()
            return seen

        def start(self, asked: Asked) -> Build:
            if world.trigger.busy:
                return world.trigger.start(asked)
            raise AssertionError("it was triggered twice")

    frozen = world.watcher("frozen", trigger=Slow())
    world.trigger.busy = True
    frozen.turn()
    world.trigger.busy = False
    world.now += 60

    frozen.turn()

    assert frozen.events[-1] == "lost"
    assert world.trigger.models == ["m:1"]


def test_who_cannot_give_signs_of_life_triggers_nothing(world: World) -> None:
    class Full(MemoryBlobs):
        def put(self, key: str, content: object) -> None:
            if world.now > 1000:
                raise OutsideError("the store is full")

    world.trigger.busy = True
    watcher = world.watcher(blobs=Full())
    watcher.turn()
    world.trigger.busy, world.now = False, world.now + 11

    watcher.turn()

    assert world.trigger.models == []
    assert watcher.texts[-1] == "m:1: the store is full; trying again"


def test_what_was_taken_over_once_is_not_taken_from_who_has_it_now(world: World) -> None:
    world.trigger.busy = True
    world.watcher("dead").turn()
    second, third = world.watcher("second"), world.watcher("third")
    for _ in range(2):
        second.turn()
        third.turn()
        world.now += 21
    second.turn()
    world.trigger.busy = False

    third.turn()

    assert "taken-over" in second.events
    assert "taken-over" not in third.events
