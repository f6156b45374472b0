"""Model files that scan-model must refuse, must not decide, or must let pass."""

import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from ci_steps.documents import ScanReport
from ci_steps.model.manifest import SklearnPredictor
from ci_steps.model.settings import ScanSettings
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.pickles import (
    ARRAYS,
    EMPTY_ZIP,
    PIPELINE,
    PIPELINE_NAME,
    PLAIN,
    REMEMBERED,
    SYSTEM,
    importing,
    twofold,
)
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.steps.scan_model import ScanModel

MODEL = "model/model.joblib"
LOCK = {"requirements.lock": b"joblib==1.6.0\n"}
SOURCE = ("model/predictor.py",)


def _report(
    files: dict[str, bytes | None], allow: tuple[str, ...] = (), code: tuple[str, ...] = SOURCE
) -> Callable[[Path], ScanReport]:
    def run(folder: Path) -> ScanReport:
        present: dict[str, bytes | None] = {**LOCK, **files}
        settings = ScanSettings(allow=allow, code=code, where="release.yaml:14")
        return ScanModel().run(Specimen(model_files(**present), plan={"scan": settings}).laid_out(folder))

    return run


def _case(check: str, wanted: Verdict, title: str, report: Callable[[Path], ScanReport]) -> Case:
    return Case("scan-model", f"scan-model.{check}", wanted, title, report)


def _predicting(
    file: str, files: dict[str, bytes | None], allow: tuple[str, ...] = ()
) -> Callable[[Path], ScanReport]:
    """Scan a model whose predictor is a scikit-learn file."""

    def run(folder: Path) -> ScanReport:
        present = model_files(**{**LOCK, **files})
        predictor = SklearnPredictor(file=file, features=("text",))
        plan = {
            "scan": ScanSettings(allow=allow, code=SOURCE, where="release.yaml:14"),
            "manifest": msgspec.structs.replace(manifest_of(present), predictor=predictor),
        }
        return ScanModel().run(Specimen(present, plan=plan).laid_out(folder))

    return run


def _allowed(title: str, wanted: Verdict, module: str, name: str) -> Case:
    """Make a case of one global that someone put into scan.allow."""
    report = _report({MODEL: importing(module, name)}, (f"{module}.{name}",))
    return _case("global", wanted, title, report)


