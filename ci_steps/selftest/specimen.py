"""A small, sound release in a run directory: what the selftest spoils in one place at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.documents import (
    Baseline,
    Evidence,
    FetchedEvidence,
    FetchedModel,
    FetchedReference,
    Plan,
    Reference,
)
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import (
    Code,
    Config,
    DataSource,
    Environment,
    Manifest,
    ModelFile,
    PythonPredictor,
)
from ci_steps.model.settings import (
    EnvironmentSettings,
    ImageSettings,
    IntegrationSettings,
    InterfaceSettings,
    LoadSettings,
    ScanSettings,
    UnitTestSettings,
)
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import digest_of
from ci_steps.rundir import RunDir
from ci_steps.steps.fetch_model import FetchModel

INTERFACE: dict[str, Any] = {
    "input": {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
        "additionalProperties": False,
    },
    "output": {
        "type": "object",
        "properties": {"label": {"enum": ["positive", "negative"]}, "score": {"type": "number"}},
        "required": ["label", "score"],
    },
    "prediction": "/label",
    "score": "/score",
}

PREDICTOR = """\
class Tweets:
    def load(self, folder):
        pass

    def predict(self, requests):
        return [answer("good" in request["text"]) for request in requests]


def answer(good):
    return {"label": "positive" if good else "negative", "score": 0.9 if good else 0.1}
"""


_SORTED = json.JSONEncoder(sort_keys=True)
"""One for all rows: `json.dumps` would make one for each, and the selftest has hundreds of thousands."""


def jsonl(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return one JSON object a line."""
    return "".join([f"{_SORTED.encode(row)}\n" for row in rows]).encode()


def evaluations(n: int = 1000, *, wrong: int = 100, wrong_long: int | None = None) -> list[dict[str, Any]]:
    """Return ``n`` rows, half of them long, of which ``wrong`` (and ``wrong_long`` of the long) are wrong."""
    rows = []
    short_wrong = wrong // 2 if wrong_long is None else max(0, wrong - wrong_long)
    long_wrong = wrong - short_wrong if wrong_long is None else wrong_long
    for number in range(n):
        is_long, truth = number % 2 == 1, "positive" if number % 4 < 2 else "negative"
        spoilt = number // 2 < (long_wrong if is_long else short_wrong)
        flipped = "negative" if truth == "positive" else "positive"
        prediction = flipped if spoilt else truth
        rows.append(
            {
                "id": f"t{number}",
                "truth": truth,
                "prediction": prediction,
                "score": 0.9 if prediction == "positive" else 0.1,
                "slices": {"length": "long" if is_long else "short"},
            }
        )
    return rows


def golden(rows: Sequence[Mapping[str, Any]], n: int = 120) -> list[dict[str, Any]]:
    """Return requests that :data:`PREDICTOR` answers as the first ``n`` evaluations say."""
    return [
        {
            "id": row["id"],
            "request": {"text": f"{'good' if row['prediction'] == 'positive' else 'bad'} {row['id']}"},
            "answer": {"label": row["prediction"], "score": row["score"]},
        }
        for row in rows[:n]
    ]


def model_files(**changes: bytes | None) -> dict[str, bytes]:
    """Return the files of a small sound model; ``changes`` by path replace one, or drop it where None."""
    files = _sound_files() | changes
    return {path: content for path, content in files.items() if content is not None}


@cache
def _sound_files() -> dict[str, bytes | None]:
    rows = evaluations()
    right = sum(row["truth"] == row["prediction"] for row in rows)
    claim = {"metric": "accuracy", "value": right / len(rows), "direction": "higher", "n": len(rows)}
    return {
        "model/predictor.py": PREDICTOR.encode(),
        "interface.json": json.dumps(INTERFACE).encode(),
        "metrics.json": json.dumps({"metrics": [claim | {"dataset": "specimen", "slice": None}]}).encode(),
        "evaluations.jsonl": jsonl(rows),
        "golden.jsonl": jsonl(golden(rows)),
        "requirements.lock": b"",
    }


def manifest_of(files: Mapping[str, bytes], *, name: str = "specimen") -> Manifest:
    """Return the manifest of these files."""
    values = {"seed": 1}
    return Manifest(
        schema=1,
        name=name,
        files=tuple(
            ModelFile(path=path, size=len(content), sha256=Digest.of(content).hex)
            for path, content in sorted(files.items())
        ),
        predictor=PythonPredictor(entry="predictor:Tweets"),
        code=Code(repository="https://example.org/specimen.git", commit="0" * 40, dirty=False),
        data=(DataSource(uri="https://example.org/specimen.txt", sha256="0" * 64),),
        config=Config(values=values, sha256=digest_of(values).hex),
        environment=Environment(
            python="3.11",
            lock="requirements.lock",
            lock_sha256=Digest.of(files["requirements.lock"]).hex,
        ),
    )


