from pathlib import Path

import msgspec
import pytest

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.steps.golden.rows import GoldenRow, chosen, golden_rows, predictions

SHA = Digest("a" * 64)


def rows(n: int) -> tuple[GoldenRow, ...]:
    return tuple(GoldenRow(f"t{i}", msgspec.Raw(b"{}"), None) for i in range(n))


def test_the_same_sha_chooses_the_same_rows_whatever_their_order() -> None:
    assert chosen(rows(500), SHA, 100) == chosen(rows(500)[::-1], SHA, 100)


def test_another_sha_chooses_others() -> None:
    ours = {row.id for row in chosen(rows(500), SHA, 100)}
    theirs = {row.id for row in chosen(rows(500), Digest("b" * 64), 100)}

    assert len(ours) == len(theirs) == 100
    assert ours != theirs


def test_a_request_is_kept_word_for_word(tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    path.write_bytes(b'\n{"id": "t1", "request": {"n":1.0,  "t": "\\u00e9"}, "answer": 3}\n')

    [row] = golden_rows(path)

    assert row.body == b'{"n":1.0,  "t": "\\u00e9"}'


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 1, "request": 1, "answer": 1}', '{"id": "a"}', "NaN"])
def test_a_row_that_is_none_is_an_input_error_that_names_the_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    path.write_text('{"id": "t1", "request": 1, "answer": 1}\n' + line + "\n")

    with pytest.raises(InputError, match=r"golden\.jsonl:2: "):
        golden_rows(path)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('{"id": "a", "request": 1, "answer": 1, "answer": 2}', "answer"),
        ('{"id": "a", "request": {"n": 1, "n": 2}, "answer": 1}', "n"),
        ('{"id": "a", "request": [{"n": 1, "\\u006e": 2}], "answer": 1}', "n"),
    ],
)
def test_a_row_that_says_a_thing_twice_is_an_input_error(line: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    path.write_text(line + "\n")

    with pytest.raises(InputError, match=rf"golden\.jsonl:1: key '{key}' is there twice"):
        golden_rows(path)


def test_a_row_with_a_number_of_many_digits_is_read(tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    path.write_text(f'{{"id": "a", "request": {"9" * 5000}, "answer": 1}}\n')

    [row] = golden_rows(path)

    assert len(row.body) == 5000


def test_an_id_that_comes_twice_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "golden.jsonl"
    path.write_text('{"id": "t1", "request": 1, "answer": 1}\n' * 2)

    with pytest.raises(InputError, match=r"golden\.jsonl:2: id 't1' was there before"):
        golden_rows(path)


def test_only_the_wanted_predictions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "evaluations.jsonl"
    path.write_text('{"id": "a", "truth": 1, "prediction": 2}\n{"id": "b", "truth": 1, "prediction": 3}\n')

    assert predictions(path, {"b"}) == {"b": 3}
