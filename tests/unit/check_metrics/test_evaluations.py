import json
from pathlib import Path
from typing import Any

import pytest

from ci_steps.selftest.specimen import evaluations
from ci_steps.steps.check_metrics.rows import UnusableError, read_rows

GOOD = '{"id": "a", "truth": "x", "prediction": "y"}'


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("{", "line 2: input data was truncated"),
        ('{"id": "b", "truth": "x"}', "missing required field `prediction`"),
        ('{"id": "b", "truth": null, "prediction": "x"}', "got `null`"),
        ('{"id": "b", "truth": "x", "prediction": "x", "score": NaN}', "NaN or Infinity"),
        ('{"id": "b", "truth": "x", "prediction": "x", "score": -Infinity}', "NaN or Infinity"),
        ('{"id": "b", "truth": "x", "prediction": "x", "weigth": 2}', "unknown field `weigth`"),
        ('{"id": "b", "truth": "x", "prediction": "x", "weight": 0}', "weight is 0"),
        ('{"id": "b", "truth": 1, "prediction": "x"}', "truth is a number where a text stood"),
        ('{"id": "b", "truth": "x", "prediction": true}', "prediction is a boolean where a text stood"),
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


def test_a_number_too_large_to_reckon_with_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_text(f'{{"id": "a", "truth": {10**400}, "prediction": 1}}\n')

    with pytest.raises(UnusableError, match="line 1"):
        read_rows(path)


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
    assert len(rows.where({"other": "x"})) == 0
