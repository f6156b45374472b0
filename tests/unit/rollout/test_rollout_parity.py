"""Golden rows through the live address, before a release is called live."""

from collections.abc import Callable

import msgspec
import pytest

from ci_steps.documents import Plan, Rollout
from ci_steps.errors import ExitCode
from ci_steps.model.release import Release
from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Verdict
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen, model_files
from ci_steps.steps.golden.service import Reply
from tests.fakes.rollouts import World

OTHER = b'{"label":"neutral","score":0.5}'


def other(body: bytes, reply: Reply) -> Reply:
    del body
    return changed(reply, content=OTHER)


def changed(reply: Reply, *, content: bytes | None = None, release: str | None = None) -> Reply:
    return Reply(
        reply.status,
        reply.content if content is None else content,
        release=reply.release if release is None else release,
    )


def only_of(release: str, spoil: Callable[[bytes, Reply], Reply]) -> Callable[[bytes, Reply], Reply]:
    return lambda body, reply: spoil(body, reply) if reply.release == release else reply


def silent(body: bytes, reply: Reply) -> Reply:
    del body, reply
    return Reply(0, fault="the connection failed")


def busy(body: bytes, reply: Reply) -> Reply:
    del body
    return Reply(503, b"{}", release=reply.release)


def failing(body: bytes, reply: Reply) -> Reply:
    del body
    return Reply(500, b'{"detail": "no"}', release=reply.release)


def nameless(body: bytes, reply: Reply) -> Reply:
    del body
    return changed(reply, release="")


def of_another(body: bytes, reply: Reply) -> Reply:
    return changed(reply, release="production-1") if b"t70" in body else reply


def hasty(world: World, name: str, seconds: float = 0.3) -> RunDir:
    """Plan a release whose rows have little time."""
    run = world.planned(name)
    plan = run.read(Plan)
    run.write(msgspec.structs.replace(plan, integration=IntegrationSettings(replay_seconds=seconds)))
    return run


def test_a_release_is_live_once_the_live_address_answered_every_chosen_row(world: World) -> None:
    document = world.roll_out(world.planned("v1"))

    [finding] = document.findings
    assert (document.result, document.exit_code) == ("live", ExitCode.GO_ON)
    assert (finding.check, finding.verdict) == ("rollout.parity", Verdict.PASSED)
    assert finding.observed == "100 of 100 rows answered the same, by production-1"
    assert finding.subject == "through 127.0.0.1:18081"
    assert len(world.asked) == 100
    assert document.not_checked == ()
    assert document.headline.endswith("100 of 100 rows answered the same, by production-1")


@pytest.mark.parametrize("spoilt", [False, True])
def test_what_was_live_stays_warm_until_the_rows_are_judged(world: World, spoilt: bool) -> None:
    first = world.live("v1").release
    warm: list[Release | None] = []

    def noted(body: bytes, reply: Reply) -> Reply:
        warm.append(world.target.warm)
        return other(body, reply) if spoilt else reply

    world.replies = noted
    world.roll_out(world.planned("v2"))

    assert {release and release.id for release in warm} == {first and first.id}
    assert (world.serving, world.target.warm) == ("v1" if spoilt else "v2", None)


def test_every_rollout_asks_the_same_rows_of_the_same_model(world: World) -> None:
    world.live("v1")
    first = list(world.asked)
    world.live("v2")

    assert world.asked == first * 2


@pytest.mark.parametrize(
    ("spoil", "verdict", "observed"),
    [
        (other, Verdict.REFUSED, "100 of 100 rows differ: t70 at /label: expected "),
        (failing, Verdict.REFUSED, "100 of 100 rows differ: t70 status 500: no"),
        (of_another, Verdict.REFUSED, "1 of 100 rows differ: t70 was answered by production-1, not by produ"),
        (silent, Verdict.INCONCLUSIVE, "0 of 100 rows were answered: the connection failed"),
        (nameless, Verdict.INCONCLUSIVE, "100 of 100 answers do not say in X-Release"),
    ],
)
def test_a_release_that_is_not_shown_to_answer_so_is_taken_back(
    world: World, spoil: Callable[[bytes, Reply], Reply], verdict: Verdict, observed: str
) -> None:
    world.live("v1")
    world.replies = only_of("production-3", spoil)

    document = world.roll_out(world.planned("v2"))

    [finding] = document.findings
    assert (document.result, document.exit_code) == ("rolled-back", ExitCode.ROLLED_BACK)
    assert finding.verdict is verdict
    assert finding.observed.startswith(observed)
    assert finding.observed.partition(";")[0] in document.reason
    assert world.serving == "v1"
    assert world.endings() == ["live", "rolled-back"]
    assert world.ledger.history().live == document.before


