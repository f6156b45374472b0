"""The formats of models: what of each `scan-model` must refuse, must not decide, or must let pass."""

import json
import tarfile

from ci_steps.model.verdict import Verdict
from ci_steps.selftest import model_formats as made
from ci_steps.selftest.case import Case
from ci_steps.selftest.pickles import PIPELINE, PIPELINE_NAME, SYSTEM, importing
from ci_steps.selftest.scanned import SOURCE, case, scanned

REFUSED, INCONCLUSIVE, PASSED = Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.PASSED
FILE = "model/weights.bin"
_HEADER = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}      \n"
_BELOW_0 = _HEADER.replace(b"(2,)}   ", b"(-2,-1)}")
_MAGIC = b"\x93NUMPY\x01\x00" + bytes([len(_HEADER), 0])
NPY, NPY_BELOW_0 = _MAGIC + _HEADER + bytes(8), _MAGIC + _BELOW_0 + bytes(8)
FUNCTION = {"__class__": "system", "__module__": "posix", "__loader__": "FunctionNode"}
LIST = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": []}
COUNTING = (
    "{% for m in messages[1:] %}{{ messages[loop.index0] }}{{ messages[messages | length - 1] }}"
    "{{ messages[messages | count] }}{% endfor %}"
)
CHAT = "{% for m in messages %}{{ m.role }}: {{ m['content'] | trim }}{% endfor %}"


def _format(rule: str, wanted: Verdict, title: str, content: bytes, allow: tuple[str, ...] = ()) -> Case:
    return case("", wanted, title, scanned({FILE: content}, allow), rule=rule)


def _json(rule: str, wanted: Verdict, title: str, value: object) -> Case:
    return _format(rule, wanted, title, json.dumps(value).encode())


def _mlflow(wanted: Verdict, title: str, pyfunc: str) -> Case:
    """Make a case of what MLflow is told to load."""
    content = f"flavors:\n  python_function: {pyfunc}\n".encode()
    return case("", wanted, title, scanned({"model/MLmodel": content}), rule="mlflow")


def _beside(wanted: Verdict, title: str, content: bytes, **files: bytes | None) -> Case:
    """Make a case of a graph with other files of the model beside it."""
    there = {"model/graph": content, **{f"model/{name}": value for name, value in files.items()}}
    return case("", wanted, title, scanned(there), rule="onnx")


