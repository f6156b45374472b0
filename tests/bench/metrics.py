"""The metric gate on a million evaluations a side, beside what merely reads and measures them."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from ci_steps.model.settings import MetricRule
from ci_steps.selftest.evaluated import model
from ci_steps.selftest.specimen import Specimen
from tests.bench.table import Row, Section
from tests.bench.timing import ENVIRON, interleaved, tell

GOAL, MOST_MEMORY = 10, 1024
EVALUATIONS = 1_000_000

_RULE = MetricRule(metric="accuracy", direction="higher", floor=0.8, where="release.yaml:1")
_VERSUS = replace(_RULE, floor=None, versus="baseline", worse_by_at_most=0.01)
RULES = (
    _RULE,
    replace(_RULE, metric="f1"),
    replace(_RULE, metric="log_loss", direction="lower", floor=None, ceiling=0.5),
    replace(_RULE, metric="roc_auc", slices=("length",)),
    _VERSUS,
    replace(_VERSUS, metric="roc_auc"),
)
_READ = """
import sys, msgspec
class Row(msgspec.Struct, gc=False):
    id: str
    truth: str
    prediction: str
    score: float
    slices: dict[str, str]
decoder = msgspec.json.Decoder(Row)
ours, theirs = (decoder.decode_lines(open(path, "rb").read()) for path in sys.argv[1:])
"""
_MEASURE = """
import numpy
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
place = {row.id: number for number, row in enumerate(theirs)}
theirs = [theirs[place[row.id]] for row in ours]
truth = numpy.array([row.truth == "positive" for row in ours])
long = numpy.array([row.slices["length"] == "long" for row in ours])
predicted, then = (numpy.array([row.prediction == "positive" for row in rows]) for rows in (ours, theirs))
score, score_then = (numpy.array([row.score for row in rows]) for rows in (ours, theirs))
f1_score(truth, predicted), log_loss(truth, score)
roc_auc_score(truth[long], score[long]), roc_auc_score(truth[~long], score[~long])
accuracy_score(truth, predicted), accuracy_score(truth, then)
roc_auc_score(truth, score), roc_auc_score(truth, score_then)
"""
PEERS = {"msgspec": _READ, "msgspec and scikit-learn": _READ + _MEASURE}
_NOTES = """\
- ours: `check-metrics` on {n:,} evaluations of the candidate and as many of the baseline (ids, two labels, a
  score and a slice each: {megabytes:,.0f} MB together), six rules: three limits, one by slices, two against
  the baseline. Values, intervals, claims and golden rows; and both files are hashed before they are believed.
- msgspec: both files decoded into structs, and nothing else: no check, no metric.
- msgspec and scikit-learn: the same, then paired by id, and the same values without an interval.
- Peak memory, the most of all rounds: {memory}; the goal is at most {most:,} MiB, met: {met}."""


def measured(rounds: int) -> Section:
    """Judge one large model beside its peers."""
    with tempfile.TemporaryDirectory(prefix="ci-steps-bench-") as name:
        folder = Path(name)
        tell(f"metrics: writing {EVALUATIONS:,} evaluations a side")
        # Linux counts the memory of who starts a process as the process's own, so it must not be ours.
        writer = multiprocessing.get_context("spawn").Process(target=_lay_out, args=(folder,))
        writer.start()
        writer.join()
        files = [folder / side / "evaluations.jsonl" for side in ("model", "baseline")]
        memory: dict[str, float] = {}
        commands: Mapping[str, Sequence[str | Path]] = {
            "ours": ["-m", "ci_steps", "check-metrics", "--run-dir", folder],
            **{peer: ["-c", script, *files] for peer, script in PEERS.items()},
        }

        def once(peer: str) -> float:
            seconds, mebibytes = _run([sys.executable, *commands[peer]], folder)
            memory[peer] = max(memory.get(peer, 0), mebibytes)
            return seconds

        seen = interleaved({peer: partial(once, peer) for peer in commands}, rounds)
        what = "`check-metrics` of 1 + 1 million evaluations"
        rows = [Row(what, seen["ours"], "", None, GOAL)]
        rows += [Row(what, seen["ours"], peer, seen[peer], None) for peer in PEERS]
        notes = _NOTES.format(
            n=EVALUATIONS,
            megabytes=sum(path.stat().st_size for path in files) / 1e6,
            memory=", ".join(f"{peer} {mebibytes:,.0f} MiB" for peer, mebibytes in memory.items()),
            most=MOST_MEMORY,
            met="yes" if memory["ours"] <= MOST_MEMORY else "no",
        )
    return Section("Metrics", f"python -m tests.bench metrics --rounds {rounds}", rows, notes)


def _run(command: Sequence[str | Path], folder: Path) -> tuple[float, float]:
    """Run a command to its end; return its seconds, and its peak memory in MiB."""
    began = time.perf_counter()
    with (folder / "said").open("w+") as said:
        started = subprocess.Popen(command, cwd=folder, env=ENVIRON, stdout=said, stderr=said)
        _, status, usage = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        if started.returncode:
            said.seek(0)
            raise SystemExit(f"{command[1:4]}: exit {started.returncode}\n{said.read()}")
    return seconds, usage.ru_maxrss / 1024


def _lay_out(folder: Path) -> None:
    """Write a fetched run with both files of evaluations."""
    ours, theirs = _evaluations(1, wrong=0.10), _evaluations(2, wrong=0.11)
    Specimen(files=model(ours), baseline=model(theirs), plan={"metrics": RULES}).laid_out(folder)


def _evaluations(seed: int, *, wrong: float) -> list[dict[str, Any]]:
    """Return the rows of one model; truth and slices are the same for all."""
    shared, own = np.random.default_rng(0), np.random.default_rng(seed)
    truth, long = shared.random(EVALUATIONS) < 0.5, shared.random(EVALUATIONS) < 0.3
    predicted = truth ^ (own.random(EVALUATIONS) < wrong)
    score = np.clip(np.where(predicted, 0.75, 0.25) + own.normal(0, 0.1, EVALUATIONS), 0.01, 0.99).round(4)
    columns = (truth.tolist(), predicted.tolist(), score.tolist(), long.tolist())
    return [
        {
            "id": f"t{place:07d}",
            "truth": "positive" if is_up else "negative",
            "prediction": "positive" if says_up else "negative",
            "score": chance,
            "slices": {"length": "long" if is_long else "short"},
        }
        for place, (is_up, says_up, chance, is_long) in enumerate(zip(*columns, strict=True))
    ]
