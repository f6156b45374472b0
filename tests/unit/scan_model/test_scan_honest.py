"""Real models pass with their own listing, which is what a real unpickler imports."""

import bz2
import gzip
import importlib
import io
import json
import lzma
import pickle
import time
import zlib
from collections.abc import Callable
from typing import Any

import joblib  # type: ignore[import-untyped]  # has no types
import numpy as np
import pytest
import skops.io  # type: ignore[import-untyped]  # has no types
from joblib.numpy_pickle import NumpyUnpickler  # type: ignore[import-untyped]  # has no types
from sklearn.datasets import make_classification  # type: ignore[import-untyped]  # has no types
from sklearn.ensemble import (  # type: ignore[import-untyped]  # has no types
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]  # has no types
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # has no types
from sklearn.neighbors import KNeighborsClassifier  # type: ignore[import-untyped]  # has no types
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]  # has no types
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]  # has no types
from sklearn.svm import SVC  # type: ignore[import-untyped]  # has no types

from ci_steps.documents import ScanReport
from ci_steps.model.manifest import SklearnPredictor
from ci_steps.model.verdict import Verdict

Scan = Callable[..., ScanReport]

X, Y = make_classification(120, 6, random_state=0)
WORDS = [f"word{n} other{n % 7} good" if n % 2 else f"bad word{n}" for n in range(60)]
LABELS = np.array(["positive" if n % 2 else "negative" for n in range(60)], dtype=object)

MODELS: dict[str, Any] = {
    "tfidf": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(WORDS, LABELS),
    "forest": RandomForestClassifier(5, random_state=0).fit(X, Y),
    "boosting": GradientBoostingClassifier(n_estimators=5, random_state=0).fit(X, Y),
    "neighbours": KNeighborsClassifier(algorithm="kd_tree").fit(X, Y),
    "svc": make_pipeline(StandardScaler(), SVC()).fit(X, Y),
    "hist": HistGradientBoostingClassifier(max_iter=3, random_state=0).fit(X, Y),
    "odd arrays": [
        np.array([{"a": 1}, "b", None], dtype=object),
        np.empty((0, 3)),
        np.array(3.0),
        np.zeros(3, dtype=[("a", "i4"), ("b", "U5")]),
        np.asfortranarray(np.ones((3, 4), dtype=">f4")),
        np.array(["2026-01-01"], dtype="datetime64[D]"),
        np.array([b"x", b"yz"]),
    ],
}
COMPRESSIONS = (0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3))


