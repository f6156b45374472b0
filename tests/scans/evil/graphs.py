"""ONNX, SavedModel, GGUF, safetensors: formats that hold no code, unless somebody puts it there."""

import json
import struct
from typing import Any

from tests.scans.evil.specimen import RAN, SOURCE, TRAP, Evil, tarred, zipped


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def message(*fields: tuple[int, bytes | int | str]) -> bytes:
    """Return a message of Protocol Buffers."""
    found = b""
    for number, value in fields:
        if isinstance(value, int):
            found += varint(number << 3) + varint(value)
        else:
            encoded = value.encode() if isinstance(value, str) else value
            found += varint(number << 3 | 2) + varint(len(encoded)) + encoded
    return found


def onnx(
    *nodes: bytes, tensors: tuple[bytes, ...] = (), more: bytes = b"", domains: tuple[str, ...] = ()
) -> bytes:
    graph = message(*((1, node) for node in nodes), (2, "graph"), *((5, tensor) for tensor in tensors))
    opsets = [(8, message((1, domain), (2, 20))) for domain in ("", *domains)]
    return message((1, 8), (2, "exporter"), (7, graph), *opsets) + more


def operator(name: str, domain: str = "", **texts: str) -> bytes:
    attributes = [(5, message((1, key), (4, value), (20, 3))) for key, value in texts.items()]
    return message((1, "x"), (2, "y"), (4, name), *attributes, *([(7, domain)] if domain else []))


def outside(location: str, **more: str) -> bytes:
    entries = {"location": location, **more}
    stored = [(13, message((1, key), (2, value))) for key, value in entries.items()]
    return message((1, 4), (2, 1), (8, "w"), *stored, (14, 1))


RELU = operator("Relu")
GOOD = onnx(RELU)
INNER = message((1, operator("PyOp", "ai.onnx.contrib")), (2, "inner"))
BRANCH = message((1, "x"), (2, "y"), (4, "If"), (5, message((1, "then_branch"), (6, INNER), (20, 5))))
FUNCTION = message((1, "Mine"), (7, operator("PythonOp", "com.microsoft")), (10, "mine"))


def saved_model(name: str, **texts: str) -> bytes:
    """Return a SavedModel of TensorFlow's with one operator in its graph."""
    attributes = [(5, message((1, key), (2, message((2, value))))) for key, value in texts.items()]
    graph = message((1, message((1, "x"), (2, name), *attributes)), (4, message((1, 1800))))
    return message((1, 1), (2, message((1, message((4, "serve"))), (2, graph))))


PYFUNC = saved_model("PyFunc", token="pyfunc_0")
ONNX = {
    "tensors above the folder": onnx(RELU, tensors=(outside("../../../etc/passwd"),)),
    "tensors at an absolute place": onnx(RELU, tensors=(outside("/etc/passwd"),)),
    "tensors behind an address": onnx(RELU, tensors=(outside("file:///etc/passwd"),)),
    "tensors at a Windows place": onnx(RELU, tensors=(outside("..\\..\\x"),)),
    "tensors in a file that is missing": onnx(RELU, tensors=(outside("weights.data"),)),
    "tensors behind a file's end": onnx(RELU, tensors=(outside("model.onnx", offset="99999"),)),
    "tensors at a negative place": onnx(RELU, tensors=(outside("model.onnx", offset="-8"),)),
    "an operator that calls Python": onnx(
        operator("PyOp", "ai.onnx.contrib", code=SOURCE), domains=("ai.onnx.contrib",)
    ),
    "PyTorch's operator that calls Python": onnx(operator("PythonOp", "com.microsoft")),
    "an operator of a library": onnx(operator("Evil", "evil.so"), domains=("evil.so",)),
    "an operator that loads a library": onnx(
        operator("EPContext", "com.microsoft", ep_cache_context="../x.so")
    ),
    "an operator that calls Python, in a branch": onnx(BRANCH),
    "an operator that calls Python, in a function": onnx(
        operator("Mine", "mine"), more=message((25, FUNCTION))
    ),
    "an operator in training information": onnx(RELU, more=message((20, message((2, INNER))))),
    "a second model": GOOD + onnx(operator("PyOp", "ai.onnx.contrib")),
    "a second graph": GOOD + message((7, INNER)),
    "a graph that is cut off": GOOD[:-3],
    "a pickle behind the model": GOOD + TRAP,
    "a pickle in an unknown field": GOOD + message((99, TRAP)),
    "a zip behind the model": GOOD + zipped({"a": TRAP}),
    "a model that is too deep": onnx(b"".join([RELU]), more=b"\x3a\xff\xff\xff\xff\x0f"),
}
TENSORFLOW = {
    "PyFunc": PYFUNC,
    "WriteFile": saved_model("WriteFile", filename="/etc/cron.d/x"),
    "ReadFile": saved_model("ReadFile", filename="/etc/passwd"),
    "a custom operator": saved_model("Evil"),
    "a model that was cut off": PYFUNC[:-4],
    "TensorFlow Lite with a custom operator": b"\x1c\0\0\0TFL3" + bytes(32) + b"FlexPyFunc\0" + bytes(32),
    "a frozen graph": message((1, message((1, "x"), (2, "PyFunc")))),
}