def test_a_first_release_that_answers_otherwise_leaves_nothing(world: World) -> None:
    world.replies = other

    document = world.roll_out(world.planned("v1"))

    assert document.result == "rolled-back"
    assert world.serving is None


def test_an_address_that_is_too_busy_or_too_slow_is_given_up_in_time(world: World) -> None:
    world.live("v1")
    world.replies = busy

    document = world.roll_out(hasty(world, "v2"))

    [finding] = document.findings
    assert document.result == "rolled-back"
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.observed == "0 of 100 rows were answered: 0.3 s were over"


def test_one_silence_or_one_busy_moment_is_asked_again(world: World) -> None:
    def once(body: bytes, reply: Reply) -> Reply:
        return busy(body, reply) if world.asked.count(body) == 1 and b"t70" in body else reply

    world.replies = once

    assert world.roll_out(world.planned("v1")).result == "live"
    assert len(world.asked) == 101


def test_ctrl_c_among_the_rows_restores_what_served(world: World) -> None:
    def interrupted(body: bytes, reply: Reply) -> Reply:
        raise KeyboardInterrupt(f"{body!r} {reply}")

    world.live("v1")
    world.replies = interrupted

    with pytest.raises(KeyboardInterrupt):
        world.roll_out(world.planned("v2"))

    assert world.serving == "v1"
    assert world.endings() == ["live", "rolled-back"]


def test_what_is_live_already_is_asked_and_never_taken_back(world: World) -> None:
    run = world.planned("v1")
    world.roll_out(run)
    world.replies = other

    document = world.roll_out(run)

    assert (document.result, document.verdict, document.exit_code) == (
        "already-live",
        Verdict.REFUSED,
        ExitCode.REFUSED,
    )
    assert document.reason.startswith("production-1 (specimen@")
    assert (
        "is live and is left so, but golden rows through the live address are answered otherwise"
        in document.reason
    )
    assert world.serving == "v1"
    assert world.endings() == ["live"]


def test_what_is_live_already_and_cannot_be_asked_is_inconclusive(world: World) -> None:
    run = world.planned("v1")
    world.roll_out(run)
    world.replies = silent

    assert world.roll_out(run).exit_code is ExitCode.INCONCLUSIVE


def test_a_healed_release_that_answers_otherwise_stays_and_is_refused(world: World) -> None:
    world.live("v1")
    world.live("v2")
    world.target.serving = None
    world.replies = other

    document = world.roll_out(world.planned("v2", run="heal"))

    assert (document.result, document.exit_code) == ("live", ExitCode.REFUSED)
    assert world.serving == "v2"
    assert world.endings() == ["live", "live", "live"]


def test_a_dry_run_sends_nothing(world: World) -> None:
    document = world.roll_out(world.planned("v1", dry_run=True))

    assert world.asked == []
    assert document.not_checked == ("golden rows through the live address: a dry run sends nothing",)


def test_a_model_without_golden_rows_is_not_asked_and_it_is_said(world: World) -> None:
    run = world.planned("v1")
    Specimen(files=model_files(**{"golden.jsonl": None}), plan={"run": "run-v1"}).laid_out(run.root)

    document = world.roll_out(run)

    assert document.result == "live"
    assert document.not_checked == ("golden rows through the live address: the model has no golden.jsonl",)


def test_a_rollback_sends_nothing_and_says_why(world: World) -> None:
    world.live("v1")
    world.live("v2")
    asked = len(world.asked)

    document = world.roll_back()

    assert document.result == "live"
    assert len(world.asked) == asked
    assert "they were replayed when this release went live first" in document.not_checked[0]


def test_what_was_found_survives_the_run_directory(world: World) -> None:
    world.replies = other
    run = world.planned("v1")
    document = world.roll_out(run)

    run.write(document)

    assert run.read(Rollout).findings == document.findings
