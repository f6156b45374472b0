"""How a global is spelled in `scan.allow`, and which no list can allow."""

import _compat_pickle
import re
from dataclasses import dataclass

_PLAIN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# With one of these a file reaches code that its listing does not name, so a listing that
# holds one says nothing. Modules count with everything in them.
_MODULES = words(
    "os posix nt subprocess pty sys socket ctypes _ctypes cffi shutil commands runpy code codeop bdb pdb "
    "timeit trace profile cProfile pickle _pickle dill cloudpickle marshal shelve importlib imp pkgutil "
    "zipimport site multiprocessing threading _thread asyncio concurrent webbrowser http urllib requests "
    "ftplib smtplib telnetlib socketserver xmlrpc tempfile pathlib io _io operator _operator functools "
    "inspect types gc atexit signal builtins __builtin__ pip setuptools ensurepip venv doctest unittest "
    "pydoc idlelib lib2to3 logging weakref copyreg test distutils codecs platform linecache compileall "
    "py_compile sqlite3 numpy.testing numpy.f2py numpy.distutils fickling picklescan "
    "torch.hub torch.serialization torch.package torch.distributed torch.multiprocessing torch.testing "
    "torch.utils torch._dynamo torch._inductor torch.fx torch.ops torch.classes torch.onnx torch.export "
    "torch.jit._serialization torch.jit._script keras.utils keras.src.utils keras.saving keras.src.saving "
    "keras.src.legacy tf_keras.src.utils tensorflow transformers.utils huggingface_hub hydra.utils "
    "joblib.externals joblib.memory joblib.parallel joblib.numpy_pickle_compat joblib.numpy_pickle_utils "
    "sklearn.externals patsy.eval sympy numexpr numpy.ctypeslib scipy.io pandas.io mlflow gensim.utils dask "
    "distributed ray fsspec transformers.dynamic_module_utils"
)
# The few in those modules that make a plain value and nothing else; scikit-learn's own files use them.
_HARMLESS = words(
    "builtins.object builtins.set builtins.frozenset builtins.list builtins.dict builtins.tuple builtins.int "
    "builtins.float builtins.complex builtins.bool builtins.str builtins.bytes builtins.bytearray "
    "builtins.slice builtins.range builtins.type builtins.Ellipsis builtins.NotImplemented "
    "copyreg._reconstructor copyreg.__newobj__ functools.partial types.SimpleNamespace pathlib.Path "
    "pathlib.PosixPath pathlib.PurePath pathlib.PurePosixPath operator.itemgetter "
    "codecs.encode _codecs.encode"
)
_NAMES = words(
    "numpy.load numpy.fromfile numpy.memmap numpy.save numpy.loadtxt numpy.genfromtxt numpy.lib.npyio.load "
    "numpy.vectorize numpy.apply_along_axis numpy.apply_over_axes numpy.fromfunction numpy.frompyfunc "
    "numpy.piecewise joblib.load joblib.dump joblib.numpy_pickle.load joblib.numpy_pickle._unpickle "
    "joblib.numpy_pickle.NDArrayWrapper joblib.numpy_pickle.ZNDArrayWrapper "
    "joblib.numpy_pickle.load_compatibility skops.io.load skops.io.loads pandas.read_pickle "
    "pandas.io.pickle.read_pickle pandas.eval torch.load torch.storage._load_from_bytes torch.compile "
    "torch.jit.load keras.models.load_model keras.models.model_from_json keras.layers.Lambda "
    "keras.layers.TFSMLayer keras.layers.TorchModuleWrapper yaml.load yaml.unsafe_load yaml.full_load "
    "sklearn.datasets.fetch_openml torch._utils._import_dotted_name torch.jit.CompilationUnit "
    "typing._eval_type typing.ForwardRef dataclasses._create_fn dataclasses.make_dataclass"
    " onnxruntime.InferenceSession"
)
WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"


@dataclass(frozen=True, slots=True)
class Named:
    """A global that a file imports."""

    text: str


class WrapperClass(Named):
    """joblib's stand-in for an array, whose bytes follow it in the file."""


def named(module: str, name: str, protocol: int) -> Named:
    """Return the global as it is imported: protocols 0 to 2 name Python 2's modules."""
    if protocol < 3:
        module, name = _compat_pickle.NAME_MAPPING.get((module, name), (module, name))
        module = _compat_pickle.IMPORT_MAPPING.get(module, module)
    text = spelled(module, name)
    return WrapperClass(text) if text == WRAPPER else Named(text)


def spelled(module: str, name: str) -> str:
    """Return the one text that stands for the pair, and for no other.

    >>> spelled("sklearn.pipeline", "Pipeline"), spelled("numpy", "ndarray.tofile")
    ('sklearn.pipeline.Pipeline', 'numpy:ndarray.tofile')
    """
    if _PLAIN.fullmatch(module) and _PLAIN.fullmatch(name):
        return f"{module}:{name}" if "." in name else f"{module}.{name}"
    return f"({module!a}, {name!a})"


def importable(module: bytes) -> bool:
    """Whether a module of this name could exist: the words of a plain text seldom can."""
    try:
        return re.fullmatch(r"[\w-]+(\.[\w-]+)*", module.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False


def reaches_beyond(text: str) -> bool:
    """Whether the global could run code that no listing names, so that none can allow it."""
    if text.startswith("("):  # a pair that no honest class has
        return True
    dotted = text.replace(":", ".")
    if dotted in _HARMLESS and ":" not in text:
        return False
    parts = dotted.split(".")
    leads = (".".join(parts[: n + 1]) for n in range(len(parts) - 1))
    alias = parts[-1] == "NumpyArrayWrapper" and text != WRAPPER
    private = any(part.startswith("__") and part.endswith("__") for part in parts)
    # What a module has imported is an attribute of it: `joblib.numpy_pickle:os.system`.
    through = any(part in _MODULES for part in text.partition(":")[2].split(".")[:-1])
    return alias or private or through or dotted in _NAMES or any(lead in _MODULES for lead in leads)
