import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ci_steps.selftest.specimen import evaluations, jsonl
from ci_steps.steps.check_metrics.rows import ContradictoryError, UnusableError, in_words, read_rows
from tests.fakes.evaluated import Line, rows_of

GOOD = '{"id": "a", "truth": "x", "prediction": "y"}'


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("{", "line 2: input data was truncated"),
        ('{"id": "b", "truth": "x"}', "missing required field `prediction`"),
        ('{"id": "b", "truth": null, "prediction": "x"}', "truth is null"),
        ('{"id": "b", "truth": "x", "prediction": "x", "score": NaN}', "NaN or Infinity"),
        ('{"id": "b", "truth": "x", "prediction": "x", "score": -Infinity}', "NaN or Infinity"),
        ('{"id": "b", "truth": "x", "prediction": "x", "weigth": 2}', "unknown field `weigth`"),
        ('{"id": "b", "truth": "x", "prediction": "x", "weight": 0}', "weight is 0"),
        (
            '{"id": "b", "truth": "x", "prediction": "x", "weight": 1e200}',
            "weight is 1e.200; it must be at most 1e.100",
        ),
        ('{"id": "b", "truth": "x", "prediction": "y", "prediction": "x"}', "prediction is there twice"),
        (
            '{"id": "b", "truth": "x", "prediction": "y", "predictio\\u006e": "x"}',
            "prediction is there twice",
        ),
        ('{"id": "b", "truth": "x", "prediction": "x", "weight": 1, "weight": 2}', "weight is there twice"),
        ('{"id": "b", "truth": 1, "prediction": "x"}', "truth is a number where a text stood"),
        ('{"id": "b", "truth": "x", "prediction": true}', "prediction is a boolean where a text stood"),
        ('{"id": "b", "truth": "x", "prediction": "x", "weight": 1e999}', "out of range"),
        ('{"id": "b", "truth": "x", "prediction": "x"} {}', "trailing characters"),
        ('{"id": "b", "truth": "x", "prediction": "x"},', "trailing characters"),
        ('{"id": "b", "truth": "x", "prediction": "x"}, ' + GOOD, "trailing characters"),
        ('{"id": "b", "truth": "x"\n"prediction": "x"}', "truncated"),
        ('{"id": "b", "slices": {}\n"truth": "x", "prediction": "x"}', "truncated"),
        ("[" + GOOD + "]", "expected `object`, got `array`"),
        ("\ufeff" + GOOD, "JSON is malformed: invalid character"),
        (GOOD, "id 'a' was there before"),
    ],
)
def test_one_bad_line_makes_all_evaluations_unusable_and_is_named(
    second: str, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_text(f"{GOOD}\n{second}\n")

    with pytest.raises(UnusableError, match=f"^line 2: .*{why}" if "line" not in why else why):
        read_rows(path)


def test_labels_and_slices_may_be_called_as_a_key_is(tmp_path: Path) -> None:
    row = {"id": "weight", "truth": "truth", "prediction": "score", "slices": {"prediction": "id"}}
    path = tmp_path / "evaluations.jsonl"
    path.write_text(json.dumps(row) + "\n")

    rows = read_rows(path)

    assert (list(rows.ids), list(rows.labels)) == (["weight"], ["score", "truth"])


def test_a_row_over_two_lines_is_not_made_good_by_two_rows_on_one(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_text(
        '{"id": "a", "slices": {}\n"truth": "x", "prediction": "y"}\n{0}, {0}\n'.replace("{0}", GOOD)
    )

    with pytest.raises(UnusableError, match=r"^line 1: "):
        read_rows(path)


@pytest.mark.parametrize("number", [10**400, 10**309, 2**53 + 1, -(2**53) - 1])
def test_a_whole_number_that_cannot_be_told_from_its_neighbour_is_refused(
    number: int, tmp_path: Path
) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_text(f'{{"id": "a", "truth": {number}, "prediction": 1}}\n')

    with pytest.raises(UnusableError, match=r"^line 1: .*(number|range)"):
        read_rows(path)


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**80, 1e300])
def test_a_large_number_that_is_itself_is_a_label(number: float, tmp_path: Path) -> None:
    rows = rows_of([{"id": "a", "truth": number, "prediction": 1}], tmp_path)

    assert [*rows.labels] == sorted([number, 1])


LONG = 40_000
"""Rows that make more than one chunk of what is read at once."""


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"prediction": None}, "prediction is null"),
        ({"truth": True}, "truth is a boolean where a text stood before"),
        ({"weight": -1}, "weight is -1"),
        ({"id": "t7"}, "id 't7' was there before"),
    ],
)
def test_a_bad_line_far_down_is_named_by_its_number_blank_ones_counted(
    spoilt: dict[str, Any], why: str, tmp_path: Path
) -> None:
    lines = evaluations(LONG)
    lines[30_000] |= spoilt
    path = tmp_path / "evaluations.jsonl"
    path.write_bytes(b"\n \t\n" + jsonl(lines))

    with pytest.raises(UnusableError, match=rf"^line 30003: .*{why}"):
        read_rows(path)