class Recorder(NumpyUnpickler):  # type: ignore[misc]  # joblib has no types
    """The truth: everything that `joblib.load` imports."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__("", file, ensure_native_byte_order=True)
        self.imported: set[int] = set()

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        self.imported.add(id(found))
        return found


def imported(content: bytes) -> set[int]:
    recorder = Recorder(io.BytesIO(content))
    recorder.load()
    return recorder.imported


def dumped(model: object, compress: Any = 0, protocol: int | None = None) -> bytes:
    file = io.BytesIO()
    joblib.dump(model, file, compress=compress, protocol=protocol)
    return file.getvalue()


def listed(scan: Scan, content: bytes, path: str = "model/model.joblib") -> tuple[str, ...]:
    return next(file.globals for file in scan({path: content}).files if file.path == path)


def resolved(name: str) -> object:
    module, _, attributes = name.partition(":") if ":" in name else name.rpartition(".")
    found: object = importlib.import_module(module)
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    return found


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("protocol", range(6))
def test_an_honest_model_passes_with_the_listing_that_joblib_imports(
    scan: Scan, name: str, protocol: int
) -> None:
    content = dumped(MODELS[name], protocol=protocol)
    names = listed(scan, content)

    report = scan({"model/model.joblib": content}, allow=names)

    assert {id(resolved(n)) for n in names} == imported(content)
    assert report.verdict is Verdict.PASSED, [f.sentence for f in report.blocking]


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_compression_hides_and_changes_nothing(scan: Scan, compress: Any) -> None:
    names = listed(scan, dumped(MODELS["tfidf"]))

    report = scan({"model/model.joblib": dumped(MODELS["tfidf"], compress)}, allow=names)

    file = next(f for f in report.files if f.path == "model/model.joblib")
    assert report.verdict is Verdict.PASSED
    assert file.globals == names
    assert file.format == ("joblib" if compress == 0 else f"joblib+{compress[0]}")


@pytest.mark.parametrize("protocol", range(6))
def test_a_plain_pickle_passes_with_its_own_listing(scan: Scan, protocol: int) -> None:
    content = pickle.dumps(MODELS["tfidf"], protocol=protocol)
    names = listed(scan, content)

    report = scan({"model/model.pkl": content}, allow=names)

    assert report.verdict is Verdict.PASSED, [f.sentence for f in report.blocking]
    assert "sklearn.pipeline.Pipeline" in names


@pytest.mark.parametrize("name", ["tfidf", "forest", "boosting", "svc"])
def test_one_name_taken_from_the_list_is_a_refusal(scan: Scan, name: str) -> None:
    content = dumped(MODELS[name])
    names = listed(scan, content)

    for missing in names:
        report = scan({"model/model.joblib": content}, allow=[n for n in names if n != missing])

        assert report.verdict is Verdict.REFUSED
        assert [f.subject for f in report.blocking] == [f"{missing} in model/model.joblib"]


@pytest.mark.parametrize("name", ["tfidf", "forest", "boosting", "svc", "hist"])
def test_a_skops_file_lists_what_skops_would_import(scan: Scan, name: str) -> None:
    content = skops.io.dumps(MODELS[name])
    names = listed(scan, content, "model/model.skops")

    report = scan({"model/model.skops": content}, allow=names)

    assert set(skops.io.get_untrusted_types(data=content)) <= set(names)
    assert report.verdict is Verdict.PASSED, [f.sentence for f in report.blocking]
    assert scan({"model/model.skops": content}).verdict is Verdict.REFUSED


def npz() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, a=np.ones(3), b=np.array(["x"]))
    return file.getvalue()


def npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def safetensors() -> bytes:
    # Padded to 128 bytes, whose length begins like a pickle's PROTO.
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).ljust(128).encode()
    return len(header).to_bytes(8, "little") + header + b"\0" * 8


HARMLESS = {
    "json": (b'{"a": 1}', "json"),
    "jsonl": (b'{"a": 1}\n{"a": 2}\n', "jsonl"),
    "yaml": (b"a: 1\nb: [1, 2]\n", "text"),
    "text": ("größer — ok\n".encode(), "text"),
    "lock": (b"certifi==2024.1 \\\n    --hash=sha256:00\n# via\nclick==8.1\n", "text"),
    "import": (b"import the\nfollowing goods\n", "text"),
    "numbers": (b"0.5,1\n2,3\n.\n", "text"),
    "empty": (b"", "empty"),
    "x": (b"x^2 + y\n", "text"),
    "MZ": (b"MZ is no program\n", "text"),
    "npy": (npy(np.ones((2, 3))), "npy"),
    "npz": (npz(), "npz"),
    "safetensors": (safetensors(), "safetensors"),
    "onnx": (b"\x08\x08\x12\x04test\x3a\x02\x12\x00\x42\x02\x10\x0d", "onnx"),
    "gz": (gzip.compress(b"a,b\n1,2\n"), "text+gzip"),
    "bz2": (bz2.compress(b"a,b\n1,2\n"), "text+bz2"),
    "xz": (lzma.compress(b"a,b\n1,2\n"), "text+xz"),
    "zz": (zlib.compress(b"a,b\n1,2\n"), "text+zlib"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_format_that_cannot_run_code_passes(scan: Scan, name: str) -> None:
    content, format_ = HARMLESS[name]

    report = scan({"model/file.bin": content})

    assert report.verdict is Verdict.PASSED, [f.sentence for f in report.blocking]
    assert next(f.format for f in report.files if f.path == "model/file.bin") == format_


def test_what_pickle_load_would_make_of_arrays_matters_where_the_model_chooses_its_loader(scan: Scan) -> None:
    """Its memory counts otherwise than joblib's, so that names in arrays of objects can mean others."""
    content = dumped({"objects": np.array([{"a": 1}, "b"], dtype=object), "b": np.ones(2)})
    names = listed(scan, content)
    ours = SklearnPredictor(file="model/model.joblib", features=("text",))

    by_python = scan({"model/model.joblib": content}, allow=names)
    by_joblib = scan({"model/model.joblib": content}, allow=names, predictor=ours)

    assert by_python.verdict is Verdict.INCONCLUSIVE
    assert {f.check for f in by_python.blocking} == {"scan-model.polyglot"}
    assert by_joblib.verdict is Verdict.PASSED


def test_loading_the_scanners_hooks_no_unpickler(scan: Scan) -> None:
    before = (pickle.load, pickle.loads, pickle.Unpickler)

    report = scan({"model/model.joblib": dumped(MODELS["svc"])})

    words = next(f.advice for f in report.files if f.path == "model/model.joblib")
    assert [word.partition(":")[0] for word in words] == ["picklescan", "fickling"]
    assert (pickle.load, pickle.loads, pickle.Unpickler) == before


@pytest.mark.parametrize("name", ["tfidf", "forest"])
def test_a_scanner_that_calls_an_honest_model_malicious_is_put_in_its_place(
    scan: Scan, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    content = dumped(MODELS[name])

    report = scan({"model/model.joblib": content}, allow=listed(scan, content))

    word = next(file.advice[1] for file in report.files if file.path == "model/model.joblib")
    assert report.verdict is Verdict.PASSED
    assert word.startswith("fickling: likely overtly malicious")
    assert word.endswith(
        "(it also says so of plain scikit-learn files; the exact names in scan.allow decide)"
    )
    assert capfd.readouterr() == ("", "")


def test_every_file_is_in_the_report(scan: Scan) -> None:
    report = scan({"model/deep/down/notes.txt": b"x", "README.md": b"# read me\n"})

    assert {"model/deep/down/notes.txt", "README.md", "golden.jsonl"} <= {f.path for f in report.files}


def test_forty_megabytes_of_arrays_take_seconds_at_most(scan: Scan) -> None:
    big = {"forest": MODELS["forest"], "array": np.zeros(5_000_000)}
    content = dumped(big)
    names = listed(scan, dumped(MODELS["forest"]))
    began = time.process_time()

    report = scan({"model/model.joblib": content}, allow=names)

    assert report.verdict is Verdict.PASSED
    assert time.process_time() - began < 3  # of which writing and hashing 40 MB takes most
