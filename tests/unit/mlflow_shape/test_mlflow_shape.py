"""A model as MLflow saves it becomes one of the kit's, wherever it lies."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from ci_steps.adapters.locking import Locking
from ci_steps.adapters.mlflow_shape import MlflowShape
from ci_steps.errors import InputError
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, Known, SourceFile
from ci_steps.ports import Ended
from tests.fakes.programs import Asked, ScriptedPrograms

LOCK = "numpy==2.4.6 --hash=sha256:" + "0" * 64 + "\n"
COLUMNS = '[{"type": "double", "name": "length", "required": true}]'
LABELS = '[{"type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}}]'
ABOUT = {
    "flavors": {"python_function": {"loader_module": "mlflow.sklearn", "python_version": "3.11.7"}},
    "signature": {"inputs": COLUMNS, "outputs": LABELS, "params": None},
    "utc_time_created": "2026-11-23 00:00:49.918374",
}
TABLE = {
    "columns": ["length", "label", "outputs", "toxicity/v1/score"],
    "data": [[1.5, "large", "large", 0.1], [-1.0, "small", "large", 0.2]],
}
FILES = {
    "MLmodel": yaml.safe_dump(ABOUT).encode(),
    "model.skops": b"skops",
    "requirements.txt": b"numpy==2.4.6\n",
}


def mlmodel(**changes: Any) -> bytes:
    return yaml.safe_dump(ABOUT | changes).encode()


def locks(asked: Asked) -> Ended:
    """Write what uv would, the list that it was given above it."""
    wanted = Path(asked.command[-1]).read_text(encoding="utf-8").splitlines()
    lock = LOCK + "".join(f"# {line}\n" for line in wanted)
    Path(asked.command[asked.command.index("-o") + 1]).write_text(lock, encoding="utf-8")
    return Ended(0, "")


def shaped(
    files: dict[str, bytes], known: Known | None = None, uv: Callable[[Asked], Ended] = locks
) -> tuple[Found, ScriptedPrograms]:
    programs = ScriptedPrograms({"uv": uv})
    found = Found(
        origin=Origin(address="mlflow:models/flowers/1", facts={}),
        files=tuple(
            SourceFile(path=path, size=len(content), locator=path) for path, content in files.items()
        ),
        known=known or Known(name="flowers"),
    )
    shape = MlflowShape(Locking(programs, {}, b"fastapi==1\n"))
    assert shape.fits(found)
    return shape.shaped(found, lambda file: files[file.locator]), programs


def made(found: Found, path: str) -> Any:
    return json.loads(found.made[path])


def test_what_is_loaded_moves_below_model_and_evidence_lies_beside_it() -> None:
    found, _ = shaped(FILES | {"ci_steps/golden.jsonl": b"{}\n", "interface.json": b"{}", "code/a.py": b""})

    assert [file.path for file in found.files] == [
        "golden.jsonl",
        "interface.json",
        "model/MLmodel",
        "model/code/a.py",
        "model/model.skops",
        "model/requirements.txt",
    ]
    assert {file.path: file.locator for file in found.files}["golden.jsonl"] == "ci_steps/golden.jsonl"
    assert found.known.python == "3.11"
    assert yaml.safe_load(found.made["model.yaml"]) == {"name": "flowers", "predictor": {"pyfunc": "model"}}


def test_of_two_files_for_one_place_the_one_beside_mlmodel_is_taken() -> None:
    found, _ = shaped(FILES | {"ci_steps/golden.jsonl": b"1", "golden.jsonl": b"22"})

    [golden] = [file for file in found.files if file.path == "golden.jsonl"]
    assert golden.locator == "golden.jsonl"


def test_what_was_logged_as_the_kit_wants_it_is_not_made_anew() -> None:
    own = dict.fromkeys(("interface.json", "metrics.json", "model.yaml", "requirements.lock"), b"{}")

    found, programs = shaped(FILES | own, Known(name="flowers", metrics={"accuracy": 0.9}))

    assert found.made == {}
    assert programs.asked == []


def test_another_form_is_left_alone() -> None:
    shape = MlflowShape(Locking(ScriptedPrograms({}), {}))
    of_the_kit = ("model.yaml", "model/MLmodel"), ("MLmodel", "manifest.json")

    for paths in of_the_kit:
        files = tuple(SourceFile(path=path, size=1, locator=path) for path in paths)
        assert not shape.fits(Found(origin=Origin(address="file:x", facts={}), files=files))


def test_a_signature_becomes_the_schemas_of_one_request_and_one_answer() -> None:
    columns = [
        {"type": "double", "name": "length", "required": True},
        {"type": "string", "name": "kind", "required": False},
        {"type": "datetime", "name": "at", "required": True},
        {"type": "array", "items": {"type": "long"}, "name": "counts", "required": True},
        {
            "type": "object",
            "properties": {"city": {"type": "string", "required": True}, "zip": {"type": "integer"}},
            "name": "place",
            "required": True,
        },
        {"type": "map", "values": {"type": "boolean"}, "name": "flags", "required": True},
        {"type": "binary", "name": "raw", "required": True},
        {"type": "any", "name": "rest", "required": True},
    ]
    signature = {"inputs": json.dumps(columns), "outputs": LABELS}

    interface = made(shaped(FILES | {"MLmodel": mlmodel(signature=signature)})[0], "interface.json")

    request = {
        "length": 1,
        "at": "2026-02-28T10:00:00",
        "counts": [1, 2],
        "place": {"city": "Delft", "zip": 2611},
        "flags": {"new": True},
        "raw": "AAEC",
        "rest": None,
    }
    check = jsonschema.Draft202012Validator(interface["input"]).is_valid
    assert check(request)
    assert check(request | {"kind": None})
    assert check(request | {"more": 1}), "MLflow passes over what it does not know"
    for wrong in (
        {"length": "1"},
        {"at": "2026-02-30"},
        {"counts": [1.5]},
        {"place": {"zip": 1}},
        {"raw": "?"},
        {"flags": {"new": 1}},
    ):
        assert not check(request | wrong), wrong
    assert not check({name: value for name, value in request.items() if name != "length"})
    assert (interface["prediction"], interface["output"]["required"]) == ("/label", ["label"])


@pytest.mark.parametrize(
    ("inputs", "sound", "wrong"),
    [
        ([{"type": "string"}], "one text", {"text": "one"}),
        ([{"type": "double"}, {"type": "string"}], [1.0, "a"], [1.0]),
        ([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}], [1, 2], [1, 2, 3]),
        ([{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}], 1, 1.5),
        (
            [{"type": "tensor", "name": "x", "tensor-spec": {"dtype": "float32", "shape": [-1, -1]}}],
            {"x": [1.0, 2.0, 3.0]},
            {"x": 1.0},
        ),
    ],
)
def test_columns_without_names_and_tensors_have_requests_too(
    inputs: list[dict[str, Any]], sound: Any, wrong: Any
) -> None:
    content = mlmodel(signature={"inputs": json.dumps(inputs)})

    interface = made(shaped(FILES | {"MLmodel": content})[0], "interface.json")

    check = jsonschema.Draft202012Validator(interface["input"]).is_valid
    assert check(sound)
    assert not check(wrong)
    assert interface["output"] is True


@pytest.mark.parametrize(
    ("outputs", "prediction", "score"),
    [
        ([{"type": "double", "name": "price"}], "/price", None),
        ([{"type": "string", "name": "label"}, {"type": "double", "name": "score"}], "/label", "/score"),
        ([{"type": "string", "name": "a/b"}], "/a~1b", None),
        ([{"type": "string", "name": "one"}, {"type": "double", "name": "two"}], None, None),
    ],
)
def test_the_prediction_is_pointed_at_where_there_is_no_doubt(
    outputs: list[dict[str, str]], prediction: str | None, score: str | None
) -> None:
    content = mlmodel(signature={"inputs": COLUMNS, "outputs": json.dumps(outputs)})

    interface = made(shaped(FILES | {"MLmodel": content})[0], "interface.json")

    assert (interface.get("prediction"), interface.get("score")) == (prediction, score)


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (None, "without a signature"),
        ({"inputs": '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [2, 2]}}]'}, "[2, 2]"),
        ({"inputs": '[{"type": "qubit", "name": "q"}]'}, "'qubit'"),
        ({"inputs": "no JSON"}, "no JSON"),
        ({"inputs": "[]"}, "not a list of columns"),
    ],
)
def test_without_a_signature_that_has_a_form_nothing_is_claimed_and_that_is_said(
    signature: dict[str, str] | None, said: str
) -> None:
    table = {"eval_results_table.json": json.dumps(TABLE).encode()}

    found, _ = shaped(FILES | table | {"MLmodel": mlmodel(signature=signature)})

    assert "interface.json" not in found.made
    assert "golden.jsonl" not in found.made
    assert any(said in line for line in found.said)


def test_an_input_example_is_an_example_of_a_request() -> None:
    note = {"artifact_path": "input_example.json", "type": "dataframe", "pandas_orient": "split"}
    rows = b'{"columns": ["length"], "data": [[1.5], [NaN], [2.5]]}'
    files = FILES | {"MLmodel": mlmodel(saved_input_example_info=note), "input_example.json": rows}

    interface = made(shaped(files)[0], "interface.json")

    assert interface["input"]["examples"] == [{"length": 1.5}, {"length": 2.5}]


def test_the_table_of_an_evaluation_becomes_evaluations_golden_rows_and_claims() -> None:
    metrics = {"accuracy_score": 0.5, "f1_score": 0.4, "example_count": 2.0}

    found, _ = shaped(
        FILES | {"eval_results_table.json": json.dumps(TABLE).encode()}, Known(name="x", metrics=metrics)
    )

    lines = {name: found.made[name].splitlines() for name in ("evaluations.jsonl", "golden.jsonl")}
    assert [json.loads(line) for line in lines["evaluations.jsonl"]] == [
        {"id": "e1", "truth": "large", "prediction": "large"},
        {"id": "e2", "truth": "small", "prediction": "large"},
    ]
    assert json.loads(lines["golden.jsonl"][1]) == {
        "id": "e2",
        "request": {"length": -1.0},
        "answer": {"label": "large"},
    }
    [claim] = made(found, "metrics.json")["metrics"]
    assert (claim["metric"], claim["value"], claim["n"]) == ("accuracy", 0.5, 2)
    assert "eval_results_table.json" not in [file.path for file in found.files]


@pytest.mark.parametrize(
    "columns", [["length", "outputs"], ["length", "a", "b", "outputs"], ["x", "y", "outputs"]]
)
def test_a_table_that_does_not_say_which_column_is_the_truth_is_left_and_that_is_said(
    columns: list[str],
) -> None:
    table = {"columns": columns, "data": [[1.0] * len(columns)]}

    found, _ = shaped(FILES | {"eval_results_table.json": json.dumps(table).encode()})

    assert not found.made.keys() & {"evaluations.jsonl", "golden.jsonl"}
    assert any("eval_results_table.json" in line for line in found.said)


def test_metrics_are_claims_only_where_the_rows_are_known_that_they_were_measured_on() -> None:
    known = Known(name="x", metrics={"accuracy": 0.75, "loss": 0.1, "roc_auc": 0.9})

    without, _ = shaped(FILES, known)
    scored, _ = shaped(FILES | {"evaluations.jsonl": b'{"id": "a", "score": 0.5}\n'}, known)
    with_rows, _ = shaped(FILES | {"evaluations.jsonl": b"{}\n{}\n\n"}, known)

    assert "metrics.json" not in without.made
    [claim] = made(with_rows, "metrics.json")["metrics"]
    assert (claim["metric"], claim["n"], claim["dataset"]) == ("accuracy", 2, "mlflow:models/flowers/1")
    assert [claim["metric"] for claim in made(scored, "metrics.json")["metrics"]] == ["accuracy", "roc_auc"]


def test_the_packages_are_locked_as_they_are_pinned_of_their_time_and_with_the_servers() -> None:
    found, programs = shaped(FILES)

    assert found.made["requirements.lock"] == (LOCK + "# numpy==2.4.6\n").encode()
    [asked] = programs.asked
    assert asked.command[asked.command.index("--python-version") + 1] == "3.11"
    assert asked.command[asked.command.index("--exclude-newer") + 1] == "2026-11-23T00:00:49Z"
    assert "-c" in asked.command


def test_where_the_index_knows_no_times_the_lock_is_of_today_and_that_is_said() -> None:
    def no_times(asked: Asked) -> Ended:
        return Ended(1, "no solution found") if "--exclude-newer" in asked.command else locks(asked)

    found, _ = shaped(FILES, uv=no_times)

    assert found.made["requirements.lock"]
    assert any("is of today" in line for line in found.said)


def test_packages_that_cannot_be_had_are_bad_input_that_says_why() -> None:
    with pytest.raises(InputError, match="no solution found"):
        shaped(FILES, uv=lambda _: Ended(1, "no solution found"))


def test_a_package_that_is_not_pinned_is_said() -> None:
    found, _ = shaped(FILES | {"requirements.txt": b"numpy==2.4.6\npandas>=2  # any\n"})

    assert any("pins no version of pandas" in line for line in found.said)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--index-url https://me:s3cr3t@example.org/simple", "--index-url"),
        ("-e .", "-e"),
        ("evil @ https://me:s3cr3t@example.org/evil.whl", "evil from a URL"),
        ("git+https://me:s3cr3t@example.org/x.git", "not the name of a package"),
        ("./local", "not the name of a package"),
    ],
)
def test_a_line_that_could_have_anything_installed_is_bad_input(line: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        shaped(FILES | {"requirements.txt": line.encode()})

    assert said in str(error.value)
    assert "s3cr3t" not in f"{error.value}{error.value.hint}"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"MLmodel": b"a: {"}, "is not what MLflow writes"),
        ({"MLmodel": b"flavors: 1"}, "is not what MLflow writes"),
        ({"MLmodel": mlmodel(flavors={"sklearn": {}})}, "no python_function"),
        ({"MLmodel": mlmodel(flavors={"python_function": {}})}, "which Python saved it"),
        ({"requirements.txt": None}, "there is no requirements.txt"),
    ],
)
def test_what_cannot_be_served_is_bad_input_that_names_the_model(
    files: dict[str, bytes | None], said: str
) -> None:
    present = {path: content for path, content in (FILES | files).items() if content is not None}

    with pytest.raises(InputError) as error:
        shaped(present)

    assert said in str(error.value)
    assert "mlflow:models/flowers/1" in str(error.value)
    assert error.value.hint


def test_a_model_without_a_name_is_bad_input_that_says_where_to_write_it() -> None:
    with pytest.raises(InputError, match="nothing says the name") as error:
        shaped(FILES, Known())

    assert "model.yaml" in error.value.hint
    assert shaped(FILES | {"model.yaml": b""}, Known())[0].made.keys() == {
        "interface.json",
        "requirements.lock",
    }


def test_what_the_source_knows_of_the_python_goes_first() -> None:
    found, _ = shaped(FILES, Known(name="x", python="3.12"))

    assert found.known == msgspec.structs.replace(found.known, python="3.12")
