"""Plain texts, and the names of formats that nobody reads here."""

import codecs
import json
import re
from urllib.parse import unquote_to_bytes

import msgspec

from ci_steps.steps.scan_model.content import Buffer, Content
from ci_steps.steps.scan_model.readers.protobuf import BYTES, WireError, fields, shape

# Everything but tab, line ends and form feed below the space is no text.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# A YAML loader that takes these tags makes any object of Python's, and each line may be a directive.
_YAML_OBJECT = re.compile(
    rb"!!python/|tag:yaml\.org,2002:python|(?:^|[\r\n]|\xc2\x85|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf)%TAG[ \t]"
)
_BEGINS_AS_JSON = re.compile(rb'\s*(?:\{\s*"|\[\s*(?:[\[{"\d-]|$))')
_NAMED_ONLY = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a", "rar"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"ZF0x", "joblib before 0.10"),
    (b"PAR1", "parquet"),
    (b"SQLite format 3\0", "sqlite"),
    (b"%PDF", "pdf"),
    (b"\xac\xed\x00\x05", "java objects"),
    (b"X\n\0\0\0", "R objects"),
)
_AT_FOUR = {b"TFL3": "tensorflow lite", b"ET12": "executorch"}
# A graph's nodes (field 1) and versions; a SavedModel's version and its graphs (field 2).
_TENSORFLOW = (shape("1:2 2:2 3:0 4:2 5:2"), shape("1:0 2:2"))


def text(buffer: Buffer) -> str:
    """Return json, jsonl, cut json or text for a plain UTF-8 text; empty for anything else."""
    if _CONTROL.search(buffer):
        return ""
    content = buffer[:].removeprefix(codecs.BOM_UTF8)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if _decodes(content):
        return "json"
    lines = content.splitlines()
    if lines and all(_decodes(line) for line in lines if line.strip()):
        return "jsonl"
    return "cut json" if _BEGINS_AS_JSON.match(content) else "text"


def makes_objects(buffer: Buffer) -> bool:
    """Whether YAML's loaders, which unescape a tag like an address, could make objects of Python's of it."""
    return bool(_YAML_OBJECT.search(unquote_to_bytes(buffer[:])))


def _decodes(content: bytes) -> bool:
    try:
        msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return (b"NaN" in content or b"Infinity" in content) and _is_python_json(content)
    return True


def _is_python_json(content: bytes) -> bool:
    """Whether Python's own reader takes it, which knows of NaN and Infinity."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def unread(content: Content) -> str:
    """Return the name of a format that is known and that this kit does not read."""
    for magic, name in _NAMED_ONLY:
        if content.starts(magic):
            return name
    return _AT_FOUR.get(content.buffer[4:8]) or _tensorflow(content.buffer) or "unknown binary"


def _tensorflow(buffer: Buffer) -> str:
    """Say whether it could be a program of TensorFlow's, which has no mark of its own."""
    for known in _TENSORFLOW:
        try:
            found = list(fields(buffer, 0, len(buffer), known))
        except WireError:
            continue
        if any(field.wire == BYTES for field in found):
            return "tensorflow"
    return ""
