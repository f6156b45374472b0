"""What is decided before anything is done."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from ci_steps.documents import FetchedModel
from ci_steps.errors import InputError
from ci_steps.model.ledger import Ending
from ci_steps.model.settings import (
    MetricRule,
)
from ci_steps.model.verdict import Waiver
from ci_steps.selftest.specimen import Specimen
from tests.unit.plan.desk import SETTINGS, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_first_release_has_no_baseline(desk: Desk) -> None:
    manifest = desk.publish()

    plan = desk.plan(f"specimen@{manifest.sha.hex[:7]}")

    assert (plan.sha, plan.baseline) == (manifest.sha, None)


def test_the_baseline_is_what_is_live_by_the_ledger(desk: Desk) -> None:
    old, new = desk.publish(), desk.publish(**{"golden.jsonl": b"{}\n"})
    desk.live(old, run="one")

    plan = desk.plan(f"specimen@{new.sha.hex}")

    assert plan.baseline is not None
    assert plan.baseline.sha == old.sha
    assert plan.ledger_length == 2


def test_a_tag_never_decides_what_is_live(desk: Desk) -> None:
    old = desk.publish()
    desk.store.tag("specimen", "production", old.sha, by="someone")

    assert desk.plan("specimen:production").baseline is None


def test_no_model_takes_the_one_of_release_yaml(desk: Desk) -> None:
    manifest = desk.publish()
    desk.store.tag("specimen", "candidate", manifest.sha, by="someone")

    assert desk.plan().sha == manifest.sha


def test_a_sha_alone_is_one_of_the_model_that_release_yaml_names(desk: Desk) -> None:
    manifest = desk.publish()

    assert desk.plan(manifest.sha.hex[:8]).sha == manifest.sha


def test_an_unknown_environment_is_said_with_those_there_are(desk: Desk) -> None:
    desk.publish()

    with pytest.raises(InputError, match="'moon' is not an environment") as error:
        desk.plan("specimen:candidate", into="moon")
    assert "staging, production" in error.value.hint


def test_a_rule_that_holds_nothing_is_bad_input(desk: Desk) -> None:
    rule = MetricRule(metric="accuracy", direction="higher", where="release.yaml:6")
    desk.settings = msgspec.structs.replace(SETTINGS, metrics=(rule,))

    with pytest.raises(InputError, match=r"release\.yaml:6"):
        desk.plan(desk.publish().sha.hex)


def test_a_waiver_for_longer_than_a_year_is_bad_input(desk: Desk) -> None:
    waiver = Waiver(
        check="check-metrics.baseline",
        reason="first release",
        by="m.jansen",
        until=date(2999, 12, 31),
        where="release.yaml:9",
    )
    desk.settings = msgspec.structs.replace(SETTINGS, waivers=(waiver,))

    with pytest.raises(
        InputError, match=r"^release\.yaml:9: .* 2999-12-31 covers nothing: .* a year at most"
    ):
        desk.plan(desk.publish().sha.hex)


def test_a_plan_carries_the_waivers_of_its_environment_and_of_every(desk: Desk) -> None:
    manifest = desk.publish()
    everywhere = Waiver(check="load-test.p99", reason="no traffic yet", by="someone", until=date(2026, 6, 1))
    staging = msgspec.structs.replace(everywhere, check="load-test.p95", environment="staging")
    desk.settings = msgspec.structs.replace(SETTINGS, waivers=(everywhere, staging))

    there, here = (desk.plan(f"specimen@{manifest.sha.hex}", into) for into in ("staging", "production"))

    assert there.waivers == (everywhere, staging)
    assert here.waivers == (everywhere,)


def test_the_same_plan_again_goes_on_with_its_run(desk: Desk) -> None:
    sha = desk.publish().sha.hex

    assert desk.plan(sha).run == desk.plan(sha).run


def test_its_own_rollout_does_not_make_it_another_plan(desk: Desk) -> None:
    manifest = desk.publish()
    plan = desk.plan(manifest.sha.hex)
    desk.live(manifest, run=plan.run)

    again = desk.plan(manifest.sha.hex)

    assert again.run == plan.run
    assert again.baseline is None


def test_after_its_own_rollout_was_taken_back_a_new_run_begins(desk: Desk) -> None:
    manifest = desk.publish()
    plan = desk.plan(manifest.sha.hex)
    desk.live(manifest, run=plan.run, ending=Ending.ROLLED_BACK)

    assert desk.plan(manifest.sha.hex).run != plan.run


def test_what_someone_else_rolled_out_makes_it_a_new_run_with_a_new_baseline(desk: Desk) -> None:
    old, new = desk.publish(), desk.publish(**{"golden.jsonl": b"{}\n"})
    plan = desk.plan(new.sha.hex)
    desk.live(old, run="another")

    again = desk.plan(new.sha.hex)

    assert again.run != plan.run
    assert again.baseline is not None


def test_another_model_starts_a_fresh_run(desk: Desk) -> None:
    one, two = desk.publish(), desk.publish(**{"golden.jsonl": b"{}\n"})
    first = desk.plan(one.sha.hex)
    Specimen().laid_out(desk.run.root)
    desk.run.write(first)

    second = desk.plan(two.sha.hex)

    assert second.run != first.run
    assert not desk.run.has(FetchedModel)


def test_a_pointer_file_beside_release_yaml_names_the_model(desk: Desk) -> None:
    manifest = desk.publish()
    (desk.folder / "live.model").write_text(f"specimen@{manifest.sha.hex}\nby m.jansen, for the autumn\n")

    assert desk.plan("@live.model").sha == manifest.sha


def test_a_pointer_file_may_be_the_default(desk: Desk) -> None:
    manifest = desk.publish()
    (desk.folder / "live.model").write_text(f"{manifest.sha.hex[:12]}\n")
    desk.settings = msgspec.structs.replace(SETTINGS, model="@live.model")

    with pytest.raises(InputError, match="is not a model"):
        desk.plan()
    (desk.folder / "live.model").write_text(f"specimen@{manifest.sha.hex[:12]}\n")
    assert desk.plan().sha == manifest.sha


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is not a file"),
        (b"", "is not a model"),
        (b"\nspecimen:a", "is not a model"),
        (b"\xff", "is not a model"),
        (b"AWS_SECRET_ACCESS_KEY=hush", "is not a model"),
    ],
)
def test_a_pointer_that_names_no_model_is_bad_input_that_says_where(
    desk: Desk, content: bytes | None, said: str
) -> None:
    if content is not None:
        (desk.folder / "live.model").write_bytes(content)

    with pytest.raises(InputError, match=said) as caught:
        desk.plan("@live.model")
    assert "live.model" in str(caught.value)
    assert "hush" not in f"{caught.value}{caught.value.hint}"


def test_a_tag_does_not_bring_back_what_a_person_rolled_back_from_and_the_sha_does(desk: Desk) -> None:
    old, bad = desk.publish(), desk.publish(**{"golden.jsonl": b"{}\n"})
    desk.live(old, run="one")
    desk.live(bad, run="two")
    desk.rolled_back()
    desk.store.tag("specimen", "candidate", bad.sha, by="training")

    with pytest.raises(InputError, match=r"which was rolled back from at .* by night") as caught:
        desk.plan()

    assert f"--model specimen@{bad.sha.short}" in caught.value.hint
    assert desk.plan(f"specimen@{bad.sha.hex}").sha == bad.sha


def test_a_tag_may_stand_for_a_model_that_went_live_again_after_the_rollback(desk: Desk) -> None:
    old, bad = desk.publish(), desk.publish(**{"golden.jsonl": b"{}\n"})
    desk.live(old, run="one")
    desk.live(bad, run="two")
    desk.rolled_back()
    desk.live(bad, run="three")
    desk.store.tag("specimen", "candidate", bad.sha, by="training")

    assert desk.plan().sha == bad.sha


def test_a_tag_of_another_model_goes_on_after_a_rollback(desk: Desk) -> None:
    old, bad = desk.publish(), desk.publish(**{"golden.jsonl": b"{}\n"})
    desk.live(old, run="one")
    desk.live(bad, run="two")
    desk.rolled_back()
    new = desk.publish(**{"golden.jsonl": b"{}\n{}\n"})
    desk.store.tag("specimen", "candidate", new.sha, by="training")

    assert desk.plan().sha == new.sha


@pytest.mark.parametrize("name", ["tests/test_labels.py", "../live.model", "test_labels.py", ".model/x", ""])
def test_a_pointer_is_a_file_that_no_test_can_be(desk: Desk, name: str) -> None:
    with pytest.raises(InputError, match="is not a pointer to a model"):
        desk.plan(f"@{name}")


def test_the_plan_names_the_pointer_that_it_went_by(desk: Desk) -> None:
    manifest = desk.publish()
    (desk.folder / "live.model").write_text(f"specimen@{manifest.sha.hex}")

    assert desk.plan("@live.model").pointer == "live.model"
    assert desk.plan(f"specimen@{manifest.sha.hex}").pointer == ""
