"""Formats that cannot run code, told by their content."""

import re
from collections.abc import Iterator

import msgspec

from ci_steps.steps.scan_model.content import Buffer, Content

# Everything but tab, line ends and form feed below the space is no text.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# A YAML loader that takes these tags makes any object of Python's.
YAML_OBJECT = re.compile(rb"!!python/|tag:yaml\.org,2002:python/|!<tag:yaml\.org,2002:python")
_NAMED_ONLY = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"GGUF", "gguf"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a", "rar"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"ZF0x", "joblib before 0.10"),
    (b"PAR1", "parquet"),
    (b"SQLite format 3\0", "sqlite"),
)
# onnx.proto, message ModelProto: field number to wire type (0 varint, 2 length-delimited).
_ONNX = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}


def text(buffer: Buffer) -> str:
    """Return json, jsonl or text for a plain UTF-8 text; empty for anything else."""
    if _CONTROL.search(buffer):
        return ""
    content = buffer[:]
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if _decodes(content):
        return "json"
    lines = content.splitlines()
    return "jsonl" if lines and all(_decodes(line) for line in lines if line.strip()) else "text"


def _decodes(content: bytes) -> bool:
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def safetensors(buffer: Buffer) -> bool:
    """Whether it is a header of JSON whose tensors fill the file exactly."""
    size = int.from_bytes(buffer[:8], "little")
    if len(buffer) < 10 or size > min(len(buffer) - 8, 100 << 20) or buffer[8:9] != b"{":
        return False
    try:
        header = msgspec.json.decode(buffer[8 : 8 + size], type=dict[str, dict[str, object]])
    except (msgspec.DecodeError, RecursionError):
        return False
    ends = [_end(entry.get("data_offsets")) for name, entry in header.items() if name != "__metadata__"]
    return max(ends, default=0) == len(buffer) - 8 - size


def _end(offsets: object) -> int:
    match offsets:
        case [int(), int(end)]:
            return end
    return -1


def onnx(buffer: Buffer) -> bool:
    """Whether it is one protobuf message with exactly ONNX's fields, of which a version and a graph."""
    seen = set()
    for field in _fields(buffer):
        if field is None:
            return False
        seen.add(field)
    return {1, 7} <= seen


def _fields(buffer: Buffer) -> Iterator[int | None]:
    at, size = 0, len(buffer)
    while at < size:
        key, at = _varint(buffer, at)
        field, wire = key >> 3, key & 7
        value, at = _varint(buffer, at)
        if at < 0 or _ONNX.get(field) != wire:
            yield None
            return
        at += value if wire == 2 else 0
        yield field if at <= size else None


def _varint(buffer: Buffer, at: int) -> tuple[int, int]:
    """Return the number at ``at`` and where it ends; -1 where it does not."""
    value = 0
    for shift in range(0, 70, 7):
        if at < 0 or at >= len(buffer):
            return 0, -1
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    return 0, -1


def unread(content: Content) -> str:
    """Return the name of a format that is known and that this kit does not read."""
    for magic, name in _NAMED_ONLY:
        if content.starts(magic):
            return name
    return "tar" if content.buffer[257:262] == b"ustar" else "unknown binary"
