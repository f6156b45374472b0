"""MLmodel: what MLflow would import to load the model, and which of its files it would run."""

from collections.abc import Callable

import pytest

from ci_steps.documents import ScanReport
from ci_steps.model.manifest import PyfuncPredictor
from ci_steps.model.verdict import Finding, Verdict

Scan = Callable[..., ScanReport]
PYFUNC = PyfuncPredictor(folder="model")
# {"a": collections.OrderedDict} by hand: what a cloudpickle file looks like is a pickle.
ORDERED = b"\x80\x04\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93)R."


def written(pyfunc: str, more: str = "") -> bytes:
    return f"flavors:\n  python_function:\n    {pyfunc}\n{more}mlflow_version: 3.17.2\n".encode()


def about(report: ScanReport, path: str) -> list[Finding]:
    return [f for f in report.findings if path in f.subject and f.verdict is not Verdict.PASSED]


@pytest.mark.parametrize("loader", ["mlflow.sklearn", "mlflow.xgboost", "mlflow.onnx", "mlflow.pyfunc.model"])
def test_a_loader_that_loads_the_models_files_alone_needs_no_entry(scan: Scan, loader: str) -> None:
    report = scan({"model/MLmodel": written(f"loader_module: {loader}")}, predictor=PYFUNC)

    assert report.verdict is Verdict.PASSED
    assert {"model/MLmodel": "mlmodel"}.items() <= {f.path: f.format for f in report.files}.items()


def test_a_loader_of_the_models_own_must_be_allowed_by_name_and_its_source_by_path(scan: Scan) -> None:
    files = {
        "model/MLmodel": written("code: code\n    loader_module: flowers.loading"),
        "model/code/flowers/loading.py": b"def _load_pyfunc(path):\n    return None\n",
    }
    source, name = "model/code/flowers/loading.py", "flowers.loading._load_pyfunc"

    refused = scan(files, predictor=PYFUNC)
    allowed = scan(files, allow=[name], code=["model/predictor.py", source], predictor=PYFUNC)

    assert {f.check for f in refused.findings if f.verdict is Verdict.REFUSED} == {
        "scan-model.global",
        "scan-model.code",
    }
    assert allowed.verdict is Verdict.PASSED


@pytest.mark.parametrize("loader", ["mlflow.langchain", "os", "null", "[mlflow.sklearn]"])
def test_a_loader_that_can_run_anything_is_allowed_by_no_list(scan: Scan, loader: str) -> None:
    content = written(f"loader_module: {loader}")
    names = [f.subject.partition(" in ")[0] for f in about(scan({"model/MLmodel": content}), "model/MLmodel")]

    report = scan({"model/MLmodel": content}, predictor=PYFUNC)

    assert report.verdict is Verdict.REFUSED
    assert names


def test_a_class_that_a_booster_is_made_of_must_be_allowed(scan: Scan) -> None:
    more = "  xgboost:\n    model_class: xgboost.sklearn.XGBClassifier\n"
    files = {"model/MLmodel": written("loader_module: mlflow.xgboost", more)}

    refused = scan(files, predictor=PYFUNC)
    allowed = scan(files, allow=["xgboost.sklearn.XGBClassifier"], predictor=PYFUNC)

    assert "xgboost.sklearn.XGBClassifier in model/MLmodel" in [f.subject for f in refused.findings]
    assert refused.verdict is Verdict.REFUSED
    assert allowed.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "pyfunc",
    [
        "loader_module: mlflow.sklearn\n    model_path: /etc/model.pkl",
        "loader_module: mlflow.pyfunc.model\n    python_model: ../../python_model.pkl",
        "loader_module: mlflow.sklearn\n    code: ../deps",
        "loader_module: mlflow.pyfunc.model\n    artifacts: {words: {path: /tmp/words.pkl}}",
        "loader_module: mlflow.pyfunc.model\n    model_code_path: model.txt",
    ],
)
def test_what_lies_outside_the_model_or_is_code_in_disguise_is_refused(scan: Scan, pyfunc: str) -> None:
    report = scan({"model/MLmodel": written(pyfunc)}, predictor=PYFUNC)

    [finding] = about(report, "model/MLmodel")
    assert finding.check == "scan-model.code"
    assert finding.verdict is Verdict.REFUSED


def test_a_model_as_code_is_source_that_must_be_allowed_by_its_path(scan: Scan) -> None:
    files = {
        "model/MLmodel": written(
            "loader_module: mlflow.pyfunc.loaders.code_model\n    model_code_path: /home/ada/flowers.py"
        ),
        "model/flowers.py": b"import mlflow\nmlflow.models.set_model(None)\n",
    }

    refused = scan(files, predictor=PYFUNC)
    allowed = scan(files, code=["model/predictor.py", "model/flowers.py"], predictor=PYFUNC)

    assert [f.check for f in about(refused, "model/flowers.py")] == ["scan-model.code"]
    assert allowed.verdict is Verdict.PASSED


def test_a_pickled_python_model_needs_every_global_allowed(scan: Scan) -> None:
    files = {
        "model/MLmodel": written("loader_module: mlflow.pyfunc.model\n    python_model: python_model.pkl"),
        "model/python_model.pkl": ORDERED,
    }

    refused = scan(files, predictor=PYFUNC)
    allowed = scan(files, allow=["collections.OrderedDict"], predictor=PYFUNC)

    assert refused.verdict is Verdict.REFUSED
    assert allowed.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "content",
    [b"flavors: [1]\n", b"just text\n", b"a: {\n", b"flavors: !!python/object/apply:os.system ['id']\n"],
)
def test_an_mlmodel_that_cannot_be_read_is_never_passed(scan: Scan, content: bytes) -> None:
    report = scan({"model/MLmodel": content}, predictor=PYFUNC)

    assert about(report, "model/MLmodel")
    assert report.verdict >= Verdict.INCONCLUSIVE


def test_a_predictor_whose_mlmodel_is_not_there_is_refused(scan: Scan) -> None:
    report = scan({}, predictor=PYFUNC)

    [finding] = [f for f in report.findings if f.check == "scan-model.predictor"]
    assert finding.verdict is Verdict.REFUSED
