"""Tar archives: every header checked, every member read, nothing but files and folders let through."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ci_steps.steps.scan_model.content import Buffer, outside, polyglot, trailing
from ci_steps.steps.scan_model.readers.onnx import leads_out
from ci_steps.steps.scan_model.readers.place import Budget, UnreadError, stop

BLOCK, RECORD = 512, 10240
_FILE, _FOLDER, _PAX, _PAX_ALL, _LONG_NAME = frozenset({b"0", b"\0", b"7"}), b"5", b"x", b"g", b"L"
_LARGEST_HEADER = 1 << 20
_OCTAL = re.compile(rb"[0-7]+")


@dataclass(frozen=True, slots=True)
class TarMember:
    """One file of a tar archive."""

    name: str
    start: int
    size: int


def is_tar(buffer: Buffer) -> bool:
    """Whether a reader of tar archives would take it for one: its first header's checksum is right."""
    return _is_header(buffer[:BLOCK])


def _is_header(block: bytes) -> bool:
    if len(block) < BLOCK or not block.strip(b"\0"):
        return False
    try:
        told = int(block[148:156].strip(b"\0 ") or b"-1", 8)
    except ValueError:
        return False
    return told == sum(block) - sum(block[148:156]) + 8 * 32


def members(buffer: Buffer, budget: Budget) -> list[TarMember]:
    """Return the members; links, devices, what leads out and what follows the end are errors."""
    found = list(_members(buffer, budget))
    names = [member.name for member in found]
    if len({name.casefold() for name in names}) < len(names):
        raise UnreadError(polyglot("two members of the archive have the same name"))
    return found


def _members(buffer: Buffer, budget: Budget) -> Iterator[TarMember]:
    at, longer = 0, dict[str, str]()
    while (block := buffer[at : at + BLOCK]).strip(b"\0"):
        if len(block) < BLOCK or not _is_header(block):
            raise stop(f"the header at byte {at} is none")
        budget.open(1)
        kind, size, start = block[156:157], _size(block[124:136]), at + BLOCK
        at = start + -(-size // BLOCK) * BLOCK
        if at > len(buffer):
            raise stop("a member is cut off")
        if buffer[start + size : at].strip(b"\0"):
            raise UnreadError(trailing(f"bytes follow the member at byte {start} inside the archive"))
        if kind in {_PAX, _LONG_NAME}:
            longer |= _longer(kind, buffer[start : start + min(size, _LARGEST_HEADER)])
            continue
        if kind == _PAX_ALL:
            raise stop("it has a header for all members, which readers apply in two ways")
        name, longer = longer.get("path") or _name(block), {}
        if _is_file(name, kind):
            yield TarMember(name, start, size)
    _ended(buffer, at)


def _is_file(name: str, kind: bytes) -> bool:
    if leads_out(name.rstrip("/") or name):
        raise UnreadError(outside(f"a member leads out of the archive: {name[:200]!a}"))
    if kind not in _FILE and kind != _FOLDER:
        raise UnreadError(outside(f"member {name[:200]!a} is a link or a device"))
    return kind != _FOLDER and not name.endswith("/")


def _ended(buffer: Buffer, at: int) -> None:
    """Check that two blocks of zeros end the archive, and that nothing but their like follows."""
    rest = len(buffer) - at
    if rest < 2 * BLOCK:
        raise stop("the archive's end is missing")
    for place in range(at, len(buffer), 1 << 20):
        if any(buffer[place : place + (1 << 20)]):
            raise UnreadError(trailing("bytes follow the archive's end"))
    # Some end with the two blocks, others fill a whole record.
    if rest != 2 * BLOCK and (len(buffer) % RECORD or rest > RECORD + BLOCK):
        raise stop("the archive ends inside a record, or far behind its end")


def _size(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    # Python reads a sign as well, and of a member of -1 bytes extracts what lies behind it.
    digits = field.strip(b"\0 ") or b"0"
    if not _OCTAL.fullmatch(digits):
        raise stop("a member has no size")
    return int(digits, 8)


def _name(block: bytes) -> str:
    name = block[:100].split(b"\0")[0]
    # GNU's own headers hold times where others hold a prefix.
    prefix = block[345:500].split(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return (prefix + b"/" * bool(prefix) + name).decode("utf-8", "surrogateescape")


def _longer(kind: bytes, content: bytes) -> dict[str, str]:
    if kind == _LONG_NAME:
        return {"path": content.split(b"\0")[0].decode("utf-8", "surrogateescape")}
    found = {}
    while content:
        size, space, _ = content.partition(b" ")
        if not space or not size.isdigit() or not 0 < int(size) <= len(content):
            raise stop("a member's extended header is broken")
        key, _, value = content[len(size) + 1 : int(size) - 1].partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        content = content[int(size) :]
    if "size" in found or any(key.startswith("GNU.sparse") for key in found):
        raise stop("a member's size stands in an extended header")
    return found
