"""PyTorch's files: zip, legacy and the oldest tar, with a pickle that does more than rebuild tensors."""

import pickle
import struct

from tests.scans.evil.specimen import MKDIR, SOURCE, TRAP, Evil, call, named, op, tarred, text, zipped

TOP = "archive/"
MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
VERSION = pickle.dumps(1001, protocol=2)
SYSTEM = pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, protocol=2)
KEYS = pickle.dumps([], protocol=2)
EMPTY = pickle.dumps({}, protocol=2)
STORAGE = b"(" + text("storage") + named("torch", "FloatStorage") + text("0") + text("cpu") + b"K\x01t"
TENSOR = call(
    "torch._utils",
    "_rebuild_tensor_v2",
    STORAGE + b"Q",
    b"K\x00",
    b"K\x01\x85",
    b"K\x01\x85",
    b"\x89",
    call("collections", "OrderedDict"),
)


def archive(pickled: bytes, **others: bytes) -> bytes:
    members = {"data.pkl": pickled, "version": b"3\n"} | others
    return zipped({TOP + name: content for name, content in members.items()})


def stored(pickled: bytes, **others: bytes) -> bytes:
    return archive(pickled, **{"data/0": b"\0\0\0\0", **others})


def legacy(pickled: bytes, system: bytes = SYSTEM, tail: bytes = b"") -> bytes:
    return MAGIC + VERSION + system + pickled + KEYS + tail


def script(code: bytes, constants: bytes = op(b")"), **others: bytes) -> bytes:
    tree = op(named("__torch__", "Net"), b")\x81}b")
    members = {"constants.pkl": constants, "code/__torch__.py": code, **others}
    return archive(tree, **members)


PYTHON = SOURCE.encode()
FILES = {
    "a trap in data.pkl": archive(TRAP),
    "a trap beside a tensor": stored(op(TENSOR, b"0", MKDIR)),
    "a trap in a persistent id": stored(
        op(b"(" + text("storage") + MKDIR + text("0") + text("cpu") + b"K\x01tQ")
    ),
    "a storage of somebody's own class": stored(
        op(b"(" + text("storage") + named("posix", "mkdir") + text("0") + text("cpu") + b"K\x01tQ")
    ),
    "another persistent id": stored(op(text("posix.mkdir") + b"Q")),
    "a tensor whose rebuilding is a command": stored(
        op(call("torch._tensor", "_rebuild_from_type_v2", named("posix", "mkdir"), text("x"), b")", b"}"))
    ),
    "a hook on a tensor": stored(op(call("torch._utils", "_rebuild_parameter", TENSOR, b"\x89", MKDIR))),
    "a module with a forward of its own": archive(
        op(
            named("torch.nn.modules.module", "Module"),
            b")\x81}",
            text("forward"),
            named("posix", "mkdir"),
            b"sb",
        )
    ),
    "torch's import by name": archive(op(call("torch._utils", "_import_dotted_name", text("posix.mkdir")))),
    "torch.load in torch.load": archive(op(call("torch.storage", "_load_from_bytes", b"B\x01\0\0\0x"))),
    "two data.pkl": zipped({f"{TOP}data.pkl": EMPTY, "other/data.pkl": TRAP, f"{TOP}version": b"3\n"}),
    "data.pkl in a deeper folder": zipped({f"{TOP}x/data.pkl": TRAP, f"{TOP}version": b"3\n"}),
    "data.pkl in no folder": zipped({"data.pkl": TRAP, "version": b"3\n"}),
    "DATA.PKL": zipped({f"{TOP}DATA.PKL": TRAP, f"{TOP}version": b"3\n"}),
    "a second pickle in data.pkl": archive(EMPTY + TRAP),
    "a pickle in a member that nobody needs": archive(EMPTY, extra=TRAP),
    "a pickle as a note": archive(EMPTY, byteorder=TRAP),
    "a storage that nothing refers to": archive(EMPTY, **{"data/0": TRAP}),
    "a storage that is missing": archive(op(TENSOR)),
    "a storage that is too long": stored(op(TENSOR), **{"data/0": b"\0\0\0\0" + TRAP}),
    "Python in its code": archive(EMPTY, **{"code/evil.py": PYTHON}),
    "torch.package": zipped(
        {
            "p/.data/extern_modules": b"os\n",
            "p/.data/python_version": b"3.11\n",
            "p/evil/__init__.py": PYTHON,
            "p/model/model.pkl": op(named("evil", "x")),
        }
    ),
    "torch.package without code": zipped({"p/.data/version": b"6\n", "p/model/model.pkl": TRAP}),
    "TorchScript that nobody allowed": script(b"class Net(Module):\n  def forward(self): pass\n"),
    "TorchScript that reads files": script(b"def forward(self):\n  torch.from_file('/etc/passwd')\n"),
    "TorchScript with a trap in its constants": script(b"class Net(Module): pass\n", TRAP),
    "TorchScript with a trap in its debug pickle": script(
        b"class Net(Module): pass\n", **{"code/__torch__.py.debug_pkl": TRAP}
    ),
    "TorchScript with a trap that calls itself torch's": archive(
        op(named("__torch__.posix", "mkdir"), b")R0", MKDIR), **{"constants.pkl": op(b")")}
    ),
    "TorchScript with a library": script(b"", **{"extra/fast.so": b"\x7fELF\x02\x01\x01" + bytes(64)}),
    "a legacy file": legacy(TRAP),
    "a legacy file with a trap in its notes": legacy(EMPTY, op(MKDIR, protocol=2)),
    "a legacy file with a trap behind it": legacy(EMPTY, tail=TRAP),
    "a legacy file with a lying storage": legacy(op(TENSOR), tail=struct.pack("<q", 9) + bytes(4)),
    "a legacy file that is cut off": legacy(EMPTY)[:-3],
    "a legacy file with a trap for its keys": MAGIC + VERSION + SYSTEM + EMPTY + TRAP,
    "the oldest form": tarred({"pickle": TRAP, "storages": EMPTY, "tensors": EMPTY, "sys_info": SYSTEM}),
    "the oldest form, with its trap in the storages": tarred(
        {"pickle": EMPTY, "storages": TRAP, "tensors": EMPTY}
    ),
    "an ExecuTorch program": b"\x18\0\0\0ET12" + bytes(64),
    "a compiled package": zipped({"data/aotinductor/model/x.so": b"\x7fELF\x02\x01\x01" + bytes(64)}),
}


def files() -> list[Evil]:
    return [
        *(Evil(name, content, path="model/weights.pt") for name, content in FILES.items()),
        Evil("a plain pickle with torch's suffix", TRAP, "pickle", "model/weights.pt"),
        Evil("the pickle of a zip file", TRAP, "python pickle", "model/weights.pth"),
    ]