def test_the_first_mistake_is_told_where_there_are_two(tmp_path: Path) -> None:
    lines = evaluations(LONG)
    lines[100] = lines[50]
    lines[30_000] |= {"weight": 0}

    with pytest.raises(UnusableError, match=r"^line 101: id 't50' was there before"):
        rows_of(lines, tmp_path)


@pytest.mark.parametrize("name", ["truth", "prediction"])
def test_an_example_with_two_answers_is_a_contradiction_and_told_before_what_is_merely_twice(
    name: str, tmp_path: Path
) -> None:
    lines = evaluations(LONG)
    lines[100] = lines[50]
    lines[30_000] |= {"id": "t9", name: "negative" if lines[9][name] == "positive" else "positive"}
    other = "truth" if name == "prediction" else "prediction"
    lines[30_000][other] = lines[9][other]

    said = f"^line 30001: id 't9' was there before, on line 10, with another {name}"
    with pytest.raises(ContradictoryError, match=said):
        rows_of(lines, tmp_path)


def test_rows_are_the_same_whatever_the_order_of_lines(tmp_path: Path) -> None:
    lines = evaluations(LONG)
    turned = random.Random(1).sample(lines, len(lines))

    one, other = rows_of(lines, tmp_path), rows_of(turned, tmp_path)

    assert list(one.ids) == list(other.ids) == sorted(line["id"] for line in lines)
    assert one.labels == other.labels
    for name in ("truth", "prediction", "score", "weight"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    for value in ("long", "short"):
        assert list(one.where({"length": value}).ids) == list(other.where({"length": value}).ids)


ODD = ["a", "a\0", "b", "z" * 100, "ä", "ö", "\U0001f600", ""]
"""Ids that an array of bytes keeps, and some that it does not."""


@pytest.mark.parametrize("ids", [ODD, [id_ for id_ in ODD if "\0" not in id_], ["b", "a", "c"]])
def test_ids_are_any_text_and_ascend(ids: list[str], tmp_path: Path) -> None:
    rows = rows_of([{"id": id_, "truth": "x", "prediction": "x"} for id_ in ids], tmp_path)

    assert list(rows.ids) == sorted(ids)
    assert rows.ids.places([*ids, "A", "zz"]) == [*map(sorted(ids).index, ids), None, None]


@pytest.mark.parametrize("theirs", [ODD, ["b", "ä", "c"], ["c", "d"]])
def test_ids_that_both_sides_have_are_found(theirs: list[str], tmp_path: Path) -> None:
    ours = ["ä", "c", "b", "x"]
    one, other = (
        rows_of([{"id": id_, "truth": "x", "prediction": "x"} for id_ in ids], tmp_path).ids
        for ids in (ours, theirs)
    )

    here, there = one.shared(other)

    assert [one[place] for place in here.tolist()] == sorted({*ours} & {*theirs})
    assert [other[place] for place in there.tolist()] == sorted({*ours} & {*theirs})


def test_a_number_is_one_label_however_it_is_written(tmp_path: Path) -> None:
    lines: list[Line] = [
        {"id": "a", "truth": 1, "prediction": 1.0},
        {"id": "b", "truth": 2.5, "prediction": -0.0},
    ]

    rows = rows_of(lines, tmp_path)

    assert [in_words(label) for label in rows.labels] == ["0", "1", "2.5"]
    assert rows.truth.tolist() == [1, 2]
    assert rows.prediction.tolist() == [1, 0]


def test_scores_and_weights_may_be_left_out_row_by_row(tmp_path: Path) -> None:
    lines: list[Line] = [
        {"id": "a", "truth": "x", "prediction": "x", "score": 1, "weight": 2},
        {"id": "b", "truth": "x", "prediction": "x", "score": None},
        {"id": "c", "truth": "x", "prediction": "x"},
    ]

    rows = rows_of(lines, tmp_path)

    assert np.array_equal(rows.score, [1.0, np.nan, np.nan], equal_nan=True)
    assert rows.weight.tolist() == [2.0, 1.0, 1.0]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_text(f"\n{GOOD}\n\n")

    assert len(read_rows(path)) == 1


def test_a_slice_is_found_by_its_value_whatever_its_type(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = evaluations(12, wrong=0)
    for number, line in enumerate(lines):
        line["slices"] = {"long": number < 5, "bucket": number % 3}
    path = tmp_path / "evaluations.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    rows = read_rows(path)

    assert len(rows.where({"long": "true"})) == 5
    assert len(rows.where({"bucket": "2", "long": "false"})) == 3
    assert len(rows.where({"bucket": "9"})) == 0
    assert rows.slices["bucket"].occurring() == {"0", "1", "2"}
    assert rows.where({"bucket": "2"}).slices["bucket"].occurring() == {"2"}
    assert len(rows.where({"other": "x"})) == 0


def test_a_slice_that_begins_late_leaves_the_rows_before_it_without_a_value(tmp_path: Path) -> None:
    lines = evaluations(LONG)
    lines[-1] |= {"slices": {"length": "long", "late": "yes"}}
    lines[0] |= {"slices": {}}

    rows = rows_of(lines, tmp_path)

    assert list(rows.where({"late": "yes"}).ids) == [f"t{LONG - 1}"]
    assert int((rows.slices["late"].codes < 0).sum()) == LONG - 1
    assert int((rows.slices["length"].codes < 0).sum()) == 1