CASES: tuple[Case, ...] = (
    _format("safetensors", PASSED, "safetensors", made.safetensors()),
    _format("safetensors", INCONCLUSIVE, "safetensors with a hole", made.safetensors(hole=4)),
    _format("safetensors", INCONCLUSIVE, "safetensors, cut off", made.safetensors()[:-1]),
    _format("safetensors", REFUSED, "safetensors with bytes behind them", made.safetensors() + b"\0"),
    _format("onnx", PASSED, "a graph of ONNX's own operators", made.onnx()),
    _format("onnx", INCONCLUSIVE, "an operator of somebody else's", made.onnx("Mine", "com.example")),
    _format("onnx", INCONCLUSIVE, "an operator that loads what an attribute names", made.onnx("EPContext")),
    _format("onnx", REFUSED, "an operator that calls Python", made.onnx("PythonOp", "com.microsoft")),
    _format("onnx", REFUSED, "a second graph behind the first", made.onnx() + made.onnx()),
    _beside(REFUSED, "weights outside of the model", made.onnx(location="../../etc/passwd")),
    _beside(INCONCLUSIVE, "weights that are not there", made.onnx(location="w")),
    _beside(PASSED, "weights in a file of the model", made.onnx(location="w"), w=b"\xff\0\0\0\0\0\0\1"),
    _beside(
        REFUSED, "weights in a file of the model that is a pickle", made.onnx(location="w"), w=SYSTEM
    ),
    _format("gguf", PASSED, "a template that writes text", made.gguf(CHAT)),
    _format("gguf", PASSED, "a template that counts", made.gguf(COUNTING)),
    _format("gguf", REFUSED, "a template that reaches into Python", made.gguf("{{ ''.__class__.__mro__ }}")),
    _format("gguf", REFUSED, "the same by a subscript", made.gguf("{{ cycler['__init__'] }}")),
    _format("gguf", REFUSED, "a template that can do more, which nobody allowed", made.gguf("{{ a[b] }}")),
    case(
        "",
        PASSED,
        "a template that can do more, allowed",
        scanned({FILE: made.gguf("{{ a[b] }}")}, code=(*SOURCE, FILE)),
        rule="gguf",
    ),
    _format("gguf", INCONCLUSIVE, "GGUF, cut off", made.gguf()[:-1]),
    _format("gguf", REFUSED, "GGUF with bytes behind it", made.gguf() + bytes(32)),
    _format("torch", PASSED, "a tensor", made.torch(made.TENSOR, bytes(8)), made.TORCH),
    _format("torch", REFUSED, "a tensor of a class that nobody allowed", made.torch(made.TENSOR, bytes(8))),
    _format("torch", REFUSED, "a command in a torch archive", made.torch(SYSTEM)),
    _format("torch", INCONCLUSIVE, "a tensor without its numbers", made.torch(made.TENSOR), made.TORCH),
    _format("torch", INCONCLUSIVE, "numbers that nothing needs", made.torch(b"\x80\x02}.", bytes(8))),
    _format("torch", PASSED, "a tensor in torch's old format", made.legacy(), made.TORCH),
    _format("torch", REFUSED, "a command behind torch's old format", made.legacy(SYSTEM), made.TORCH),
    _format("torch", INCONCLUSIVE, "torch's old format, cut off", made.legacy()[:-1], made.TORCH),
    _format("keras", PASSED, "a layer of Keras's own", made.keras("Dense")),
    _format("keras", REFUSED, "a Lambda layer", made.keras("Lambda")),
    _format("keras", REFUSED, "a layer of another module", made.keras("system", "posix")),
    _format("keras", PASSED, "a layer by its inner module", made.keras("Dense", "keras.src.layers.core.x")),
    _format("keras", REFUSED, "a class of Keras that does more", made.keras("Dense", "keras.saving")),
    _format("keras", REFUSED, "an inner class that does more", made.keras("Dense", "keras.src.saving.x")),
    _format("keras", REFUSED, "a module that only sounds like Keras's", made.keras("Dense", "layers")),
    _format("keras", REFUSED, "a text that goes on as HDF5", b"a text\n".ljust(512) + made.HDF5),
    _format("keras", INCONCLUSIVE, "a layer that only its author's code can make", made.keras("a>B", None)),
    _format("keras", REFUSED, "a Lambda layer in HDF5", made.HDF5 + b'{"class_name": "Lambda"}'),
    _format("keras", INCONCLUSIVE, "HDF5, cut off", made.HDF5 + bytes(64)),
    _format("skops", PASSED, "an allowed list", made.skops(LIST), ("builtins.list",)),
    _format("skops", REFUSED, "a function that runs a command", made.skops(FUNCTION), ("posix.system",)),
    _format("skops", INCONCLUSIVE, "a node of an unknown kind", made.skops(LIST | {"__loader__": "New"}),
            ("builtins.list",)),
    _format("boosters", PASSED, "LightGBM", made.LIGHTGBM),
    _format("boosters", PASSED, "CatBoost", made.CATBOOST),
    _format("boosters", PASSED, "XGBoost", made.XGBOOST),
    _format("boosters", INCONCLUSIVE, "LightGBM, cut off", made.LIGHTGBM[:60]),
    _format("boosters", INCONCLUSIVE, "CatBoost, cut off", made.CATBOOST[:-1]),
    _format("boosters", INCONCLUSIVE, "XGBoost, cut off", made.XGBOOST[:-1]),
    _format("boosters", INCONCLUSIVE, "XGBoost's old format", b"binf" + bytes(200)),
    _format("boosters", REFUSED, "LightGBM with text behind it", made.LIGHTGBM + b"more\n"),
    _format("boosters", REFUSED, "CatBoost with bytes behind it", made.CATBOOST + b"\0"),
    _format("boosters", REFUSED, "XGBoost with bytes behind it", made.XGBOOST + b"\0"),
    _format("archives", PASSED, "an archive of texts", made.zipped({"a.txt": b"a\n", "b/c.json": b"{}"})),
    _format("archives", PASSED, "an archive written to a pipe", made.streamed("a", b"a\n")),
    _format(
        "archives",
        REFUSED,
        "an archive written to a pipe, with other sizes behind a member",
        made.streamed("a", b"a\n").replace(b"PK\x07\x08", b"PK\x07\x07"),
    ),
    _format("archives", PASSED, "a tar archive of a text", made.tarred("a", b"a\n")),
    _format("arrays", PASSED, "an array", NPY),
    _format("arrays", INCONCLUSIVE, "an array, cut off", NPY[:-1]),
    _format("arrays", REFUSED, "an array with bytes behind it", NPY + b"more"),
    _format("arrays", INCONCLUSIVE, "an array with lengths below 0", NPY_BELOW_0),
    _format("archives", PASSED, "arrays", made.zipped({"a.npy": NPY})),
    _format("archives", REFUSED, "a command in an archive in an archive",
            made.zipped({"a": made.tarred("b", SYSTEM)})),
    _format("archives", REFUSED, "a member that leads out", made.zipped({"../a": b"a\n"})),
    _format("archives", REFUSED, "a member of tar that leads out", made.tarred("../a", b"a\n")),
    _format("archives", REFUSED, "a link", made.tarred("a", b"", tarfile.SYMTYPE)),
    _format("archives", REFUSED, "source in an archive", made.zipped({"a.py": b"A = 1\n"})),
    _format("archives", REFUSED, "bytes in front of an archive", b"text\n" + made.zipped({"a": b"a\n"})),
    _format("archives", REFUSED, "bytes behind an archive", made.zipped({"a": b"a\n"}) + b"more"),
    _format("archives", REFUSED, "two members of one name",
            made.zipped({"a": b"a\n", "A": b"b\n"})),
    _format("archives", REFUSED, "a directory that contradicts a member",
            made.zipped({"a": b"a\n"}).replace(b"a", b"b", 1)),
    _format("archives", INCONCLUSIVE, "an archive, cut off", made.zipped({"a": b"a\n"})[:-1]),
    _format("archives", INCONCLUSIVE, "a tar archive, cut off", made.tarred("a", b"a\n")[:700]),
    _format("archives", INCONCLUSIVE, "a member that is not what its checksum says",
            made.zipped({"a": b"abc\n"}).replace(b"abc\n", b"abd\n")),
    _format("archives", INCONCLUSIVE, "an encrypted member",
            made.zipped({"a": b"a\n"}).replace(b"\x14\0\0\0", b"\x14\0\1\0")),
    _mlflow(PASSED, "an MLmodel of a flavour of MLflow's", "{loader_module: mlflow.sklearn}"),
    _mlflow(REFUSED, "an MLmodel with a loader that nobody allowed", "{loader_module: flowers.loading}"),
    _mlflow(REFUSED, "an MLmodel whose loader can run anything", "{loader_module: os}"),
    _mlflow(REFUSED, "an MLmodel that loads another file", "{loader_module: mlflow.onnx, data: /etc/a}"),
    _mlflow(INCONCLUSIVE, "an MLmodel without flavours that can be read", "[]"),
    _json("settings", PASSED, "settings that name no code", {"type": "bert", "chat_template": CHAT}),
    _format("settings", PASSED, "settings with a number that is none", b'{"a": NaN}'),
    _format("settings", PASSED, "settings with a number without end", b'{"a": -Infinity}'),
    _json("settings", REFUSED, "settings that have code fetched", {"auto_map": {"AutoModel": "a/b--c.D"}}),
    _json("settings", REFUSED, "settings that name code", {"auto_map": {"AutoModel": "modeling.Mine"}}),
    _json("settings", REFUSED, "settings that have a command made", {"_target_": "os.system"}),
    _format("settings", INCONCLUSIVE, "settings with a key twice", b'{"type": "a", "type": "b"}'),
    _format("settings", INCONCLUSIVE, "JSON, cut off", b'{"a": [1, 2'),
    # What a kind of finding has no answer for, another one of the same file gives.
    case("global", REFUSED, "a command in a file that is cut off", scanned({FILE: SYSTEM[:-1]}),
         rule="unreadable"),
    case("files", PASSED, "files that are read to their end", scanned({}), rule="unreadable"),
    case("unreadable", INCONCLUSIVE, "an allowed class, cut off", scanned({FILE: PIPELINE[:-1]},
         (PIPELINE_NAME,)), rule="global"),
    case("unreadable", INCONCLUSIVE, "a file whose end is missing", scanned({FILE: NPY[:-1]}),
         rule="trailing"),
    case("", PASSED, "a file that ends where it should", scanned({FILE: NPY}), rule="trailing"),
    case("unreadable", INCONCLUSIVE, "a global by its number", scanned({FILE: b"\x80\x02\x82\x01."}),
         rule="trick"),
    case("", PASSED, "a pickle that only makes things", scanned({FILE: importing("builtins", "set")},
         ("builtins.set",)), rule="trick"),
    case("unreadable", INCONCLUSIVE, "code that may lie in an encrypted archive",
         scanned({FILE: made.zipped({"a.py": b"A\n"}).replace(b"\x14\0\0\0", b"\x14\0\1\0")}), rule="code"),
    case("", PASSED, "a file that is one thing", scanned({FILE: made.zipped({"a": b"a\n"})}),
         rule="polyglot"),
    case("code", REFUSED, "a file that is a program", scanned({FILE: b"#!/bin/sh\n"}), rule="files"),
    case("unreadable", INCONCLUSIVE, "a file of no known kind", scanned({FILE: bytes(range(255, 0, -1))}),
         rule="files"),
)  # fmt: skip
