from collections.abc import Callable
from pathlib import Path

import pytest

from ci_steps.documents import FetchedModel, Plan, ScanReport
from ci_steps.model.manifest import PythonPredictor, SklearnPredictor
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.scan_model import CASES
from ci_steps.steps.scan_model import ScanModel
from ci_steps.steps.scan_model.names import reaches_beyond, spelled

Scan = Callable[..., ScanReport]
EMPTY = b"\x80\x04}."


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_selftest_gets_the_verdict_it_wants(case: Case, tmp_path: Path) -> None:
    assert case.answered(tmp_path) is case.wanted


def test_the_step_says_what_it_reads_and_makes() -> None:
    assert ScanModel.needs == (Plan, FetchedModel)
    assert ScanModel.makes is ScanReport
    assert ScanModel.reads == ("manifest", "scan")


@pytest.mark.parametrize(
    ("lock", "verdict"),
    [
        (b"joblib==1.6.0 \\\n", Verdict.PASSED),
        (b"# via\nJobLib==2.0\n", Verdict.PASSED),
        (b"joblib==1.10.1\n", Verdict.PASSED),
        (b"joblib==1.5.3\n", Verdict.REFUSED),
        (b"joblib==1.4.2 ; python_version < '3.12'\njoblib==1.6.0\n", Verdict.REFUSED),
        (b"joblib-stubs==1.6.0\n", Verdict.INCONCLUSIVE),
        (b"", Verdict.INCONCLUSIVE),
    ],
)
def test_a_pickle_needs_a_joblib_that_holds_the_listing(scan: Scan, lock: bytes, verdict: Verdict) -> None:
    report = scan({"model/model.joblib": EMPTY, "requirements.lock": lock})

    assert next(f.verdict for f in report.findings if f.check == "scan-model.joblib") is verdict


def test_a_model_without_pickles_needs_no_joblib(scan: Scan) -> None:
    report = scan({"requirements.lock": b""})

    assert report.verdict is Verdict.PASSED
    assert all(f.check != "scan-model.joblib" for f in report.findings)


@pytest.mark.parametrize(
    ("predictor", "verdict"),
    [
        (PythonPredictor(entry="predictor:Tweets"), Verdict.PASSED),
        (PythonPredictor(entry="package.inner:Tweets"), Verdict.PASSED),
        (PythonPredictor(entry="elsewhere:Tweets"), Verdict.REFUSED),
        (SklearnPredictor(file="model/model.joblib", features=("text",)), Verdict.PASSED),
        (SklearnPredictor(file="model/missing.joblib", features=("text",)), Verdict.REFUSED),
        (SklearnPredictor(file="other.joblib", features=("text",)), Verdict.REFUSED),
        (SklearnPredictor(file="model/predictor.py", features=("text",)), Verdict.REFUSED),
    ],
)
def test_the_predictor_is_a_scanned_file_of_its_kind(
    scan: Scan, predictor: PythonPredictor | SklearnPredictor, verdict: Verdict
) -> None:
    files = {"model/model.joblib": EMPTY, "other.joblib": EMPTY, "model/package/inner/__init__.py": b""}

    report = scan(files, code=["model/predictor.py", "model/package/inner/__init__.py"], predictor=predictor)

    assert next(f.verdict for f in report.findings if f.check == "scan-model.predictor") is verdict


def test_a_refused_global_says_where_the_rule_stands_and_what_to_do(scan: Scan) -> None:
    content = b"\x80\x04\x8c\x10sklearn.pipeline\x8c\x08Pipeline\x93)\x81."

    [finding] = scan({"model/model.joblib": content}).blocking

    assert finding.subject == "sklearn.pipeline.Pipeline in model/model.joblib"
    assert finding.where == "release.yaml:14"
    assert finding.next.endswith("add it to scan.allow")


def test_what_was_not_checked_is_said(scan: Scan) -> None:
    report = scan({"model/model.joblib": EMPTY})

    assert report.not_checked == (
        "what the source does when it runs: model/predictor.py",
        "what allowed classes do with crafted arrays: model/model.joblib",
    )


def test_two_globals_never_share_a_spelling() -> None:
    pairs = [
        ("a.b", "c"),
        ("a", "b.c"),
        ("a:b", "c"),
        ("a b", "c"),
        ("a", "b c"),
        ("", "a.b.c"),
        ("a.b.c", ""),
    ]

    assert len({spelled(*pair) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize(
    "name",
    ["os.system", "posix.system", "builtins.eval", "builtins.getattr", "subprocess.Popen", "importlib.x",
     "sklearn.pipeline:Pipeline.__init__", "joblib:numpy_pickle.NumpyArrayWrapper",
     "numpy.load", "pickle.loads", "('os ', 'x')"],
)  # fmt: skip
def test_no_list_can_allow_a_name_that_reaches_everything(name: str) -> None:
    assert reaches_beyond(name)


@pytest.mark.parametrize(
    "name",
    ["builtins.object", "copyreg._reconstructor", "joblib.numpy_pickle.NumpyArrayWrapper", "numpy.dtype",
     "sklearn._loss._loss.__pyx_unpickle_CyHalfBinomialLoss", "collections.OrderedDict", "osmium.Reader"],
)  # fmt: skip
def test_an_ordinary_name_can_be_allowed(name: str) -> None:
    assert not reaches_beyond(name)
