"""Zip files, read as strictly as nobody loads them: what readers could read in two ways is not read."""

import bz2
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ci_steps.steps.scan_model.content import Buffer, Content, mapped, outside, polyglot, trailing, trick
from ci_steps.steps.scan_model.readers.onnx import leads_out
from ci_steps.steps.scan_model.readers.place import ALWAYS_BYTES, Budget, UnreadError, stop

CHUNK = 1 << 20
_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_ENTRY, _LOCAL, _DESCRIPTOR = b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08"
_FAR = 0xFFFFFFFF
_ENCRYPTED, _DESCRIBED, _UTF8 = 0x2041, 0x8, 0x800
_ZIP64, _OTHER_NAME = 0x0001, 0x7075
_LINK = 0xA
_STORED, _DEFLATED, _BZIP2 = 0, 8, 12
MOST_COMMENT = 65535


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive, as its directory and its own header agree."""

    name: str
    method: int
    crc: int
    start: int
    packed: int
    size: int


@dataclass(frozen=True, slots=True)
class _Entry:
    raw: bytes
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int

    @property
    def name(self) -> str:
        try:
            return self.raw.decode("utf-8" if self.flags & _UTF8 else "ascii")
        except UnicodeDecodeError:
            if self.flags & _UTF8:
                raise stop("a member's name is not UTF-8") from None
            return self.raw.decode("cp437")


def ends_as_zip(buffer: Buffer) -> bool:
    """Whether a reader of zip files, which looks from the end, would take it for one."""
    return _end(buffer) >= 0


def _end(buffer: Buffer) -> int:
    return buffer.rfind(_END, max(0, len(buffer) - MOST_COMMENT - 22))


def members(buffer: Buffer, budget: Budget) -> list[Member]:
    """Return the members; what is between, before or behind them, or contradicts itself, is an error."""
    count, start, end = _directory(buffer)
    budget.open(count)
    entries = sorted(_entries(buffer, count, start, end), key=lambda entry: entry.offset)
    names = [entry.name for entry in entries]
    for name in names:
        if leads_out(name.rstrip("/") or name):
            raise UnreadError(outside(f"a member leads out of the archive: {name[:200]!a}"))
    if len({name.rstrip("/").casefold() for name in names}) < len(names):
        raise UnreadError(polyglot("two members of the archive have the same name"))
    found, at = [], 0
    for number, entry in enumerate(entries):
        after = entries[number + 1].offset if number + 1 < len(entries) else start
        found.append(_member(buffer, entry, at, after))
        at = after
    if at != start:
        raise UnreadError(polyglot(f"{start} bytes stand in front of the archive"))
    return [member for member in found if not member.name.endswith("/")]


def _directory(buffer: Buffer) -> tuple[int, int, int]:
    at = _end(buffer)
    if at < 0 or at + 22 > len(buffer):
        raise stop("the archive's end is missing")
    disk, first, here, count, size, start, comment = struct.unpack("<4H2LH", buffer[at + 4 : at + 22])
    behind = len(buffer) - at - 22 - comment
    if behind > 0:
        raise UnreadError(trailing(f"{behind} bytes follow the archive's end"))
    if behind < 0:
        raise stop("the archive's end is cut off")
    if comment and (b"PK" in buffer[at + 22 :] or not buffer[at + 22 :].isascii()):
        raise UnreadError(polyglot("its comment is no text"))
    end, told = _far_directory(buffer, at, (disk, first, here, count, size, start))
    disk, first, here, count, size, start = told
    if disk or first or here != count:
        raise stop("the archive is split over several files")
    if start + size < end:
        raise UnreadError(polyglot(f"{end - start - size} bytes stand in front of the archive"))
    if start + size > end:
        raise stop("the archive's directory is cut off")
    return count, start, end


def _far_directory(buffer: Buffer, at: int, told: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Return where the directory ends and what is told of it, by a far record where there is one."""
    if at < 76 or buffer[at - 20 : at - 16] != _LOCATOR:
        return at, told
    end = at - 76
    big = struct.unpack("<2L4Q", buffer[end + 16 : end + 56])
    limits = (0xFFFF,) * 4 + (_FAR,) * 2
    if (
        buffer[end : end + 4] != _END64
        or int.from_bytes(buffer[at - 12 : at - 4], "little") != end
        or any(small not in {great, limit} for small, great, limit in zip(told, big, limits, strict=True))
    ):
        raise UnreadError(polyglot("its two end records contradict each other"))
    return end, big


def _entries(buffer: Buffer, count: int, at: int, end: int) -> Iterator[_Entry]:
    for _ in range(count):
        if buffer[at : at + 4] != _ENTRY or at + 46 > end:
            raise stop("the archive's directory is cut off")
        head = struct.unpack("<4x4x2H4x3L3H2x2x2L", buffer[at : at + 46])
        flags, method, crc, packed, size, name, extra, comment, attributes, offset = head
        raw = buffer[at + 46 : at + 46 + name]
        fields = _extra(buffer[at + 46 + name : at + 46 + name + extra])
        if _OTHER_NAME in fields:
            raise UnreadError(polyglot("a member has two names"))
        big = fields.get(_ZIP64, b"")
        sizes = []
        for value in (size, packed, offset):
            far = value == _FAR and len(big) >= 8
            sizes.append(int.from_bytes(big[:8], "little") if far else value)
            big = big[8:] if far else big
        at += 46 + name + extra + comment
        yield _Entry(raw, method, flags, crc, sizes[1], sizes[0], sizes[2], attributes >> 28)
    if at != end:
        raise stop("the archive's directory is longer than its entries")


