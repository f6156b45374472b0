"""Pickles that call something harmless-looking, which calls something else."""

import marshal
import pickle

import cloudpickle  # type: ignore[import-untyped,unused-ignore]  # has no types

from tests.scans.evil.specimen import RAN, SOURCE, TRAP, Evil, call, named, op, text

ARG = text(RAN)
BYTES = b"B" + len(TRAP).to_bytes(4, "little") + TRAP
CODE = marshal.dumps(compile(SOURCE, "model", "exec"))
CODE_BYTES = b"B" + len(CODE).to_bytes(4, "little") + CODE
EMPTY = b")"


def returned(function: bytes, *args: bytes) -> bytes:
    """Return opcodes that call what other opcodes push."""
    return function + b"(" + b"".join(args) + b"tR"


def imported(module: str) -> bytes:
    return call("importlib", "import_module", text(module))


def attribute(thing: bytes, name: str) -> bytes:
    return call("builtins", "getattr", thing, text(name))


# These run in the tests, as soon as they are unpickled.
AT_ONCE = {
    "builtins.eval": call("builtins", "eval", text(SOURCE)),
    "builtins.exec": call("builtins", "exec", text(SOURCE)),
    "builtins.compile": call(
        "builtins", "exec", call("builtins", "compile", text(SOURCE), text("x"), text("exec"))
    ),
    "builtins.__import__": returned(attribute(call("builtins", "__import__", text("os")), "mkdir"), ARG),
    "builtins.getattr": returned(call("builtins", "getattr", imported("posix"), text("mkdir")), ARG),
    "builtins.map": call(
        "builtins", "list", call("builtins", "map", named("posix", "mkdir"), b"]" + ARG + b"a")
    ),
    "builtins.filter": call(
        "builtins", "list", call("builtins", "filter", named("posix", "mkdir"), b"]" + ARG + b"a")
    ),
    "operator.attrgetter": returned(
        returned(call("operator", "attrgetter", text("mkdir")), imported("posix")), ARG
    ),
    "operator.methodcaller": returned(
        call("operator", "methodcaller", text("mkdir"), ARG), imported("posix")
    ),
    "operator.call": call("_operator", "call", named("posix", "mkdir"), ARG),
    "functools.partial": returned(call("functools", "partial", named("posix", "mkdir"), ARG)),
    "importlib.__import__": returned(attribute(call("importlib", "__import__", text("posix")), "mkdir"), ARG),
    "an import of the model's own module": named("planted", "anything"),
    "pydoc.locate": returned(call("pydoc", "locate", text("posix.mkdir")), ARG),
    "pkgutil.resolve_name": returned(call("pkgutil", "resolve_name", text("posix:mkdir")), ARG),
    "timeit.timeit": call(
        "timeit", "timeit", text(SOURCE), text("pass"), named("time", "perf_counter"), b"K\x01"
    ),
    "runpy": call(
        "runpy", "_run_code", call("builtins", "compile", text(SOURCE), text("x"), text("exec")), b"}"
    ),
    "code.InteractiveInterpreter": returned(
        attribute(call("code", "InteractiveInterpreter"), "runsource"), text(SOURCE)
    ),
    "bdb.Bdb": returned(attribute(call("bdb", "Bdb"), "runeval"), text(SOURCE)),
    "cProfile.run": call("cProfile", "run", text(SOURCE)),
    "profile.run": call("profile", "run", text(SOURCE)),
    "trace.Trace": returned(attribute(call("trace", "Trace"), "run"), text(SOURCE)),
    "logging.config": returned(call("logging.config", "_resolve", text("posix.mkdir")), ARG),
    "a nested pickle": call("pickle", "loads", BYTES),
    "a nested pickle by its C module": call("_pickle", "loads", BYTES),
    "a nested pickle by joblib": returned(
        call("cloudpickle", "loads", BYTES).removesuffix(b"(" + BYTES + b"tR"), BYTES
    ),
    "marshal and a function": returned(
        call("types", "FunctionType", call("marshal", "loads", CODE_BYTES), b"}")
    ),
    "ctypes": returned(attribute(call("ctypes", "CDLL", b"N"), "mkdir"), b"C\x03ran", b"M\xff\x01"),
    "subprocess.call": call("subprocess", "call", b"](" + text("mkdir") + ARG + b"e"),
    "subprocess.Popen": returned(
        attribute(call("subprocess", "Popen", b"](" + text("mkdir") + ARG + b"e"), "wait")
    ),
    "os.system": call("os", "system", text(f"mkdir {RAN}")),
    "os.popen": returned(attribute(call("os", "popen", text(f"mkdir {RAN}")), "read")),
    "os.path's own os": call("posixpath", "os.mkdir", ARG),
    "another module's os": call("shutil", "os.mkdir", ARG),
    "numpy's own os": call("numpy._core._methods", "os.mkdir", ARG),
    "pathlib": returned(named("pathlib", "Path.mkdir"), call("pathlib", "Path", ARG)),
    "os.makedirs": call("os", "makedirs", ARG),
    "shutil.copytree": call("shutil", "copytree", text("release"), ARG),
    "a thread": returned(
        attribute(call("threading", "Timer", b"K\x00", named("posix", "mkdir"), b"]" + ARG + b"a"), "run")
    ),
    "a finalizer": returned(
        call("weakref", "finalize", named("collections", "OrderedDict"), named("posix", "mkdir"), ARG)
    ),
    "sys.modules": returned(
        attribute(call("builtins", "dict.get", named("sys", "modules"), text("posix")), "mkdir"), ARG
    ),
    "an object's globals": returned(
        call("builtins", "dict.get", named("os", "makedirs.__globals__"), text("mkdir")), ARG
    ),
    "numpy.load": call("numpy", "load", call("io", "BytesIO", BYTES), b"N", b"\x88"),
    "joblib.load": call("joblib.numpy_pickle", "load", call("io", "BytesIO", BYTES)),
    "pandas.read_pickle": call("pandas.io.pickle", "read_pickle", call("io", "BytesIO", BYTES)),
    "numpy.vectorize": returned(
        call("numpy", "vectorize", named("posix", "mkdir"), b"]" + text("O") + b"a"), ARG
    ),
    "numpy.testing": call("numpy.testing._private.utils", "runstring", text(SOURCE), b"}"),
    "numpy.f2py": call("numpy.f2py.crackfortran", "myeval", text(SOURCE)),
    "sklearn's own import": call("sklearn.utils._testing", "os.mkdir", ARG),
    "scipy's own import": call("scipy._lib._util", "functools.partial", named("posix", "mkdir"), ARG)
    + b"(tR",
    "typing's evaluator": call(
        "typing", "_eval_type", call("typing", "ForwardRef", text(SOURCE)), b"}", b"}"
    ),
    "a forward reference": returned(
        attribute(call("typing", "ForwardRef", text(SOURCE)), "_evaluate"),
        b"}",
        b"}",
        call("builtins", "frozenset"),
    ),
    "dataclasses' maker": call(
        "dataclasses", "_create_fn", text("f"), b")", b"]" + text(f"return {SOURCE}") + b"a"
    )
    + b"(tR",
}


