from pathlib import Path

import pytest

from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError, brought_together
from tests.fakes.evaluated import Line, labelled, measured, rows_of

LINES = [
    line | {"slices": {"length": "long" if n < 20 else "short"}} for n, line in enumerate(labelled(60, "ab"))
]


def sides_of(ours: list[Line], theirs: list[Line], folder: Path) -> Sides:
    return brought_together(rows_of(ours, folder), rows_of(theirs, folder))


def changed(place: int, **changes: object) -> list[Line]:
    return [line | changes if n == place else line for n, line in enumerate(LINES)]


def test_a_choice_of_the_examples_is_not_compared(tmp_path: Path) -> None:
    with pytest.raises(UndecidableError, match="3 of the 60 examples that it is compared on") as problem:
        sides_of(LINES[3:], LINES, tmp_path)

    assert problem.value.check == "check-metrics.examples"


def test_rows_stand_beside_those_of_the_same_id_and_more_of_the_candidate_are_counted(
    tmp_path: Path,
) -> None:
    sides = sides_of(LINES, LINES[:10:-1], tmp_path)

    assert sides.paired
    assert list(sides.candidate.ids) == list(sides.baseline.ids) == sorted(line["id"] for line in LINES[11:])
    assert (sides.only_candidate, sides.only_baseline) == (11, 0)
    assert (sides.candidate.truth == sides.baseline.truth).all()


def test_sides_without_a_shared_id_stay_apart_with_one_set_of_labels(tmp_path: Path) -> None:
    theirs = [line | {"id": f"x{n}", "prediction": "c"} for n, line in enumerate(LINES)]

    sides = sides_of(LINES, theirs, tmp_path)

    assert not sides.paired
    assert sides.candidate.labels == sides.baseline.labels == ("a", "b", "c")
    assert (sides.baseline.prediction == 2).all()


def test_numbers_of_both_sides_are_one_set_of_labels(tmp_path: Path) -> None:
    lines = measured(50)
    theirs = [line | {"prediction": line["prediction"] + 1} for line in lines]

    sides = sides_of(lines, theirs, tmp_path)

    ours, other = sides.candidate.numbers, sides.baseline.numbers
    assert (ours[0] == other[0]).all()
    assert (ours[1] + 1 == other[1]).all()
    assert list(sides.candidate.labels) == sorted({*sides.candidate.labels})


@pytest.mark.parametrize(
    ("changes", "what"), [({"truth": "c"}, "truth"), ({"weight": 7.0}, "weight"), ({"truth": "b"}, "truth")]
)
def test_an_example_that_is_another_one_at_the_baseline_is_named(
    changes: dict[str, object], what: str, tmp_path: Path
) -> None:
    place = next(n for n, line in enumerate(LINES) if line["truth"] == "a" and line["weight"] != 7)

    with pytest.raises(
        UndecidableError, match=rf"id 'r{place}' has another {what} .*\(1 such ids\)"
    ) as problem:
        sides_of(LINES, changed(place, **changes), tmp_path)

    assert problem.value.check == "check-metrics.truth"


def test_sides_of_different_kinds_are_not_compared(tmp_path: Path) -> None:
    with pytest.raises(UndecidableError, match="truth is text, and number at the baseline"):
        sides_of(LINES, measured(60), tmp_path)


@pytest.mark.parametrize(
    ("slices", "seen"),
    [({"length": "short"}, "length=short"), ({}, "length=nothing"), ({"length": "tiny"}, "length=tiny")],
)
def test_an_example_in_another_slice_at_the_baseline_is_named(
    slices: dict[str, str], seen: str, tmp_path: Path
) -> None:
    sides = sides_of(LINES, changed(7, slices=slices), tmp_path)

    with pytest.raises(UndecidableError, match=f"id 'r7' has length=long, and {seen} at the baseline"):
        sides.refuse_moved("length")


def test_a_slice_that_only_the_baseline_has_moves_every_example(tmp_path: Path) -> None:
    sides = sides_of([line | {"slices": {}} for line in LINES], LINES, tmp_path)

    assert sides.values("length") == ("long", "short")
    with pytest.raises(UndecidableError, match="id 'r0' has length=nothing, and length=long"):
        sides.refuse_moved("length")


def test_sides_that_are_parted_alike_are_not_refused(tmp_path: Path) -> None:
    sides = sides_of(LINES, LINES[::-1], tmp_path)

    sides.refuse_moved("length")
    sides.refuse_moved("nothing")

    part = sides.where("length", "long")
    assert len(part.candidate) == len(part.baseline) == 20
