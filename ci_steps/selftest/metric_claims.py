"""Claims and golden rows that `check-metrics` must refuse, must not decide, and must let pass."""

import json
from typing import Any

import msgspec

from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    FLOOR,
    FLOOR_OF_HALF,
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
_LENIENT = [
    row | {"prediction": "negative"} if n < 200 else row for n, row in enumerate(evaluations(wrong=0))
]
"""All wrong rows are positives that it missed: 100 of 500."""
_FLOOR_OF_A_QUARTER = msgspec.structs.replace(FLOOR, floor=0.25)
_THREE: list[Row] = [{"id": f"c{n}", "truth": "abc"[n % 3], "prediction": "a"} for n in range(60)]
_LINES = jsonl(_ROWS).splitlines(keepends=True)
_OVER_TWO_LINES = b'{"id": "over", "slices": {}\n"truth": "positive", "prediction": "positive"}\n'
_LONG_NUMBERS: list[Row] = [
    {"id": f"n{n}", "truth": 2**53 + 1, "prediction": 2.0**53, "score": 0.5} for n in range(40)
]
"""All are wrong, and all would be right if a whole number were read as a float."""
_GOLDEN = golden(_ROWS)
_FLIPPED = changed(_GOLDEN, 7, answer={"label": "neutral", "score": 0.9})
_RESCORED = changed(_GOLDEN, 7, answer=_GOLDEN[7]["answer"] | {"score": 0.5})
_LISTED = changed(_GOLDEN, 7, answer=_GOLDEN[7]["answer"] | {"label": [_GOLDEN[7]["answer"]["label"]]})


def _answering(answer: Any) -> bytes:
    """Return golden rows that all have one answer."""
    return jsonl([{"id": f"n{n}", "request": {"text": "good"}, "answer": answer} for n in range(40)])


def _claiming(rows: list[Row], **claim: Any) -> Files:
    """Return a model that claims one value."""
    return model(rows, **{"metrics.json": claims({"n": len(rows)} | claim)})


def _evaluated(lines: bytes) -> Files:
    """Return a model with these lines as its evaluations."""
    return model(_ROWS, **{"evaluations.jsonl": lines})


def _pointing(prediction: str, score: str | None) -> Files:
    """Return a model whose interface names these places, and whose answers are one label, also in a list."""
    rows = [
        row | {"answer": {"label": row["answer"]["label"], "labels": [row["answer"]["label"]]}}
        for row in _GOLDEN
    ]
    interface = INTERFACE | {"prediction": prediction, "score": score}
    return model(_ROWS, **{"golden.jsonl": jsonl(rows), "interface.json": json.dumps(interface).encode()})


EVIDENCE: tuple[Case, ...] = (
    case("evaluations", PASSED, "evaluations that can be read", FLOOR),
    case(
        "evaluations",
        REFUSED,
        "an example with two truths",
        FLOOR_OF_HALF,
        files=model([*_ROWS, _ROWS[9] | {"truth": "neutral"}]),
    ),
    case(
        "evaluations",
        REFUSED,
        "an example with two answers",
        FLOOR_OF_HALF,
        files=model([_ROWS[9] | {"prediction": "neutral"}, *_ROWS]),
    ),
    case(
        "evaluations",
        INCONCLUSIVE,
        "two rows on one line",
        FLOOR,
        files=_evaluated(b"".join([*_LINES[2:], _LINES[0].strip(), b",", _LINES[1]])),
    ),
    case(
        "evaluations",
        INCONCLUSIVE,
        "a row over two lines beside two rows on one",
        FLOOR,
        files=_evaluated(b"".join([_OVER_TWO_LINES, *_LINES[2:], _LINES[0].strip(), b",", _LINES[1]])),
    ),
    case(
        "evaluations",
        PASSED,
        "blank lines among the rows",
        FLOOR,
        files=_evaluated(b"\n".join(_LINES)),
    ),
    case(
        "evaluations",
        INCONCLUSIVE,
        "whole numbers of more digits than are kept",
        FLOOR,
        files=model(_LONG_NUMBERS),
    ),
    case(
        "evaluations",
        INCONCLUSIVE,
        "a last line that is cut off",
        FLOOR,
        files=_evaluated(b"".join(_LINES)[:-20]),
    ),
    case(
        "claim",
        PASSED,
        "a recall of the label that it names",
        FLOOR_OF_HALF,
        files=_claiming(_LENIENT, metric="recall", positive="negative", value=1),
    ),
    case(
        "claim",
        REFUSED,
        "a recall that is another label's",
        FLOOR_OF_HALF,
        files=_claiming(_LENIENT, metric="recall", value=1),
    ),
    case(
        "claim",
        INCONCLUSIVE,
        "a recall of a label that nobody has",
        FLOOR_OF_HALF,
        files=_claiming(_LENIENT, metric="recall", positive="Negative", value=1),
    ),
    case(
        "claim",
        INCONCLUSIVE,
        "an F1 that does not say of which of three labels",
        _FLOOR_OF_A_QUARTER,
        files=_claiming(_THREE, metric="f1", value=0.5),
    ),
    case(
        "claim",
        PASSED,
        "an F1 of one of three labels",
        _FLOOR_OF_A_QUARTER,
        files=_claiming(_THREE, metric="f1", positive="a", value=0.5),
    ),
    case(
        "claim",
        REFUSED,
        "an accuracy of one label",
        FLOOR_OF_HALF,
        files=_claiming(_LENIENT, metric="accuracy", positive="negative", value=0.9),
    ),
    case(
        "claim",
        REFUSED,
        "a claim that says the wrong way is better",
        FLOOR,
        files=_claiming(_ROWS, direction="lower", value=0.9),
    ),
    case(
        "claim", INCONCLUSIVE, "claims that are cut off", FLOOR, files=model(_ROWS, **{"metrics.json": b"{"})
    ),
    case(
        "golden",
        INCONCLUSIVE,
        "golden rows that are cut off",
        FLOOR,
        files=model(_ROWS, **{"golden.jsonl": jsonl(_GOLDEN)[:-20]}),
    ),
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
