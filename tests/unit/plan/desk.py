"""Where plans are made in these tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ci_steps.adapters.kit_store import KitStore
from ci_steps.documents import Plan
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
from ci_steps.selftest.specimen import manifest_of, model_files
from ci_steps.steps.plan import MakePlan
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.ledger import MemoryLedger
from tests.fakes.progress import Told
from tests.fakes.sources import MemorySources


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
    """A store, ledgers and a run directory, to plan in."""

    folder: Path
    store: KitStore = field(default_factory=lambda: KitStore(MemoryBlobs(), "the store", Told()))
    ledgers: dict[str, MemoryLedger] = field(default_factory=dict)
    sources: MemorySources = field(default_factory=MemorySources)
    settings: Settings = SETTINGS

    @property
    def run(self) -> RunDir:
        return RunDir(self.folder / "run")

    @property
    def other(self) -> RunDir:
        return RunDir(self.folder / "other")

    def ledger(self, name: str) -> MemoryLedger:
        return self.ledgers.setdefault(name, MemoryLedger())

    def publish(self, **changes: bytes | None) -> Manifest:
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
            sources=self.sources,
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

    def rolled_back(self) -> None:
        """Append what a rollback in production leaves: it withdraws what is live."""
        ledger = self.ledger("production")
        live, before = ledger.history().live, ledger.history().previous
        for kind in ("intent", "outcome"):
            history = ledger.history()
            entry = msgspec.structs.replace(
                ledger.entries[-1],
                number=len(history.entries) + 1,
                previous=history.head,
                kind="intent" if kind == "intent" else "outcome",
                action="rollback",
                release=before,
                before=live,
                ending=Ending.LIVE if kind == "outcome" else None,
                by="night",
            )
            assert ledger.append(entry)


def lay(files: Mapping[str, bytes], folder: Path) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
