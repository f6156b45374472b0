"""Lines of evaluations, drawn by a seed, with ties and weights."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ci_steps.selftest.specimen import jsonl
from ci_steps.steps.check_metrics.rows import Rows, read_rows

Line = dict[str, Any]


def rows_of(lines: Sequence[Line], folder: Path) -> Rows:
    path = folder / "evaluations.jsonl"
    path.write_bytes(jsonl(lines))
    return read_rows(path)


def column(lines: Sequence[Line], name: str) -> list[Any]:
    return [line[name] for line in lines]


def labelled(n: int, labels: Sequence[Any], *, seed: int = 1, rare: float = 0.5) -> list[Line]:
    """Return lines of labels, of which the last one comes as often as ``rare`` says; most are right."""
    draw = random.Random(seed)

    def label() -> Any:
        return labels[-1] if draw.random() < rare else draw.choice(labels)

    lines = []
    for number in range(n):
        truth = label()
        lines.append(
            {
                "id": f"r{number}",
                "truth": truth,
                "prediction": truth if draw.random() < 0.6 else label(),
                "score": draw.choice((0.0, 1.0, round(draw.random(), 1))),
                "weight": draw.choice((0.5, 1.0, 3.0)),
            }
        )
    return lines


def measured(n: int, *, seed: int = 2, ties: bool = False) -> list[Line]:
    """Return lines of numbers; with ``ties`` many of them are equal."""
    draw = random.Random(seed)

    def number() -> float:
        return round(draw.gauss(3, 2)) + 0.5 if ties else draw.gauss(3, 2)

    lines = []
    for place in range(n):
        truth = number()
        near = truth + number() - 3
        lines.append({"id": f"r{place}", "truth": truth, "prediction": near, "weight": draw.random() + 0.1})
    return lines
