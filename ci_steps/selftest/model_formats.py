"""Small files in the formats of models, each written by hand: nothing here may depend on a library."""

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from typing import IO, cast


def zipped(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


class _Pipe:
    """Where nobody can go back, so that sizes stand behind a member."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, content: bytes) -> int:
        self.content += content
        return len(content)

    def flush(self) -> None:
        """Nothing is held back."""


def streamed(name: str, content: bytes) -> bytes:
    """Return a zip archive that was written to a pipe."""
    pipe = _Pipe()
    with zipfile.ZipFile(cast("IO[bytes]", pipe), "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return pipe.content


def tarred(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, len(content), "a" * (kind != tarfile.REGTYPE)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def message(*fields: tuple[int, bytes | int | str]) -> bytes:
    """Return a message of Protocol Buffers."""
    written = b""
    for number, value in fields:
        if isinstance(value, int):
            written += _varint(number << 3) + _varint(value)
        else:
            content = value.encode() if isinstance(value, str) else value
            written += _varint(number << 3 | 2) + _varint(len(content)) + content
    return written


def _varint(value: int) -> bytes:
    rest = value >> 7
    return bytes([value & 0x7F | 0x80]) + _varint(rest) if rest else bytes([value])


def onnx(operator: str = "Relu", domain: str = "", location: str = "") -> bytes:
    """Return a graph of one operator, whose weights lie in another file where there is a location."""
    node = message((1, "x"), (2, "y"), (4, operator), (7, domain))
    tensor = message((1, 2), (2, 1), (8, "w"))
    if location:
        tensor += message((13, message((1, "location"), (2, location))), (14, 1))
    else:
        tensor = message((1, 2), (2, 1), (8, "w"), (9, bytes(8)))
    graph = message((1, node), (2, "g"), (5, tensor))
    return message((1, 8), (2, "hand"), (7, graph), (8, message((1, ""), (2, 17))))


def safetensors(*, hole: int = 0) -> bytes:
    header = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [hole, 8 + hole]}}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(8 + hole)


def gguf(template: str = "{{ messages[0]['content'] }}") -> bytes:
    """Return a file of one key, the template, and no tensor."""
    texts = (b"tokenizer.chat_template", template.encode())
    key, value = (struct.pack("<Q", len(text)) + text for text in texts)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + key + struct.pack("<I", 8) + value


def torch(pickled: bytes, storage: bytes | None = None) -> bytes:
    """Return what torch.save writes: a pickle, and one storage where it refers to one."""
    members = {"m/data.pkl": pickled, "m/version": b"3\n"}
    return zipped(members if storage is None else members | {"m/data/0": storage})


TENSOR = (
    b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQ."
)
"""A pickle of torch's: a storage of two numbers, by its persistent id."""
TORCH = ("torch.FloatStorage",)


def legacy(tail: bytes = b"") -> bytes:
    """Return what torch before 1.6 wrote."""
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    keys = b"\x80\x02]X\x01\x00\x00\x000a."
    return (
        magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}." + TENSOR + keys + struct.pack("<q", 2) + bytes(8) + tail
    )


def keras(kind: str, module: str | None = "keras.layers") -> bytes:
    """Return a model of Keras 3 with one layer."""
    layer = {"class_name": kind, "config": {"name": "a"}, "module": module, "registered_name": None}
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": [layer]}}
    return zipped({"metadata.json": b"{}", "config.json": json.dumps(config).encode()})


def skops(node: Mapping[str, object]) -> bytes:
    return zipped({"schema.json": json.dumps({**node, "protocol": 2}).encode()})


LIGHTGBM = (
    b"tree\nversion=v4\ntree_sizes=20\n\nTree=0\nnum_leaves=1\n\n\nend of trees\n\nparameters:\n[a: b]\n\n"
    b"end of parameters\n\npandas_categorical:null\n"
)
_CORE = b"\x08\0\0\0" + bytes(8) + b"FlabuffersModel_v1" + bytes(2)
CATBOOST = b"CBM1" + struct.pack("<I", len(_CORE)) + _CORE
XGBOOST = b"{U\x07learner{}U\x07version[$U#U\x03\x01\x02\x03}"
HDF5 = b"\x89HDF\r\n\x1a\n"
"""Where HDF5 begins."""
