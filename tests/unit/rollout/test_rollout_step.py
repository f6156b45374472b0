"""Every way in which a rollout ends."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from ci_steps.documents import MetricsReport, Plan, Promoted, Rollout
from ci_steps.errors import ExitCode, InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import Ending, LedgerEntry
from ci_steps.model.settings import EnvironmentSettings
from ci_steps.model.verdict import Verdict, Waiver
from ci_steps.rundir import RunDir
from tests.fakes.fuse import Fuse
from tests.fakes.ledger import MemoryLedger
from tests.fakes.rollouts import World, finding, image
from tests.fakes.target import FakeTarget

WAIVER = Waiver(
    check="check-metrics.baseline", reason="first release", by="m.jansen", until=date(2026, 12, 31)
)


def spoilt(run: RunDir, verdict: Verdict, *waivers: Waiver) -> RunDir:
    """Make check-metrics find something that does not let it go on."""
    run.write(MetricsReport(findings=(finding("check-metrics.baseline", verdict),)))
    run.write(msgspec.structs.replace(run.read(Plan), waivers=waivers))
    return run


def test_a_first_release_goes_live_and_is_verified(world: World) -> None:
    document = world.roll_out(world.planned("v1"))

    assert (document.result, document.exit_code) == ("live", ExitCode.GO_ON)
    assert document.release is not None
    assert (document.release.id, document.release.image) == ("production-1", image("v1"))
    assert document.before is None
    assert document.observed is not None
    assert document.observed.runs(document.release)
    assert world.endings() == ["live"]


def test_the_timeline_has_milliseconds_and_ends_with_the_answers(world: World) -> None:
    document = world.roll_out(world.planned("v1"))

    assert document.timeline[0].at == "2026-03-01T12:00:00.000Z"
    assert document.timeline[-2].what.startswith("verified: 1 of 1 serving replicas")
    assert document.timeline[-1].what.startswith("golden rows through the live address are answered as they")


def test_the_intent_is_written_before_the_platform_is_touched(world: World) -> None:
    fuse = Fuse()
    world.target.fuse = world.ledger.fuse = fuse

    world.roll_out(world.planned("v1"))

    assert fuse.log == [
        "asked",
        "before writing",
        "after writing",
        "asked",
        "applied",
        "asked",
        "asked",
        "retired",
        "asked",
        "before writing",
        "after writing",
    ]


def test_the_ledger_keeps_the_gates_what_they_saw_and_who_asked(world: World) -> None:
    world.roll_out(spoilt(world.planned("v1"), Verdict.INCONCLUSIVE, WAIVER))

    intent, outcome = world.ledger.entries
    assert intent.by == outcome.by == "m.jansen"
    assert outcome.gates["check-metrics"] is Verdict.INCONCLUSIVE
    assert outcome.gates["load-test"] is Verdict.PASSED
    assert outcome.values["load-test.rule accuracy"] == "0.81 (at least 0.70)"
    assert [waived.waiver for waived in outcome.waived] == [WAIVER]


def test_two_findings_of_one_check_and_subject_are_both_kept(world: World) -> None:
    run = world.planned("v1")
    run.write(MetricsReport(findings=(finding("check-metrics.rule"), finding("check-metrics.rule"))))

    world.roll_out(run)

    assert world.ledger.entries[0].values["check-metrics.rule accuracy"].count("0.81") == 2


def test_a_second_release_replaces_the_first(world: World) -> None:
    first = world.live("v1")

    second = world.live("v2")

    assert second.before == first.release
    assert world.serving == "v2"


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.INCONCLUSIVE])
def test_nothing_leads_past_a_gate(world: World, verdict: Verdict) -> None:
    run = spoilt(world.planned("v1"), verdict)

    with pytest.raises(InputError, match=f"past check-metrics, which is {verdict.value}"):
        world.roll_out(run)

    assert world.ledger.entries == []
    assert world.target.applied == []


def test_a_refusal_is_not_waived(world: World) -> None:
    with pytest.raises(InputError, match="refused"):
        world.roll_out(spoilt(world.planned("v1"), Verdict.REFUSED, WAIVER))


def test_a_waiver_that_ran_out_since_the_gates_ran_does_not_count(world: World) -> None:
    run = spoilt(world.planned("v1"), Verdict.INCONCLUSIVE, WAIVER)

    with pytest.raises(InputError, match="inconclusive"):
        world.roll_out(run, today=date(2027, 1, 1))


def test_a_release_that_will_not_serve_leaves_the_one_before(world: World) -> None:
    world.live("v1")
    world.target.refuses = {image("bad"): "copy-1 was killed: out of memory (limit 32 MiB)"}

    document = world.roll_out(world.planned("bad"))

    assert (document.result, document.exit_code) == ("rolled-back", ExitCode.ROLLED_BACK)
    assert document.reason == "copy-1 was killed: out of memory (limit 32 MiB)"
    assert world.serving == "v1"
    assert world.endings() == ["live", "rolled-back"]
    assert world.ledger.history().live == document.before


def test_a_first_release_that_will_not_serve_ends_verified_empty(world: World) -> None:
    world.target.refuses = {image("bad"): "copy-1 exited with code 1"}

    document = world.roll_out(world.planned("bad"))

    assert document.result == "rolled-back"
    assert document.observed is not None
    assert document.observed.empty
    assert world.ledger.history().live is None


def test_what_was_rolled_back_may_be_tried_again_by_the_same_run(world: World) -> None:
    run = world.planned("v1")
    world.target.refuses = {image("v1"): "no memory"}
    world.roll_out(run)
    world.target.refuses = {}

    document = world.roll_out(run)

    assert document.result == "live"
    assert world.endings() == ["rolled-back", "live"]


def test_a_platform_that_runs_another_image_than_told_is_not_verified(world: World) -> None:
    world.live("v1")
    world.target.runs_instead = image("v1")

    document = world.roll_out(world.planned("v2"))

    assert document.result == "rolled-back"
    assert f"serving replicas of {image('v1').short} are healthy" in document.reason
    assert world.serving == "v1"


def test_an_engine_that_goes_away_in_the_middle_is_a_failed_rollback(world: World) -> None:
    class Dying(FakeTarget):
        def apply(self, wanted: object) -> None:
            self.down = True
            self._ask()

    world.target = Dying()

    document = world.roll_out(world.planned("v1"))

    assert (document.result, document.exit_code) == ("rollback-failed", ExitCode.ROLLBACK_FAILED)
    assert document.reason.count("the engine does not answer") == 2
    assert document.observed is None
    assert world.endings() == ["rollback-failed"]


def test_a_restored_release_that_does_not_verify_is_a_failed_rollback(world: World) -> None:
    world.live("v1")
    world.target.runs_instead = image("v3")

    document = world.roll_out(world.planned("v2"))

    assert document.result == "rollback-failed"
    assert "went back to production-1" in document.reason


def test_an_engine_that_is_not_there_from_the_start_leaves_nothing_in_the_ledger(world: World) -> None:
    world.target.down = True

    with pytest.raises(OutsideError, match="does not answer"):
        world.roll_out(world.planned("v1"))

    assert world.ledger.entries == []


def test_the_same_run_again_finds_its_release_live(world: World) -> None:
    run = world.planned("v1")
    world.roll_out(run)

    document = world.roll_out(run)

    assert (document.result, document.exit_code) == ("already-live", ExitCode.GO_ON)
    assert document.observed is not None
    assert len(world.ledger.entries) == 2
    assert len(world.target.applied) == 1


def test_another_run_of_the_same_release_finds_it_live_under_its_id(world: World) -> None:
    world.live("v1")

    document = world.roll_out(world.planned("v1", run="again"))

    assert document.result == "already-live"
    assert document.release is not None
    assert document.release.id == "production-1"


def test_the_same_image_on_more_replicas_is_another_release(world: World) -> None:
    world.live("v1")
    more = EnvironmentSettings(target="docker", address="127.0.0.1:18081", replicas=3)

    document = world.roll_out(world.planned("v1", run="more", target=more))

    assert document.result == "live"
    assert document.release is not None
    assert (document.release.id, document.release.replicas) == ("production-3", 3)


def test_a_live_release_that_the_platform_lost_is_healed_under_its_own_id(world: World) -> None:
    world.live("v1")
    world.live("v2")
    world.target.serving = None

    document = world.roll_out(world.planned("v2", run="heal"))

    assert document.result == "live"
    assert document.release is not None
    assert document.release.id == "production-3"
    assert document.reason.startswith("healed: production-3")
    assert world.serving == "v2"
    previous = world.ledger.history().previous
    assert previous is not None
    assert previous.image == image("v1"), "a healing is nothing to go back to"


def test_what_went_live_since_the_plan_stops_it(world: World) -> None:
    run = world.planned("v2")
    world.live("v1")

    document = world.roll_out(run)

    assert (document.result, document.exit_code) == ("moved", ExitCode.INCONCLUSIVE)
    assert "planned against nothing" in document.reason
    assert world.serving == "v1"
    assert world.endings() == ["live"]


def test_what_was_planned_later_and_is_live_makes_it_stale(world: World) -> None:
    run = world.planned("v1")
    world.live("v2")
    world.live("v3")

    document = world.roll_out(run)

    assert (document.result, document.exit_code) == ("stale", ExitCode.STALE)
    assert world.serving == "v3"


def test_a_run_whose_release_was_replaced_does_not_bring_it_back(world: World) -> None:
    run = world.planned("v1")
    world.roll_out(run)
    world.live("v2")

    assert world.roll_out(run).result == "stale"
    assert world.serving == "v2"


def test_a_run_whose_release_was_rolled_back_from_does_not_bring_it_back(world: World) -> None:
    world.live("v1")
    run = world.planned("v2")
    world.roll_out(run)
    world.roll_back()

    document = world.roll_out(run)

    assert (document.result, document.exit_code) == ("moved", ExitCode.INCONCLUSIVE)
    assert "was rolled back from since the plan" in document.reason
    assert world.serving == "v1"


def test_a_release_that_was_rolled_back_from_can_be_planned_again(world: World) -> None:
    world.live("v1")
    world.live("v2")
    world.roll_back()

    assert world.roll_out(world.planned("v2", run="again")).result == "live"
    assert world.serving == "v2"


def test_a_second_run_at_the_same_time_changes_nothing_and_names_the_first(world: World) -> None:
    met: list[Rollout] = []
    second = world.planned("v2")

    class Busy(FakeTarget):
        def apply(self, wanted: object) -> None:
            met.append(world.roll_out(second))
            self.serving = wanted  # type: ignore[assignment]  # a Release or None

    world.target = Busy()
    world.live("v1")

    assert [(d.result, d.exit_code) for d in met] == [("moved", ExitCode.INCONCLUSIVE)]
    assert met[0].reason.startswith("run run-v1 (by m.jansen, since 2026-03-01T12:00:00.000Z) is at work")
    assert world.endings() == ["live"]


def test_a_run_that_writes_first_in_spite_of_the_lock_wins(world: World) -> None:
    class Raced(MemoryLedger):
        def append(self, entry: LedgerEntry) -> bool:
            del entry
            return False

    world.ledger = Raced()

    document = world.roll_out(world.planned("v1"))

    assert document.result == "moved"
    assert world.target.applied == []


def test_a_dry_run_says_what_it_would_change_and_touches_nothing(world: World) -> None:
    world.live("v1")

    document = world.roll_out(world.planned("v2", dry_run=True))

    assert (document.result, document.exit_code) == ("dry-run", ExitCode.GO_ON)
    assert "in place of production-1 (specimen@" in document.reason
    assert str(image("v2")) in document.reason
    assert world.serving == "v1"
    assert world.endings() == ["live"]


def test_a_dry_run_foretells_that_it_is_live_or_overtaken(world: World) -> None:
    early = world.planned("v2", dry_run=True)
    world.live("v1")

    assert "leave production-1" in world.roll_out(world.planned("v1", run="dry", dry_run=True)).reason
    assert "would stop as moved" in world.roll_out(early).reason


def test_a_ledger_that_lost_what_the_plan_saw_is_bad_input(world: World) -> None:
    world.live("v1")
    run = world.planned("v2")
    world.ledger.entries.clear()

    with pytest.raises(InputError, match="no longer holds what the plan saw"):
        world.roll_out(run)


def test_a_ledger_with_another_past_than_the_plan_saw_is_bad_input(world: World) -> None:
    world.live("v1")

    with pytest.raises(InputError, match="no longer holds"):
        world.roll_out(world.planned("v2", ledger_head=Digest("f" * 64)))


def test_a_document_of_each_ending_survives_the_run_directory(world: World, tmp_path: Path) -> None:
    run = RunDir(tmp_path / "kept")
    document = world.live("v1")

    run.write(document)

    assert run.read(Rollout).digest == document.digest


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_serves_by_another_ledger_is_left_alone(world: World, *, dry_run: bool) -> None:
    world.live("v1")
    other = World(folder=world.folder / "other", target=world.target)
    touched = len(world.target.applied)

    with pytest.raises(InputError, match=r"production-1 of .* serves, and the ledger in store knows nothing"):
        other.roll_out(other.planned("v2", dry_run=dry_run))

    assert (world.serving, len(world.target.applied)) == ("v1", touched)
    assert other.ledger.entries == []


def staged(world: World) -> tuple[MemoryLedger, Promoted]:
    """Put a release live by another environment's ledger, to carry it on."""
    staging = World(folder=world.folder / "staging")
    staging.live("v1")
    release = staging.ledger.history().live
    assert release
    return staging.ledger, Promoted(environment="staging", release=release.id, image=release.image)


def test_a_promotion_goes_live_while_what_it_stands_on_does(world: World) -> None:
    ledger, promoted = staged(world)

    document = world.roll_out(world.planned("v1", promoted=promoted), promoted=ledger)

    assert document.result == "live"


def test_a_promotion_does_not_outlive_a_rollback_where_it_was_proven(world: World) -> None:
    ledger, promoted = staged(world)
    planned = world.planned("v1", promoted=promoted)
    last = ledger.entries[-1]
    for kind, ending in (("intent", None), ("outcome", Ending.LIVE)):
        entry = msgspec.structs.replace(
            last,
            number=len(ledger.entries) + 1,
            previous=ledger.history().head,
            kind=kind,
            action="rollback",
            before=last.release,
            release=None,
            ending=ending,
        )
        assert ledger.append(entry)

    document = world.roll_out(planned, promoted=ledger)

    assert document.result == "moved"
    assert "in staging was rolled back from since the plan" in document.reason
    assert world.serving is None