def _transformer() -> bytes:
    from sklearn.preprocessing import FunctionTransformer  # type: ignore[import-untyped]  # has no types

    return bytes(cloudpickle.dumps(FunctionTransformer(lambda rows: [__import__("os").mkdir(RAN), rows][1])))


# These need a library that the tests have not, or run later than on loading.
UNSEEN = {
    "doctest.debug_script": call("doctest", "DocTestRunner"),
    "idlelib's shell": call("idlelib.run", "Executive").removesuffix(b"(tR"),
    "pip._internal": named("pip._internal.cli.main", "main"),
    "asyncio's runner": call("multiprocessing.util", "_run_after_forkers"),
    "subclasses": call("builtins", "object.__subclasses__"),
    "pandas.eval": call("pandas", "eval", text("1")),
    "str.format": named("builtins", "str.format"),
    "copyreg's reconstructor": call(
        "copyreg", "__newobj__", named("subprocess", "Popen"), b"](" + text("mkdir") + ARG + b"e"
    ),
    "a class that is made": returned(
        call(
            "builtins",
            "type",
            text("X"),
            b")",
            b"}" + text("__init__") + call("functools", "partial", named("posix", "mkdir"), ARG) + b"s",
        )
    ).removesuffix(b"(tR"),
    "unittest's mock": call("unittest.mock", "_importer", text("posix")),
    "setuptools": named("setuptools", "setup"),
    "tempfile": call("tempfile", "mkdtemp", text(""), text(RAN), text(".")),
    "pty": named("pty", "spawn"),
    "sqlite3": named("sqlite3", "connect"),
    "webbrowser": named("webbrowser", "open"),
    "torch.load": call("torch", "load", call("io", "BytesIO", BYTES)),
    "torch's storage": call("torch.storage", "_load_from_bytes", BYTES),
    "torch's import by name": returned(call("torch._utils", "_import_dotted_name", text("posix.mkdir")), ARG),
    "torch.hub": call("torch.hub", "load", text("evil/repository"), text("model")),
    "torch's compiler": call("torch.jit", "CompilationUnit", text("def f(): pass")),
    "torch's inductor": call("torch._inductor.codecache", "compile_file", text("x"), text("y"), b"]"),
    "dill": call("dill", "loads", BYTES),
    "dill's import": call("dill._dill", "_import_module", text("posix.mkdir")),
    "cloudpickle's function": call("cloudpickle.cloudpickle", "_builtin_type", text("CodeType")),
    "nt": call("nt", "system", text("dir")),
    "patsy's evaluated text": named("patsy.eval", "EvalFactor")
    + b")\x81}"
    + text("code")
    + text(SOURCE)
    + b"sb",
    "sympy's evaluated text": call("sympy.core.sympify", "sympify", text(SOURCE)),
    "numexpr's evaluated text": call("numexpr", "evaluate", text(SOURCE)),
    "keras's unpickler": call("keras.src.saving.saving_lib", "load_model", text("x.keras")),
    "keras's lambda": call("keras.src.utils.python_utils", "func_load", text("code")),
    "transformers' dynamic module": call(
        "transformers.dynamic_module_utils", "get_class_from_dynamic_module", text("a.B"), text("x")
    ),
    "huggingface_hub": call("huggingface_hub", "hf_hub_download", text("x"), text("y")),
    "mlflow": call("mlflow.pyfunc", "load_model", text("x")),
    "yaml's unsafe loader": call("yaml", "unsafe_load", text("!!python/object/apply:posix.mkdir [ran]")),
    "tensorflow": call("tensorflow.python.ops.io_ops", "write_file", text("a"), text("b")),
    "onnxruntime": call("onnxruntime", "InferenceSession", text("x")),
    "ctypes by numpy": call("numpy.ctypeslib", "load_library", text("x.so"), text(".")),
    "scipy's loader": call("scipy.io", "loadmat", text("x")),
    "a file opened": call("io", "open", text("/etc/passwd")),
    "a file read by numpy": call("numpy", "fromfile", text("/etc/passwd")),
    "pandas reads an address": call("pandas.io.parsers.readers", "read_csv", text("http://example.org/x")),
    "joblib's memory": call("joblib.memory", "Memory", text("x")),
    "joblib's loky": call("joblib.externals.loky.backend.spawn", "prepare", b"}"),
    "an exit": call("sys", "exit"),
    "signal": call("signal", "raise_signal", b"K\x09"),
    "socket": call("socket", "create_connection", text("example.org")),
    "gensim's loader": call("gensim.utils", "unpickle", text("x")),
    "lib2to3's driver": call("lib2to3.pgen2.grammar", "Grammar.loads", BYTES),
    "a debugger of torch": call("torch.utils.bottleneck.__main__", "run_prof", text("x")),
    "distutils": call("distutils.spawn", "spawn", b"]"),
    "dask's loader": call("distributed.protocol.pickle", "loads", BYTES),
    "ray's loader": call("ray.cloudpickle", "loads", BYTES),
    "fsspec": call("fsspec", "open", text("http://example.org")),
    "an operator's index": call("_operator", "attrgetter", text("x")),
    "a type's lookup": call("pickle", "whichmodule", b"N", b"N"),
    "gc": call("gc", "get_objects"),
    "sys's frames": call("sys", "_getframe"),
    "inspect": call("inspect", "currentframe"),
    "atexit": call("atexit", "register", named("posix", "mkdir"), ARG),
}


def files() -> list[Evil]:
    planted = {"model/planted.py": f"{SOURCE}\nanything = 1\n".encode()}
    now = [
        Evil(
            name,
            op(content),
            "pickle in its folder" if "own module" in name else "pickle",
            beside=planted if "own module" in name else {},
        )
        for name, content in AT_ONCE.items()
    ]
    later = [
        Evil("a transformer's lambda", _transformer(), "predict"),
        Evil("cloudpickle's lambda", cloudpickle.dumps(lambda: __import__("os").mkdir(RAN)), "called"),
        Evil(
            "a partial that waits", op(call("functools", "partial", named("posix", "mkdir"), ARG)), "called"
        ),
        Evil(
            "an exit's hook",
            pickle.dumps({"a": 1})[:-1]
            + b"0"
            + call("atexit", "register", named("posix", "mkdir"), ARG)
            + b".",
        ),
    ]
    return now + later + [Evil(name, op(content)) for name, content in UNSEEN.items()]
