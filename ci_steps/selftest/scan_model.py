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
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.steps.scan_model import ScanModel

MODEL = "model/model.joblib"
LOCK = {"requirements.lock": b"joblib==1.6.0\n"}
SOURCE = ("model/predictor.py",)

# Written by hand, because nothing here may depend on a pickler: protocol 4, STOP at the end.
PIPELINE = b"\x80\x04\x8c\x10sklearn.pipeline\x94\x8c\x08Pipeline\x94\x93)\x81."
SYSTEM = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x02id\x85R."
# The two names of the trap come from memory, in the other order, over a decoy.
REMEMBERED = (
    b"\x80\x04\x8c\x06system\x94\x8c\x05posix\x940h\x01h\x00\x8c\x10sklearn.pipeline0\x93\x8c\x02id\x85R."
)
PIPELINE_NAME = "sklearn.pipeline.Pipeline"
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
ARRAYS = ("joblib.numpy_pickle.NumpyArrayWrapper", "numpy.ndarray", "numpy.dtype")
PLAIN = b"\x80\x04}."


def importing(module: str, name: str) -> bytes:
    """Return a pickle that imports one global and does nothing with it."""
    texts = (b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\x80\x04" + b"".join(texts) + b"\x93."


def twofold(module: str, name: str) -> bytes:
    """Return a pickle with an array of objects, whose inner pickle reads in two ways.

    joblib gives it a memory of its own, in which it imports numpy.ndarray; pickle.load goes on with the old
    one, in which it imports ``module.name``.
    """
    first, second = (b"\x8c" + bytes([len(text)]) + text.encode() + b"\x94" for text in (module, name))
    outer = (
        b"\x80\x04]\x94("
        + first
        + second
        + b"\x8c\x13joblib.numpy_pickle\x94\x8c\x11NumpyArrayWrapper\x94\x93"
        b"\x94)\x81\x94}\x94(\x8c\x08subclass\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94\x8c\x05shape\x94"
        b"K\x01\x85\x94\x8c\x05order\x94\x8c\x01C\x94\x8c\x05dtype\x94h\t\x8c\x05dtype\x94\x93\x94\x8c\x02O8"
        b"\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b"
        b"\x8c\nallow_mmap\x94\x89\x8c\x1bnumpy_array_alignment_bytes\x94K\x10ub"
    )
    inner = b"\x80\x04\x8c\x01x\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94h\x01h\x02\x93."
    return outer + inner + b"e."


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
)
