"""The training to start from: what it writes for other tables than its sample, and when it says no."""

import csv
import json
import random
import sys
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.start import Values, begun
from ci_steps.steps.scan_model.content import opened
from ci_steps.steps.scan_model.reading import read


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    begun(folder, Values("shop", 8080, 8081, "m.jansen", date(2026, 12, 31)), ci=False)
    (folder / "requirements.lock").write_text("joblib==1.6.0\n")
    return folder


@pytest.fixture(scope="module")
def training(project: Path) -> Iterator[ModuleType]:
    sys.path.insert(0, str(project))
    yield import_module("train")
    sys.path.remove(str(project))
    for name in ("train", "folder"):
        del sys.modules[name]


def customers(path: Path, rows: int) -> Path:
    """Write a table of numbers and texts, some of them missing, with 0 and 1 to be predicted."""
    chance = random.Random(7)
    with path.open("w", newline="", encoding="utf-8") as file:
        written = csv.writer(file)
        written.writerow(["age", "city", "income", "plan", "left"])
        for _ in range(rows):
            age, plan = chance.randint(18, 90), chance.choice("abc")
            income = chance.choice(["", f"{chance.gauss(3000, 800):.2f}"])
            left = int(age + 20 * (plan == "a") + chance.gauss(0, 15) > 60)
            written.writerow([age, chance.choice(["Ulm", "Köln", "NA"]), income, plan, left])
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_texts_and_gaps_of_a_table_are_in_its_interface_and_its_answers(
    training: ModuleType, tmp_path: Path
) -> None:
    out = tmp_path / "models" / "v1"

    training.train(customers(tmp_path / "customers.csv", 400), "left", out)

    shape = json.loads((out / "interface.json").read_text())
    kinds = {name: schema["type"] for name, schema in shape["input"]["properties"].items()}
    assert kinds == {
        "age": "number",
        "city": ["string", "null"],
        "income": ["number", "null"],
        "plan": "string",
    }
    assert shape["output"]["properties"]["label"] == {"enum": [0, 1]}
    golden = rows(out / "golden.jsonl")
    assert len(golden) == 120
    for row in golden:
        Draft202012Validator(shape["input"]).validate(row["request"])
        Draft202012Validator(shape["output"]).validate(row["answer"])


@pytest.mark.parametrize("table", ["customers", "sample"])
def test_the_scan_allows_every_name_of_the_model_to_start_from(
    table: str, training: ModuleType, project: Path, tmp_path: Path
) -> None:
    own = customers(tmp_path / "customers.csv", 400)
    path, target = (own, "left") if table == "customers" else (project / training.TABLE, training.TARGET)
    training.train(path, target, tmp_path / "v1")

    with opened(tmp_path / "v1" / "model" / "model.joblib") as content:
        shown = read("model/model.joblib", content).shown

    assert shown.problems == ()
    assert shown.globals
    assert shown.globals <= set(ReleaseYaml(project / "release.yaml").settings().scan.allow)


def test_the_same_table_gives_the_same_folder_byte_for_byte(training: ModuleType, tmp_path: Path) -> None:
    table = customers(tmp_path / "customers.csv", 400)

    for out in (tmp_path / "a", tmp_path / "b"):
        training.train(table, "left", out)

    for path in (path for path in (tmp_path / "a").rglob("*") if path.is_file()):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_small_table_says_that_its_golden_rows_are_too_few(
    training: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training.train(customers(tmp_path / "customers.csv", 100), "left", tmp_path / "v1")

    assert "30 golden rows; a release wants 100" in capsys.readouterr().out
    assert len(rows(tmp_path / "v1" / "golden.jsonl")) == 30


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("churn", "has no column 'churn'; it has age, city, income, plan, left"),
        ("income", "has rows without 'income'"),
        ("age", "'age' has 73 values; what is trained here is a classifier"),
    ],
)
def test_a_target_that_it_cannot_learn_is_said(
    target: str, said: str, training: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=said):
        training.train(customers(tmp_path / "customers.csv", 900), target, tmp_path / "v1")

    assert not (tmp_path / "v1").exists()


def test_a_folder_that_is_no_model_is_left_alone(training: ModuleType, tmp_path: Path) -> None:
    thesis = tmp_path / "v1" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("ten years of work")

    with pytest.raises(SystemExit, match="is there and is no model folder"):
        training.train(customers(tmp_path / "customers.csv", 400), "left", tmp_path / "v1")

    assert thesis.exists()
