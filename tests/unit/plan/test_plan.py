"""What is decided before anything is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from ci_steps.adapters.kit_store import KitStore
from ci_steps.documents import FetchedModel, Plan
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import Ending, LedgerEntry
from ci_steps.model.manifest import Manifest
from ci_steps.model.release import Release
from ci_steps.model.settings import (
    EnvironmentSettings,
    ImageSettings,
    LoadSettings,
    MetricRule,
    Settings,
)
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.steps.plan import MakePlan
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.ledger import MemoryLedger
from tests.fakes.progress import Told


def environment(port: int) -> EnvironmentSettings:
    return EnvironmentSettings(target="docker", address=f"127.0.0.1:{port}")


SETTINGS = Settings(
    service="specimen",
    model="specimen:candidate",
    store="store",
    registry="127.0.0.1:5000/specimen",
    image=ImageSettings(base="base:1"),
    metrics=(MetricRule(metric="accuracy", direction="higher", floor=0.7),),
    load=LoadSettings(rate=1, seconds=1),
    environments={"staging": environment(1), "production": environment(2)},
)


@dataclass
class Desk:
    """Where plans are made in these tests."""

    folder: Path
    store: KitStore = field(default_factory=lambda: KitStore(MemoryBlobs(), "the store", Told()))
    ledgers: dict[str, MemoryLedger] = field(default_factory=dict)
    settings: Settings = SETTINGS

    @property
    def run(self) -> RunDir:
        return RunDir(self.folder / "run")

    def ledger(self, name: str) -> MemoryLedger:
        return self.ledgers.setdefault(name, MemoryLedger())

    def publish(self, **changes: bytes) -> Manifest:
        files = model_files(**changes)
        manifest = manifest_of(files)
        lay(files, self.folder / manifest.sha.short)
        self.store.publish(manifest, self.folder / manifest.sha.short)
        return manifest

    def plan(self, model: str = "", into: str = "production", *, dry_run: bool = False) -> Plan:
        plan = MakePlan(
            settings=self.settings,
            model=model,
            environment=into,
            dry_run=dry_run,
            project="..",
            config="release.yaml",
            store=self.store,
            ledger=self.ledger,
        ).run(self.run)
        self.run.write(plan)
        return plan

    def live(self, manifest: Manifest, run: str, ending: Ending = Ending.LIVE) -> None:
        """Append an intent and its outcome, as a rollout would."""
        ledger = self.ledger("production")
        for kind in ("intent", "outcome"):
            history = ledger.history()
            number = len(history.entries) + 1
            entry = LedgerEntry(
                number=number,
                previous=history.head,
                kind="intent" if kind == "intent" else "outcome",
                action="rollout",
                run=run,
                service="specimen",
                environment="production",
                release=Release(
                    id=f"production-{number}",
                    model=manifest.name,
                    sha=manifest.sha,
                    repository="127.0.0.1:5000/specimen",
                    image=Digest("1" * 64),
                    replicas=1,
                ),
                before=history.live,
                planned_at=number - 1,
                ending=ending if kind == "outcome" else None,
                by="someone",
                at="2026-01-01T00:00:00+00:00",
            )
            assert ledger.append(entry)


def lay(files: Mapping[str, bytes], folder: Path) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


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