@dataclass(frozen=True, slots=True)
class Specimen:
    """A planned and fetched release. Change one thing by :func:`msgspec.structs.replace` or ``plan``."""

    files: Mapping[str, bytes] = field(default_factory=model_files)
    baseline: Mapping[str, bytes] | None = None
    references: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    """The files of models that rules compare with, by what a rule calls each."""
    evidence: Mapping[Digest, bytes] = field(default_factory=dict)
    """Evaluations from beside release.yaml, by the SHA of their model."""
    plan: Mapping[str, Any] = field(default_factory=dict)

    def laid_out(self, root: Path) -> RunDir:
        """Write plan.json, fetch-model.json and the files of every model under ``root``."""
        run = RunDir(root)
        manifest = manifest_of(self.files)
        named = {
            "references": tuple(
                Reference(versus=versus, model="specimen", sha=manifest_of(files).sha)
                for versus, files in self.references.items()
            ),
            "evidence": tuple(self._evidence()),
        }
        plan = msgspec.structs.replace(_plan(manifest, self._baseline()), **(named | dict(self.plan)))
        run.write(plan)
        references = tuple(
            FetchedReference(
                sha=manifest_of(files).sha,
                folder=f"references/{manifest_of(files).sha.short}",
                files=manifest_of(files).files,
            )
            for files in self.references.values()
        )
        evidence = tuple(
            FetchedEvidence(
                sha=each.sha,
                source=each.path,
                folder=f"evidence/{each.sha.short}",
                file=ModelFile(path="evaluations.jsonl", size=each.size, sha256=each.sha256),
            )
            for each in plan.evidence
        )
        run.write(
            FetchedModel(
                made_from={"plan": plan.section(FetchModel.reads)},
                findings=(
                    Finding(
                        check="fetch-model.bytes",
                        verdict=Verdict.PASSED,
                        observed=f"{len(manifest.files)} files as published",
                        rule="every byte as its SHA-256 says",
                    ),
                ),
                files=manifest.files,
                baseline_folder="baseline" if self.baseline is not None else None,
                baseline_files=manifest_of(self.baseline).files if self.baseline is not None else (),
                references=references,
                evidence=evidence,
            )
        )
        folders: dict[str, Mapping[str, bytes]] = {"model": self.files, "baseline": self.baseline or {}}
        folders |= {f"references/{manifest_of(files).sha.short}": files for files in self.references.values()}
        folders |= {
            f"evidence/{sha.short}": {"evaluations.jsonl": rows} for sha, rows in self.evidence.items()
        }
        for folder, files in folders.items():
            for path, content in files.items():
                run.write_bytes(f"{folder}/{path}", content)
        return run

    def _evidence(self) -> Iterator[Evidence]:
        for sha, rows in self.evidence.items():
            yield Evidence(
                model="specimen",
                sha=sha,
                path=f"evidence/{sha.short}.jsonl",
                size=len(rows),
                sha256=Digest.of(rows).hex,
                where="release.yaml:30",
            )

    def _baseline(self) -> Baseline | None:
        if self.baseline is None:
            return None
        return Baseline(
            release="production-1",
            model="specimen",
            sha=manifest_of(self.baseline).sha,
            repository="127.0.0.1:5000/specimen",
            image=Digest("1" * 64),
        )


def _plan(manifest: Manifest, baseline: Baseline | None) -> Plan:
    return Plan(
        run="specimen",
        project="..",
        service="specimen",
        environment="production",
        model=manifest.name,
        sha=manifest.sha,
        manifest=manifest,
        baseline=baseline,
        ledger_length=0,
        ledger_head=None,
        store="store",
        registry="127.0.0.1:5000/specimen",
        image=ImageSettings(base="127.0.0.1:5000/base/python:3.11-slim-bookworm"),
        unit_tests=UnitTestSettings(),
        scan=ScanSettings(code=("model/predictor.py",)),
        metrics=(),
        interface=InterfaceSettings(),
        integration=IntegrationSettings(),
        load=LoadSettings(rate=50, seconds=2),
        target=EnvironmentSettings(target="docker", address="127.0.0.1:18081"),
    )