def _extra(content: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + 4 <= len(content):
        kind, size = struct.unpack("<2H", content[at : at + 4])
        found[kind] = content[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def _member(buffer: Buffer, entry: _Entry, at: int, after: int) -> Member:
    if entry.mode == _LINK:
        raise UnreadError(outside(f"member {entry.name[:200]!a} is a link"))
    if entry.flags & _ENCRYPTED:
        raise stop(f"member {entry.name[:200]!a} is encrypted")
    if entry.offset > at:
        raise UnreadError(polyglot(f"{entry.offset - at} bytes stand in front of a member of the archive"))
    if entry.offset < at or buffer[at : at + 4] != _LOCAL or at + 30 > len(buffer):
        raise stop("a member does not begin where the archive's directory says")
    flags, method, crc, packed, size, name, extra = struct.unpack("<4x2x2H4x3L2H", buffer[at : at + 30])
    big = _extra(buffer[at + 30 + name : at + 30 + name + extra]).get(_ZIP64, b"")
    if size == _FAR and len(big) >= 8:
        size, big = int.from_bytes(big[:8], "little"), big[8:]
    if packed == _FAR and len(big) >= 8:
        packed = int.from_bytes(big[:8], "little")
    same = (entry.crc, entry.packed, entry.size)
    told = (crc, packed, size)
    later = bool(flags & _DESCRIBED)
    if (
        buffer[at + 30 : at + 30 + name] != entry.raw
        or (flags, method) != (entry.flags, entry.method)
        or not (told == same or (later and told[0] in {0, crc} and set(told[1:]) <= {0, _FAR, packed, size}))
    ):
        raise UnreadError(polyglot(f"the archive's directory and member {entry.name[:200]!a} disagree"))
    start = at + 30 + name + extra
    end = start + entry.packed
    left = buffer[end:after] if 0 <= after - end <= 24 else b"x" * 25
    if left and not (later and is_descriptor(left, same)):
        if after < end:
            raise stop(f"member {entry.name[:200]!a} is cut off")
        raise UnreadError(trailing(f"bytes follow member {entry.name[:200]!a} inside the archive"))
    return Member(entry.name, entry.method, entry.crc, start, entry.packed, entry.size)


def is_descriptor(left: bytes, same: tuple[int, int, int]) -> bool:
    """Whether the bytes behind a member repeat its checksum and sizes, and nothing else."""
    rest = left.removeprefix(_DESCRIPTOR)
    forms = {12: "<3L", 20: "<L2Q"}
    return len(rest) in forms and struct.unpack(forms[len(rest)], rest) == same


@contextmanager
def unpacked(buffer: Buffer, member: Member, budget: Budget) -> Iterator[Content]:
    """Give what a member holds, which must have the size and the checksum that the archive says."""
    budget.spend(member.size)
    if member.size <= ALWAYS_BYTES:
        pieces = list(_pieces(buffer, member))
        yield Content.of(b"".join(pieces))
        return
    with tempfile.TemporaryFile() as sink:
        for piece in _pieces(buffer, member):
            sink.write(piece)
        with mapped(sink) as content:
            yield content


def _pieces(buffer: Buffer, member: Member) -> Iterator[bytes]:
    size, crc = 0, 0
    for piece in _expanded(buffer, member):
        size += len(piece)
        if size > member.size:
            break
        crc = zlib.crc32(piece, crc)
        yield piece
    if not is_intact(size, crc, member):
        raise stop(f"member {member.name[:200]!a} is not what its size and checksum say")


def is_intact(size: int, crc: int, member: Member) -> bool:
    return (size, crc) == (member.size, member.crc)


def _expanded(buffer: Buffer, member: Member) -> Iterator[bytes]:
    chunks = (
        buffer[at : min(at + CHUNK, member.start + member.packed)]
        for at in range(member.start, member.start + member.packed, CHUNK)
    )
    if member.method == _STORED:
        yield from chunks
        return
    stream: Any
    if member.method == _DEFLATED:
        stream = zlib.decompressobj(-15)
    elif member.method == _BZIP2:
        stream = bz2.BZ2Decompressor()
    else:
        raise stop(f"member {member.name[:200]!a} is compressed in way {member.method}")
    try:
        for chunk in chunks:
            if stream.eof:
                raise UnreadError(trick(f"bytes follow the stream of member {member.name[:200]!a}"))
            yield from _all(stream, chunk)
    except (zlib.error, OSError, EOFError) as error:
        raise stop(f"member {member.name[:200]!a} cannot be unpacked: {error}") from error
    if stream.unused_data:
        raise UnreadError(trick(f"bytes follow the stream of member {member.name[:200]!a}"))
    if not stream.eof:
        raise stop(f"member {member.name[:200]!a} ends too early")


def _all(stream: Any, chunk: bytes) -> Iterator[bytes]:
    """Give everything that these bytes unpack to, a piece at a time."""
    piece = stream.decompress(chunk, CHUNK)
    while piece:
        yield piece
        # zlib hands back what it did not take, bz2 keeps it; both may hold back what they made.
        rest: bytes = getattr(stream, "unconsumed_tail", b"")
        piece = b"" if stream.eof else stream.decompress(rest, CHUNK)
