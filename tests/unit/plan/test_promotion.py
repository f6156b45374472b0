"""Carrying a release on from one environment to the next."""

from pathlib import Path

import msgspec
import pytest

from ci_steps.documents import Promoted, Rollout
from ci_steps.documents.live import Result
from ci_steps.errors import InputError
from ci_steps.model.manifest import Manifest
from ci_steps.model.release import Release
from ci_steps.steps.plan import MakePlan
from tests.unit.plan.desk import SETTINGS, Desk


def staged(desk: Desk, manifest: Manifest, result: Result = "live") -> Release:
    """Leave a run directory as a rollout to production does, and the ledger with it."""
    desk.plan(f"specimen@{manifest.sha.hex}")
    desk.live(manifest, run="one")
    release = desk.ledger("production").entries[-1].release
    assert release
    desk.run.write(Rollout(result=result, release=release, before=None))
    return release


def promoted(desk: Desk, model: str = "", into: str = "staging", *, dry_run: bool = False) -> MakePlan:
    return MakePlan(
        settings=desk.settings,
        model=model,
        environment=into,
        dry_run=dry_run,
        project="..",
        config="release.yaml",
        store=desk.store,
        sources=desk.sources,
        ledger=desk.ledger,
        promoted=desk.run,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_promotion_plans_the_very_model_and_image_of_the_other_environment(desk: Desk) -> None:
    manifest, newer = desk.publish(), desk.publish(**{"golden.jsonl": b"{}\n"})
    release = staged(desk, manifest)
    desk.store.tag("specimen", "candidate", newer.sha, by="someone")

    plan = promoted(desk).run(desk.other)

    assert (plan.environment, plan.sha) == ("staging", manifest.sha)
    assert plan.promoted == Promoted(environment="production", release=release.id, image=release.image)


@pytest.mark.parametrize("result", ["rolled-back", "rollback-failed", "moved", "stale", "nothing-to-do"])
def test_what_did_not_go_live_is_not_carried_on(desk: Desk, result: Result) -> None:
    staged(desk, desk.publish(), result)

    with pytest.raises(InputError, match=f"ended {result}: nothing went live there"):
        promoted(desk).run(desk.other)


def test_a_dry_run_is_carried_on_by_a_dry_run_only(desk: Desk) -> None:
    manifest = desk.publish()
    staged(desk, manifest, "dry-run")

    assert promoted(desk, dry_run=True).run(desk.other).sha == manifest.sha
    with pytest.raises(InputError, match="was a dry run"):
        promoted(desk).run(desk.other)


def test_a_release_that_was_rolled_back_from_since_is_not_carried_on(desk: Desk) -> None:
    old, new = desk.publish(), desk.publish(**{"golden.jsonl": b"{}\n"})
    desk.live(old, run="one")
    staged(desk, new)
    desk.rolled_back()

    with pytest.raises(InputError, match="was rolled back from"):
        promoted(desk).run(desk.other)


def test_a_release_that_the_ledger_does_not_know_is_not_carried_on(desk: Desk) -> None:
    staged(desk, desk.publish())
    desk.ledger("production").entries.clear()

    with pytest.raises(InputError, match="is not in the ledger"):
        promoted(desk).run(desk.other)


def test_a_promotion_names_the_model_by_itself(desk: Desk) -> None:
    staged(desk, desk.publish())

    with pytest.raises(InputError, match="--promote names the model, and --model another"):
        promoted(desk, model="specimen:candidate").run(desk.other)


def test_a_promotion_goes_to_another_environment_of_the_same_service(desk: Desk) -> None:
    staged(desk, desk.publish())

    with pytest.raises(InputError, match="is a release to production itself"):
        promoted(desk, into="production").run(desk.other)
    desk.settings = msgspec.structs.replace(SETTINGS, service="another")
    with pytest.raises(InputError, match="is a release of specimen, not of another"):
        promoted(desk).run(desk.other)


def test_a_promotion_needs_a_run_that_ended(desk: Desk) -> None:
    desk.plan(f"specimen@{desk.publish().sha.hex}")

    with pytest.raises(InputError, match=r"rollout\.json is missing"):
        promoted(desk).run(desk.other)


def test_a_promotion_into_its_own_run_directory_is_bad_input_and_keeps_it(desk: Desk) -> None:
    staged(desk, desk.publish())

    with pytest.raises(InputError, match="--promote and --run-dir are both"):
        promoted(desk).run(desk.run)
    assert desk.run.has(Rollout)
