"""Model files that scan-model must refuse, must not decide, or must let pass."""

import zlib

from ci_steps.model.manifest import PyfuncPredictor
from ci_steps.model.verdict import Verdict
from ci_steps.selftest import scan_formats
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
from ci_steps.selftest.scanned import SOURCE, case, predicting, scanned

MODEL = "model/model.joblib"
MLMODEL = b"flavors:\n  python_function: {loader_module: mlflow.sklearn}\n"


def _allowed(title: str, wanted: Verdict, module: str, name: str) -> Case:
    """Make a case of one global that someone put into scan.allow."""
    report = scanned({MODEL: importing(module, name)}, (f"{module}.{name}",))
    return case("global", wanted, title, report)


CASES: tuple[Case, ...] = (
    case(
        "global",
        Verdict.REFUSED,
        "a pickle that runs a command",
        scanned({MODEL: SYSTEM}, (PIPELINE_NAME,)),
    ),
    case(
        "global",
        Verdict.REFUSED,
        "the same, compressed, under the name of a JSON file",
        scanned({"model/labels.json": zlib.compress(SYSTEM)}, (PIPELINE_NAME,)),
    ),
    case(
        "global",
        Verdict.REFUSED,
        "the same, with its names taken from the pickle's memory",
        scanned({MODEL: REMEMBERED}, (PIPELINE_NAME,)),
    ),
    case(
        "global",
        Verdict.REFUSED,
        "the same, as a plain text",
        scanned({"notes.txt": b"cposix\nsystem\n(S'id'\ntR."}),
    ),
    case(
        "global",
        Verdict.REFUSED,
        "the same, behind a line that is longer than any name",
        scanned({"notes.txt": b"S'" + b"a" * 5000 + b"'\n0cposix\nsystem\n(S'id'\ntR."}),
    ),
    case(
        "global",
        Verdict.REFUSED,
        "a command that someone put into scan.allow",
        scanned({MODEL: SYSTEM}, ("posix.system",)),
    ),
    case(
        "global",
        Verdict.REFUSED,
        "an ordinary class that nobody allowed",
        scanned({MODEL: PIPELINE}, ("sklearn.pipeline.FeatureUnion", "sklearn.pipeline")),
    ),
    _allowed("a module with a command in it, allowed", Verdict.REFUSED, "numpy.f2py.compile", "run"),
    _allowed("a name that reaches into Python itself, allowed", Verdict.REFUSED, "numpy", "__builtins__"),
    _allowed("another module's stand-in for an array, allowed", Verdict.REFUSED, "np", "NumpyArrayWrapper"),
    _allowed("a function that loads another pickle, allowed", Verdict.REFUSED, "joblib", "load"),
    _allowed("a plain type of Python, allowed", Verdict.PASSED, "builtins", "set"),
    _allowed("a private class, allowed", Verdict.PASSED, "sklearn.pipeline", "__Private"),
    _allowed("a pair that no honest class has, allowed", Verdict.REFUSED, "sklearn", "Pipe line"),
    case(
        "global",
        Verdict.REFUSED,
        "a command by a module that imported it, allowed",
        scanned({MODEL: importing("joblib.numpy_pickle", "os.mkdir")}, ("joblib.numpy_pickle:os.mkdir",)),
    ),
    case(
        "trick",
        Verdict.REFUSED,
        "a pickle that leaves a value behind",
        scanned({MODEL: b"\x80\x04N}."}),
    ),
    case(
        "global",
        Verdict.PASSED,
        "a plain type in Python 2's spelling, in a pickle that means it",
        scanned({MODEL: importing("__builtin__", "set", protocol=2)}, ("builtins.set",)),
    ),
    case(
        "global",
        Verdict.REFUSED,
        "a plain type in Python 2's spelling, in a pickle that takes it by the letter",
        scanned({MODEL: importing("__builtin__", "set", protocol=3)}, ("builtins.set",)),
    ),
    case("global", Verdict.PASSED, "an allowed class", scanned({MODEL: PIPELINE}, (PIPELINE_NAME,))),
    case(
        "trailing",
        Verdict.REFUSED,
        "a second pickle behind the first",
        scanned({MODEL: PIPELINE + SYSTEM}, (PIPELINE_NAME,)),
    ),
    case(
        "trick",
        Verdict.REFUSED,
        "a pickle that changes an allowed class",
        scanned({MODEL: PIPELINE[:-3] + b"}\x8c\x01xNsb."}, (PIPELINE_NAME,)),
    ),
    case("code", Verdict.REFUSED, "source that nobody allowed", scanned({}, code=())),
    case("code", Verdict.PASSED, "source that someone allowed", scanned({})),
    case(
        "code",
        Verdict.REFUSED,
        "a compiled library, though someone allowed its path",
        scanned({"model/fast.txt": b"\x7fELF\x02\x01\x01"}, code=(*SOURCE, "model/fast.txt")),
    ),
    *(
        case("code", Verdict.REFUSED, title, scanned({path: content}, code=(*SOURCE, path)))
        for title, path, content in (
            ("a library by the end of its name", "model/fast.so.1", b"text\n"),
            ("compiled Python by its name", "model/fast.pyc", b"text\n"),
            ("a Windows program, named as a text", "model/fast.txt", b"MZ\x90\0\x03\0\0\0"),
            ("compiled Python, named as a text", "model/fast.txt", b"\xa7\r\r\n" + bytes(12) + b"\xe3\0"),
            ("YAML that makes Python objects", "model/a.yaml", b"a: !!python/object/apply:os.system [id]\n"),
            ("source in an encoding that hides it", "model/predictor.py", b"# coding: utf-7\nA = 1\n"),
        )
    ),
    case(
        "code",
        Verdict.PASSED,
        "source that says it is in UTF-8",
        scanned({"model/predictor.py": b"# coding: utf-8\nA = 1\n"}),
    ),
    case("unreadable", Verdict.INCONCLUSIVE, "a pickle that ends too early", scanned({MODEL: PIPELINE[:-1]})),
    case(
        "unreadable",
        Verdict.INCONCLUSIVE,
        "bytes that nobody could read",
        scanned({"model/weights.bin": b"GGUF\x03\x00\x00\x00"}),
    ),
    case(
        "polyglot",
        Verdict.REFUSED,
        "an array whose objects are a command to pickle.load",
        scanned({"model/other.joblib": twofold("posix", "system")}, ARRAYS),
    ),
    case(
        "polyglot",
        Verdict.INCONCLUSIVE,
        "an array whose objects are a class to pickle.load that nobody allowed",
        scanned({"model/other.joblib": twofold("sklearn.pipeline", "Pipeline")}, ARRAYS),
    ),
    case(
        "polyglot",
        Verdict.INCONCLUSIVE,
        "the same beside a command in the predictor's own file, which joblib.load reads",
        predicting(
            MODEL,
            {MODEL: twofold("posix", "system"), "other.joblib": twofold("sklearn.pipeline", "Pipeline")},
            ARRAYS,
        ),
    ),
    case(
        "polyglot",
        Verdict.REFUSED,
        "a text that ends as a zip file",
        scanned({"notes.txt": b"a plain text\n" + EMPTY_ZIP}),
    ),
    case(
        "polyglot",
        Verdict.REFUSED,
        "a pickle that ends as a zip file",
        scanned({MODEL: PIPELINE + EMPTY_ZIP}, (PIPELINE_NAME,)),
    ),
    case(
        "polyglot",
        Verdict.INCONCLUSIVE,
        "a text that begins like a pickle",
        scanned({"model/words.txt": b"cats\ndogs\n"}),
    ),
    case(
        "polyglot",
        Verdict.INCONCLUSIVE,
        "a text that, read as a pickle, nobody could follow",
        scanned({"model/words.txt": b"Np" + b" " * 5000 + b"1\n0cposix\nsystem\n(S'id'\ntR."}),
    ),
    case("joblib", Verdict.PASSED, "the oldest sound joblib", scanned({MODEL: PIPELINE}, (PIPELINE_NAME,))),
    case(
        "joblib",
        Verdict.REFUSED,
        "two joblibs, of which one is sound",
        scanned({MODEL: PLAIN, "requirements.lock": b"joblib==1.6\njoblib==1.5.9\n"}),
    ),
    case(
        "joblib",
        Verdict.PASSED,
        "a joblib with a version of one and two numbers",
        scanned({MODEL: PLAIN, "requirements.lock": b"joblib==2\njoblib==1.7\n"}),
    ),
    case(
        "joblib",
        Verdict.REFUSED,
        "a joblib that can be tricked while it loads",
        scanned({MODEL: PIPELINE, "requirements.lock": b"joblib==1.4.2\n"}, (PIPELINE_NAME,)),
    ),
    case(
        "joblib",
        Verdict.INCONCLUSIVE,
        "a lock without joblib",
        scanned({MODEL: PIPELINE, "requirements.lock": b""}, (PIPELINE_NAME,)),
    ),
    case(
        "predictor", Verdict.REFUSED, "a predictor without its module", scanned({"model/predictor.py": None})
    ),
    case("predictor", Verdict.PASSED, "a predictor with its module", scanned({})),
    case(
        "predictor",
        Verdict.PASSED,
        "a scikit-learn predictor with its file",
        predicting(MODEL, {MODEL: PIPELINE}, (PIPELINE_NAME,)),
    ),
    case("predictor", Verdict.REFUSED, "a scikit-learn predictor without its file", predicting(MODEL, {})),
    case(
        "predictor",
        Verdict.REFUSED,
        "a scikit-learn predictor in a file that is no pickle",
        predicting(MODEL, {MODEL: b"{}"}),
    ),
    case(
        "predictor",
        Verdict.REFUSED,
        "a scikit-learn predictor outside of model/",
        predicting("other.joblib", {"other.joblib": PIPELINE}, (PIPELINE_NAME,)),
    ),
    case(
        "predictor",
        Verdict.PASSED,
        "a predictor of MLflow's with its MLmodel",
        predicting(PyfuncPredictor(folder="model"), {"model/MLmodel": MLMODEL}),
    ),
    case(
        "predictor",
        Verdict.REFUSED,
        "a predictor of MLflow's without its MLmodel",
        predicting(PyfuncPredictor(folder="model"), {}),
    ),
    case("files", Verdict.PASSED, "files that hold no code", scanned({})),
    Case(
        "scan-model",
        "scan-model",
        Verdict.PASSED,
        "a sound model",
        scanned({MODEL: PIPELINE}, (PIPELINE_NAME,)),
    ),
    Case(
        "scan-model",
        "scan-model",
        Verdict.PASSED,
        "a sound model without a pickle, whose lock pins no joblib",
        scanned({"requirements.lock": b""}),
    ),
    case(
        "",
        Verdict.INCONCLUSIVE,
        "a scikit-learn predictor whose file is cut off",
        predicting(MODEL, {MODEL: PIPELINE[:-1]}, (PIPELINE_NAME,)),
        rule="predictor",
    ),
    *scan_formats.CASES,
)
