"""Comparisons with a model by its SHA, and evaluations that come from beside release.yaml."""

from functools import partial

from msgspec.structs import replace

from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    BETTER,
    FLOOR,
    INCONCLUSIVE,
    PASSED,
    REFUSED,
    VERSUS,
    WARNED,
    Files,
    Others,
    Row,
    case,
    model,
)
from ci_steps.selftest.specimen import evaluations, jsonl, manifest_of

_ROWS, _BETTER, _WORSE = evaluations(), evaluations(wrong=90), evaluations(wrong=160)
_NAME = "specimen@9f2c41d"
_OLDER = replace(VERSUS, versus=_NAME)
_GAIN = replace(BETTER, versus=_NAME)
_BARE = model(_ROWS, **{"evaluations.jsonl": None})
_BARE_BASELINE = model(_BETTER, **{"evaluations.jsonl": None})
_CLAIMED = model(_BETTER, **{"evaluations.jsonl": None, "golden.jsonl": None})
_reference = partial(case, kind="reference")
_evidence = partial(case, kind="evidence")


def _than(files: Files) -> Others:
    return {"references": {_NAME: files}}


def _of(files: Files, rows: list[Row]) -> Others:
    return {"evidence": {manifest_of(files).sha: jsonl(rows)}}


SOURCES: tuple[Case, ...] = (
    _reference("versus", PASSED, "as good as a named model", _OLDER, others=_than(model(_BETTER))),
    _reference(
        "versus",
        REFUSED,
        "worse than a named model, and as good as what is live",
        _OLDER,
        files=model(_WORSE),
        baseline=model(_WORSE),
        others=_than(model(_ROWS)),
    ),
    _reference("versus", REFUSED, "a gain too small", _GAIN, others=_than(model(evaluations(wrong=101)))),
    _reference(
        "versus", WARNED, "the named model itself", _OLDER, files=model(_ROWS), others=_than(model(_ROWS))
    ),
    _reference(
        "versus",
        INCONCLUSIVE,
        "better than itself by name",
        _GAIN,
        files=model(_ROWS),
        others=_than(model(_ROWS)),
    ),
    _reference(
        "reference", INCONCLUSIVE, "a named model without evaluations", _OLDER, others=_than(_BARE_BASELINE)
    ),
    _reference(
        "reference",
        INCONCLUSIVE,
        "a named model whose evaluations are cut off",
        _OLDER,
        others=_than(model(_BETTER, **{"evaluations.jsonl": jsonl(_BETTER)[:-20]})),
    ),
    _evidence("evidence", WARNED, "said where it comes from", FLOOR, files=_BARE, others=_of(_BARE, _ROWS)),
    _evidence("floor", PASSED, "above the floor by evidence", FLOOR, files=_BARE, others=_of(_BARE, _ROWS)),
    _evidence("floor", REFUSED, "under the floor by evidence", FLOOR, files=_BARE, others=_of(_BARE, _WORSE)),
    _evidence("evaluations", INCONCLUSIVE, "evidence of no rows", FLOOR, files=_BARE, others=_of(_BARE, [])),
    _evidence(
        "evaluations",
        INCONCLUSIVE,
        "of another model",
        FLOOR,
        files=_BARE,
        others=_of({**_BARE, "x": b""}, _ROWS),
    ),
    _evidence(
        "golden",
        REFUSED,
        "of other rows than the golden ones",
        FLOOR,
        files=_BARE,
        others=_of(_BARE, _ROWS[200:]),
    ),
    _evidence("golden", PASSED, "that golden rows agree with", FLOOR, files=_BARE, others=_of(_BARE, _ROWS)),
    _evidence("claim", REFUSED, "that a claim contradicts", FLOOR, files=_BARE, others=_of(_BARE, _WORSE)),
    _evidence(
        "versus",
        PASSED,
        "as good as a baseline by its evidence",
        VERSUS,
        baseline=_BARE_BASELINE,
        others=_of(_BARE_BASELINE, _BETTER),
    ),
    _evidence(
        "versus",
        REFUSED,
        "worse than a baseline by its evidence",
        VERSUS,
        files=model(_WORSE),
        baseline=_BARE_BASELINE,
        others=_of(_BARE_BASELINE, _BETTER),
    ),
    _evidence(
        "evidence",
        INCONCLUSIVE,
        "of a baseline whose golden rows contradict it",
        VERSUS,
        baseline=_BARE_BASELINE,
        others=_of(_BARE_BASELINE, _WORSE),
    ),
    _evidence(
        "evidence",
        INCONCLUSIVE,
        "of a named model whose claim contradicts it",
        _OLDER,
        others={**_than(_CLAIMED), **_of(_CLAIMED, _WORSE)},
    ),
    _evidence(
        "baseline-evaluations",
        INCONCLUSIVE,
        "of a baseline, without rows",
        VERSUS,
        baseline=_BARE_BASELINE,
        others=_of(_BARE_BASELINE, []),
    ),
    _evidence(
        "versus",
        REFUSED,
        "worse than a named model by its evidence",
        _OLDER,
        files=model(_WORSE),
        others={**_than(_BARE_BASELINE), **_of(_BARE_BASELINE, _BETTER)},
    ),
)