def string(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def gguf(*keys: tuple[str, int, bytes], tensors: int = 0, tail: bytes = b"", version: int = 3) -> bytes:
    written = b"".join(string(name.encode()) + struct.pack("<I", kind) + value for name, kind, value in keys)
    return b"GGUF" + struct.pack("<IQQ", version, tensors, len(keys)) + written + tail


def chat(template: str, key: str = "tokenizer.chat_template") -> bytes:
    return gguf((key, 8, string(template.encode())))


JINJA = {
    "cycler": "{{ cycler.__init__.__globals__.os.mkdir('" + RAN + "') }}",
    "lipsum": "{{ lipsum.__globals__['os'].mkdir('" + RAN + "') }}",
    "lipsum by a filter": "{{ (lipsum | attr('__globals__')).os.mkdir('" + RAN + "') }}",
    "joiner in pieces": "{{ joiner['__in' ~ 'it__']['__glo' ~ 'bals__']['os'].mkdir('" + RAN + "') }}",
    "namespace": "{{ namespace.__init__.__globals__.os.mkdir('" + RAN + "') }}",
    "an undefined's globals": "{{ nothing.__init__.__globals__.__builtins__.__import__('os').mkdir('"
    + RAN
    + "') }}",
    "self": "{{ self.__init__.__globals__.__builtins__.__import__('os').mkdir('" + RAN + "') }}",
    "subclasses": "{% for c in ''.__class__.__mro__[1].__subclasses__() if c.__name__ == '_wrap_close' %}"
    "{{ c.__init__.__globals__['mkdir']('" + RAN + "') }}{% endfor %}",
    "a name by format": "{{ lipsum['%s%s' | format('__glob', 'als__')]['os'].mkdir('" + RAN + "') }}",
    "a name by replace": "{{ lipsum['xxglobalsxx' | replace('x', '_')]['os'].mkdir('" + RAN + "') }}",
    "a name by escapes": "{{ lipsum['\\x5f\\x5fglobals\\x5f\\x5f']['os'].mkdir('" + RAN + "') }}",
    "a name by reverse": "{{ lipsum['__slabolg__' | reverse]['os'].mkdir('" + RAN + "') }}",
    "a name by a slice": "{{ lipsum['x__globals__'[1:]]['os'].mkdir('" + RAN + "') }}",
    "a name by join": "{{ lipsum[['__glob', 'als__'] | join]['os'].mkdir('" + RAN + "') }}",
    "a name that a loop finds": "{% for n in ['__globals__'] %}{{ lipsum[n]['os'].mkdir('"
    + RAN
    + "') }}{% endfor %}",
    "a name by map": "{{ ([lipsum] | map(attribute='__globals__') | first)['os'].mkdir('" + RAN + "') }}",
    "a macro's globals": "{% macro m() %}{% endmacro %}{{ m.__init__.__globals__"
    ".__builtins__['__import__']('os').mkdir('" + RAN + "') }}",
    "a call block": "{% macro m() %}{{ caller.__init__.__globals__.__builtins__['__import__']('os').mkdir('"
    + RAN
    + "') }}{% endmacro %}{% call m() %}{% endcall %}",
    "a name that is set": "{% set g = '__glo' %}{% set g = g ~ 'bals__' %}{{ lipsum[g].os.mkdir('"
    + RAN
    + "') }}",
}
GGUF = {
    "a second template": gguf(
        ("tokenizer.chat_template", 8, string(b"{{ messages[0].content }}")),
        ("tokenizer.chat_template.tool_use", 8, string(JINJA["cycler"].encode())),
    ),
    "a key that is there twice": gguf(
        ("tokenizer.chat_template", 8, string(b"x")),
        ("tokenizer.chat_template", 8, string(JINJA["cycler"].encode())),
    ),
    "a pickle behind it": gguf(tail=TRAP),
    "more keys than there are": b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 40) + TRAP,
    "a text of no end": gguf(("x", 8, struct.pack("<Q", 1 << 62) + TRAP)),
    "an array of no end": gguf(("x", 9, struct.pack("<IQ", 8, 1 << 60) + TRAP)),
    "arrays in arrays": gguf(("x", 9, struct.pack("<IQ", 9, 1) * 9 + struct.pack("<IQ", 0, 0))),
    "a tensor of no end": gguf(tensors=1, tail=string(b"x") + struct.pack("<IQIQ", 1, 1 << 60, 0, 0)),
    "a type that nobody knows": gguf(("x", 77, TRAP)),
    "an old version": gguf(version=1),
    "the other byte order": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "a cut template": chat(JINJA["cycler"])[:-5],
    "an alignment of none": gguf(("general.alignment", 4, struct.pack("<I", 0))),
}


