"""Models beside the released one: those that rules name, and those that were evaluated elsewhere."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest
from ci_steps.model.settings import EvidenceSettings, MetricRule
from ci_steps.steps.fetch_model import FetchModel
from tests.unit.plan.desk import SETTINGS, Desk

ROWS = b'{"id": "t0", "truth": 1, "prediction": 1}\n'


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def settle(desk: Desk, **changes: Any) -> None:
    desk.settings = msgspec.structs.replace(SETTINGS, **changes)


def versus(model: str) -> tuple[MetricRule, ...]:
    return (
        MetricRule(
            metric="accuracy", direction="higher", versus=model, worse_by_at_most=0.1, where="release.yaml:7"
        ),
    )


def evidence(model: str, path: str = "held/v1.jsonl") -> tuple[EvidenceSettings, ...]:
    return (EvidenceSettings(model=model, evaluations=path, where="release.yaml:9"),)


def bare(desk: Desk) -> Manifest:
    """Publish a model without evaluations, and write some beside release.yaml."""
    (desk.folder / "held").mkdir(exist_ok=True)
    (desk.folder / "held" / "v1.jsonl").write_bytes(ROWS)
    return desk.publish(**{"evaluations.jsonl": None})


def test_a_model_that_a_rule_names_is_planned_by_its_whole_sha(desk: Desk) -> None:
    older, newer = desk.publish(**{"golden.jsonl": b"{}\n"}), desk.publish()
    named = f"specimen@{older.sha.hex[:7]}"
    settle(desk, metrics=versus(named) * 2)

    plan = desk.plan(f"specimen@{newer.sha.hex}")

    [reference] = plan.references
    assert (reference.versus, reference.sha) == (named, older.sha)
    assert plan.models == {older.sha, newer.sha}


def test_a_model_that_the_store_has_not_is_bad_input_with_the_line_of_its_rule(desk: Desk) -> None:
    settle(desk, metrics=versus("specimen@0123456"))

    with pytest.raises(InputError, match=r"^release\.yaml:7: the store has no model specimen@0123456"):
        desk.plan(desk.publish().sha.hex)


def test_evaluations_from_elsewhere_are_planned_by_their_digest(desk: Desk) -> None:
    manifest = bare(desk)
    settle(desk, evidence=evidence(f"specimen@{manifest.sha.hex[:7]}"))

    [planned] = desk.plan(f"specimen@{manifest.sha.hex}").evidence

    assert (planned.sha, planned.path, planned.size) == (manifest.sha, "held/v1.jsonl", len(ROWS))
    assert planned.sha256 == Digest.of(ROWS).hex


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("held/v2.jsonl", "held/v2.jsonl is not a file"),
        ("held", "held is not a file"),
        ("../v1.jsonl", "leads out of the folder of release.yaml"),
        ("/etc/hostname", "leads out of the folder of release.yaml"),
        ("held/code.py", "is no .jsonl file"),
        ("held/code.jsonl", "is no .jsonl file"),
    ],
)
def test_evaluations_that_are_not_there_or_outside_are_bad_input(desk: Desk, path: str, said: str) -> None:
    manifest = bare(desk)
    (desk.folder / "held" / "code.py").write_text("")
    (desk.folder / "held" / "code.jsonl").symlink_to("code.py")
    settle(desk, evidence=evidence(f"specimen@{manifest.sha.hex}", path))

    with pytest.raises(InputError, match=rf"^release\.yaml:9: .*{said}"):
        desk.plan(f"specimen@{manifest.sha.hex}")


def test_a_link_out_of_the_folder_is_not_followed(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    manifest, outside = bare(desk), tmp_path_factory.mktemp("outside") / "v1.jsonl"
    outside.write_bytes(ROWS)
    (desk.folder / "held" / "link.jsonl").symlink_to(outside)
    settle(desk, evidence=evidence(f"specimen@{manifest.sha.hex}", "held/link.jsonl"))

    with pytest.raises(InputError, match="leads out of the folder"):
        desk.plan(f"specimen@{manifest.sha.hex}")


def test_a_model_with_evaluations_of_its_own_is_held_to_those(desk: Desk) -> None:
    bare(desk)
    manifest = desk.publish()
    settle(desk, evidence=evidence(f"specimen@{manifest.sha.hex}"))

    with pytest.raises(InputError, match=r"^release\.yaml:9: .*published with its own evaluations\.jsonl"):
        desk.plan(f"specimen@{manifest.sha.hex}")


def test_two_files_for_one_model_are_bad_input_however_it_is_named(desk: Desk) -> None:
    sha = bare(desk).sha.hex
    settle(desk, evidence=(*evidence(f"specimen@{sha}"), *evidence(f"specimen@{sha[:9]}")))

    with pytest.raises(InputError, match="named twice"):
        desk.plan(f"specimen@{sha}")


def test_evidence_of_a_model_that_the_store_has_not_is_bad_input(desk: Desk) -> None:
    settle(desk, evidence=evidence("specimen@0123456"))

    with pytest.raises(InputError, match=r"^release\.yaml:9: the store has no model"):
        desk.plan(desk.publish().sha.hex)


def test_evaluations_that_changed_start_a_fresh_run(desk: Desk) -> None:
    manifest = bare(desk)
    settle(desk, evidence=evidence(f"specimen@{manifest.sha.hex}"))
    before = desk.plan(f"specimen@{manifest.sha.hex}")
    (desk.folder / "held" / "v1.jsonl").write_bytes(ROWS * 2)

    after = desk.plan(f"specimen@{manifest.sha.hex}")

    assert after.run != before.run
    assert after.section(FetchModel.reads) != before.section(FetchModel.reads)
