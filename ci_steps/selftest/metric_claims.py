"""Claims and golden rows that `check-metrics` must refuse, must not decide, and must let pass."""

import json
from typing import Any

from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    FLOOR,
    INCONCLUSIVE,
    OFF_BY,
    OFF_BY_99_5,
    PASSED,
    REFUSED,
    Files,
    Row,
    case,
    changed,
    claims,
    model,
)
from ci_steps.selftest.specimen import INTERFACE, evaluations, golden, jsonl

_ROWS = evaluations()
_RIGHTER = evaluations(wrong=70)
_RENAMED = [row | {"id": f"other-{row['id']}"} for row in _ROWS]
_ONES: list[Row] = [{"id": f"n{n}", "truth": 1, "prediction": 1} for n in range(40)]
_GOLDEN = golden(_ROWS)
_FLIPPED = changed(_GOLDEN, 7, answer={"label": "neutral", "score": 0.9})
_RESCORED = changed(_GOLDEN, 7, answer=_GOLDEN[7]["answer"] | {"score": 0.5})
_LISTED = changed(_GOLDEN, 7, answer=_GOLDEN[7]["answer"] | {"label": [_GOLDEN[7]["answer"]["label"]]})


def _answering(answer: Any) -> bytes:
    """Return golden rows that all have one answer."""
    return jsonl([{"id": f"n{n}", "request": {"text": "good"}, "answer": answer} for n in range(40)])


def _pointing(prediction: str, score: str | None) -> Files:
    """Return a model whose interface names these places, and whose answers are one label, also in a list."""
    rows = [
        row | {"answer": {"label": row["answer"]["label"], "labels": [row["answer"]["label"]]}}
        for row in _GOLDEN
    ]
    interface = INTERFACE | {"prediction": prediction, "score": score}
    return model(_ROWS, **{"golden.jsonl": jsonl(rows), "interface.json": json.dumps(interface).encode()})


EVIDENCE: tuple[Case, ...] = (
    case("claim", PASSED, "a claim that is true", FLOOR),
    case(
        "claim",
        PASSED,
        "a claim rounded to its last digit",
        OFF_BY,
        files=model(
            OFF_BY_99_5,
            **{"metrics.json": claims({"metric": "mae", "direction": "lower", "value": 100, "n": 40})},
        ),
    ),
    case("claim", INCONCLUSIVE, "no claims", FLOOR, files=model(_ROWS, **{"metrics.json": None})),
    case(
        "claim",
        REFUSED,
        "a claim that is not true",
        FLOOR,
        files=model(_ROWS, **{"metrics.json": claims({"value": 0.9101, "n": 1000})}),
    ),
    case(
        "claim",
        REFUSED,
        "a claim on other rows",
        FLOOR,
        files=model(_ROWS, **{"metrics.json": claims({"value": 0.9, "n": 999})}),
    ),
    case("golden", PASSED, "golden rows that agree", FLOOR),
    case("golden", INCONCLUSIVE, "no golden rows", FLOOR, files=model(_ROWS, **{"golden.jsonl": None})),
    case(
        "golden",
        REFUSED,
        "a golden row of an unknown id",
        FLOOR,
        files=model(_ROWS, **{"golden.jsonl": jsonl(golden(_RENAMED))}),
    ),
    case(
        "golden",
        REFUSED,
        "another answer than evaluated",
        FLOOR,
        files=model(_ROWS, **{"golden.jsonl": jsonl(_FLIPPED)}),
    ),
    case(
        "golden",
        REFUSED,
        "another score than evaluated",
        FLOOR,
        files=model(_ROWS, **{"golden.jsonl": jsonl(_RESCORED)}),
    ),
    case(
        "claim",
        REFUSED,
        "a claim that only its few digits would cover",
        FLOOR,
        files=model(_RIGHTER, **{"metrics.json": claims({"value": 0.9, "n": 1000})}),
    ),
    case(
        "golden",
        REFUSED,
        "a list where the prediction should be",
        FLOOR,
        files=model(_ROWS, **{"golden.jsonl": jsonl(_LISTED)}),
    ),
    case(
        "golden",
        REFUSED,
        "true where the prediction should be 1",
        FLOOR,
        files=model(_ONES, **{"golden.jsonl": _answering({"label": True, "score": 0.5})}),
    ),
    case("golden", PASSED, "golden rows of a model without scores", FLOOR, files=_pointing("/label", None)),
    case("golden", PASSED, "a prediction in a list", FLOOR, files=_pointing("/labels/0", None)),
    case("golden", REFUSED, "a prediction past the end of a list", FLOOR, files=_pointing("/labels/1", None)),
)
