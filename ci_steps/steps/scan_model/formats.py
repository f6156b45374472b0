"""Plain texts, and the names of formats that nobody reads here."""

import codecs
import json
import re

import msgspec

from ci_steps.steps.scan_model.content import Buffer, Content

# Everything but tab, line ends and form feed below the space is no text.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# A YAML loader that takes these tags makes any object of Python's.
YAML_OBJECT = re.compile(
    rb"!!python/|tag:yaml\.org,2002:python/|!<tag:yaml\.org,2002:python|^%TAG[ \t]", re.MULTILINE
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
)


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
    return "unknown binary"