CASES: tuple[Case, ...] = (
    _case(
        "global",
        Verdict.REFUSED,
        "a pickle that runs a command",
        _report({MODEL: SYSTEM}, (PIPELINE_NAME,)),
    ),
    _case(
        "global",
        Verdict.REFUSED,
        "the same, compressed, under the name of a JSON file",
        _report({"model/labels.json": zlib.compress(SYSTEM)}, (PIPELINE_NAME,)),
    ),
    _case(
        "global",
        Verdict.REFUSED,
        "the same, with its names taken from the pickle's memory",
        _report({MODEL: REMEMBERED}, (PIPELINE_NAME,)),
    ),
    _case(
        "global",
        Verdict.REFUSED,
        "the same, as a plain text",
        _report({"notes.txt": b"cposix\nsystem\n(S'id'\ntR."}),
    ),
    _case(
        "global",
        Verdict.REFUSED,
        "a command that someone put into scan.allow",
        _report({MODEL: SYSTEM}, ("posix.system",)),
    ),
    _case(
        "global",
        Verdict.REFUSED,
        "an ordinary class that nobody allowed",
        _report({MODEL: PIPELINE}, ("sklearn.pipeline.FeatureUnion", "sklearn.pipeline")),
    ),
    _allowed("a module with a command in it, allowed", Verdict.REFUSED, "numpy.f2py.compile", "run"),
    _allowed("a name that reaches into Python itself, allowed", Verdict.REFUSED, "numpy", "__builtins__"),
    _allowed("another module's stand-in for an array, allowed", Verdict.REFUSED, "np", "NumpyArrayWrapper"),
    _allowed("a function that loads another pickle, allowed", Verdict.REFUSED, "joblib", "load"),
    _allowed("a plain type of Python, allowed", Verdict.PASSED, "builtins", "set"),
    _allowed("a private class, allowed", Verdict.PASSED, "sklearn.pipeline", "__Private"),
    _allowed("a pair that no honest class has, allowed", Verdict.REFUSED, "sklearn", "Pipe line"),
    _case(
        "global",
        Verdict.PASSED,
        "a plain type in Python 2's spelling, in a pickle that means it",
        _report({MODEL: importing("__builtin__", "set", protocol=2)}, ("builtins.set",)),
    ),
    _case(
        "global",
        Verdict.REFUSED,
        "a plain type in Python 2's spelling, in a pickle that takes it by the letter",
        _report({MODEL: importing("__builtin__", "set", protocol=3)}, ("builtins.set",)),
    ),
    _case("global", Verdict.PASSED, "an allowed class", _report({MODEL: PIPELINE}, (PIPELINE_NAME,))),
    _case(
        "trailing",
        Verdict.REFUSED,
        "a second pickle behind the first",
        _report({MODEL: PIPELINE + SYSTEM}, (PIPELINE_NAME,)),
    ),
    _case(
        "trick",
        Verdict.REFUSED,
        "a pickle that changes an allowed class",
        _report({MODEL: PIPELINE[:-3] + b"}\x8c\x01xNsb."}, (PIPELINE_NAME,)),
    ),
    _case("code", Verdict.REFUSED, "source that nobody allowed", _report({}, code=())),
    _case("code", Verdict.PASSED, "source that someone allowed", _report({})),
    _case(
        "code",
        Verdict.REFUSED,
        "a compiled library, though someone allowed its path",
        _report({"model/fast.txt": b"\x7fELF\x02\x01\x01"}, code=(*SOURCE, "model/fast.txt")),
    ),
    *(
        _case("code", Verdict.REFUSED, title, _report({path: content}, code=(*SOURCE, path)))
        for title, path, content in (
            ("a library by the end of its name", "model/fast.so.1", b"text\n"),
            ("compiled Python by its name", "model/fast.pyc", b"text\n"),
            ("a Windows program, named as a text", "model/fast.txt", b"MZ\x90\0\x03\0\0\0"),
            ("compiled Python, named as a text", "model/fast.txt", b"\xa7\r\r\n" + bytes(12) + b"\xe3\0"),
            ("YAML that makes Python objects", "model/a.yaml", b"a: !!python/object/apply:os.system [id]\n"),
            ("source in an encoding that hides it", "model/predictor.py", b"# coding: utf-7\nA = 1\n"),
        )
    ),
    _case(
        "code",
        Verdict.PASSED,
        "source that says it is in UTF-8",
        _report({"model/predictor.py": b"# coding: utf-8\nA = 1\n"}),
    ),
    _case(
        "unreadable", Verdict.INCONCLUSIVE, "a pickle that ends too early", _report({MODEL: PIPELINE[:-1]})
    ),
    _case(
        "unreadable",
        Verdict.INCONCLUSIVE,
        "bytes that nobody could read",
        _report({"model/weights.bin": b"GGUF\x03\x00\x00\x00"}),
    ),
    _case(
        "polyglot",
        Verdict.REFUSED,
        "an array whose objects are a command to pickle.load",
        _report({"model/other.joblib": twofold("posix", "system")}, ARRAYS),
    ),
    _case(
        "polyglot",
        Verdict.INCONCLUSIVE,
        "an array whose objects are a class to pickle.load that nobody allowed",
        _report({"model/other.joblib": twofold("sklearn.pipeline", "Pipeline")}, ARRAYS),
    ),
    _case(
        "polyglot",
        Verdict.INCONCLUSIVE,
        "the same beside a command in the predictor's own file, which joblib.load reads",
        _predicting(
            MODEL,
            {MODEL: twofold("posix", "system"), "other.joblib": twofold("sklearn.pipeline", "Pipeline")},
            ARRAYS,
        ),
    ),
    _case(
        "polyglot",
        Verdict.REFUSED,
        "a text that ends as a zip file",
        _report({"notes.txt": b"a plain text\n" + EMPTY_ZIP}),
    ),
    _case(
        "polyglot",
        Verdict.REFUSED,
        "a pickle that ends as a zip file",
        _report({MODEL: PIPELINE + EMPTY_ZIP}, (PIPELINE_NAME,)),
    ),
    _case(
        "polyglot",
        Verdict.INCONCLUSIVE,
        "a text that begins like a pickle",
        _report({"model/words.txt": b"cats\ndogs\n"}),
    ),
    _case("joblib", Verdict.PASSED, "the oldest sound joblib", _report({MODEL: PIPELINE}, (PIPELINE_NAME,))),
    _case(
        "joblib",
        Verdict.REFUSED,
        "two joblibs, of which one is sound",
        _report({MODEL: PLAIN, "requirements.lock": b"joblib==1.6\njoblib==1.5.9\n"}),
    ),
    _case(
        "joblib",
        Verdict.PASSED,
        "a joblib with a version of one and two numbers",
        _report({MODEL: PLAIN, "requirements.lock": b"joblib==2\njoblib==1.7\n"}),
    ),
    _case(
        "joblib",
        Verdict.REFUSED,
        "a joblib that can be tricked while it loads",
        _report({MODEL: PIPELINE, "requirements.lock": b"joblib==1.4.2\n"}, (PIPELINE_NAME,)),
    ),
    _case(
        "joblib",
        Verdict.INCONCLUSIVE,
        "a lock without joblib",
        _report({MODEL: PIPELINE, "requirements.lock": b""}, (PIPELINE_NAME,)),
    ),
    _case(
        "predictor", Verdict.REFUSED, "a predictor without its module", _report({"model/predictor.py": None})
    ),
    _case("predictor", Verdict.PASSED, "a predictor with its module", _report({})),
    _case(
        "predictor",
        Verdict.PASSED,
        "a scikit-learn predictor with its file",
        _predicting(MODEL, {MODEL: PIPELINE}, (PIPELINE_NAME,)),
    ),
    _case("predictor", Verdict.REFUSED, "a scikit-learn predictor without its file", _predicting(MODEL, {})),
    _case(
        "predictor",
        Verdict.REFUSED,
        "a scikit-learn predictor in a file that is no pickle",
        _predicting(MODEL, {MODEL: b"{}"}),
    ),
    _case(
        "predictor",
        Verdict.REFUSED,
        "a scikit-learn predictor outside of model/",
        _predicting("other.joblib", {"other.joblib": PIPELINE}, (PIPELINE_NAME,)),
    ),
    _case("files", Verdict.PASSED, "files that hold no code", _report({})),
    Case(
        "scan-model",
        "scan-model",
        Verdict.PASSED,
        "a sound model",
        _report({MODEL: PIPELINE}, (PIPELINE_NAME,)),
    ),
    Case(
        "scan-model",
        "scan-model",
        Verdict.PASSED,
        "a sound model without a pickle, whose lock pins no joblib",
        _report({"requirements.lock": b""}),
    ),
)