def safetensors(header: Any, numbers: bytes = b"", size: int | None = None) -> bytes:
    written = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(written) if size is None else size) + written + numbers


def tensor(start: int, end: int, dtype: str = "U8", **more: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [end - start], "data_offsets": [start, end]} | more


LONG = len(TRAP)
ONE = {"a": tensor(0, 4)}
SAFETENSORS = {
    "overlapping tensors": safetensors({"a": tensor(0, 4), "b": tensor(2, 6)}, bytes(6)),
    "a hole with a pickle": safetensors(
        {"a": tensor(0, 4), "b": tensor(4 + LONG, 8 + LONG)}, bytes(4) + TRAP + bytes(4)
    ),
    "a pickle behind the tensors": safetensors(ONE, bytes(4) + TRAP),
    "a zip behind the tensors": safetensors(ONE, bytes(4) + zipped({"a": TRAP})),
    "a zip in the last tensor": safetensors({"a": tensor(0, len(zipped({"a": TRAP})))}, zipped({"a": TRAP})),
    "a header that lies about its length": safetensors(ONE, bytes(4), 9),
    "a header longer than the file": safetensors(ONE, bytes(4), 1 << 40),
    "a header of no end": safetensors(ONE, bytes(4), (1 << 64) - 1),
    "a header that is a pickle": safetensors(TRAP),
    "a header with a key twice": safetensors(
        b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{}}', b"x"
    ),
    "a header that is no object": safetensors([1, 2]),
    "metadata that are no text": safetensors({"__metadata__": {"a": [1]}}),
    "a type of Python's": safetensors({"a": tensor(0, 4, "OBJECT")}, bytes(4)),
    "a shape that is not its size": safetensors({"a": tensor(0, 4, shape=[2])}, bytes(4)),
    "a negative shape": safetensors({"a": tensor(0, 4, shape=[-4])}, bytes(4)),
    "offsets in the other order": safetensors({"a": tensor(4, 0)}, bytes(4)),
    "tensors that are cut off": safetensors(ONE, bytes(2)),
    "a length that is a pickle": b"\x80\x04" + b"}0cposix\nmkdir\n(S'ran'\ntR.",
    "a tar archive in its name": tarred({"{}": TRAP}),
}
_TREES = b"tree\nversion=v4\ntree_sizes=20\n\nTree=0\nnum_leaves=1\n\n\nend of trees\n"
NATIVE = {
    "LightGBM with a pickle behind": _TREES + TRAP,
    "LightGBM that is cut off": b"tree\nversion=v4\ntree_sizes=20\n\nTree=0\n",
    "LightGBM with a text behind": _TREES + b"\nparameters:\n[a: b]\n\nend of parameters\n\nimport os\n",
    "CatBoost with a pickle behind": b"CBM1"
    + struct.pack("<I", 30)
    + b"\x08\0\0\0FlabuffersModel_v1".ljust(30)
    + TRAP,
    "CatBoost that lies about its length": b"CBM1"
    + struct.pack("<I", 1 << 30)
    + b"\x08\0\0\0FlabuffersModel_v1",
    "XGBoost's old form": b"binf" + TRAP,
    "XGBoost with a pickle behind": b"{U\x07learner{}U\x07version[$U#U\x03\x01\x02\x03}" + TRAP,
    "XGBoost with a key twice": b"{U\x07learner{}U\x07learner{}U\x07version[$U#U\x03\x01\x02\x03}",
    "XGBoost that is cut off": b"{U\x07learner{}U\x07version[$U#U\x03\x01\x02",
}


def files() -> list[Evil]:
    written = saved_model("PyFunc", token="pyfunc_1")
    claimed = onnx(RELU, tensors=(outside("saved_model.pb", length=str(len(written))),))
    return [
        *(Evil(f"ONNX: {name}", content, path="model/model.onnx") for name, content in ONNX.items()),
        *(
            Evil(f"TensorFlow: {name}", content, path="model/saved_model.pb")
            for name, content in TENSORFLOW.items()
        ),
        Evil(
            "TensorFlow: PyFunc that a graph claims for its numbers",
            written,
            path="model/saved_model.pb",
            beside={"model/model.onnx": claimed},
        ),
        *(
            Evil(f"a template: {name}", template.encode(), "template", "model/chat_template.jinja")
            for name, template in JINJA.items()
        ),
        *(
            Evil(f"GGUF: a template: {name}", chat(template), path="model/model.gguf")
            for name, template in JINJA.items()
        ),
        *(Evil(f"GGUF: {name}", content, path="model/model.gguf") for name, content in GGUF.items()),
        *(
            Evil(f"safetensors: {name}", content, path="model/model.safetensors")
            for name, content in SAFETENSORS.items()
        ),
        *(Evil(name, content, path="model/model.txt") for name, content in NATIVE.items()),
    ]
