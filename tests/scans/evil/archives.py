"""Archives and compressed files with something evil in them, around them, or between their two truths."""

import bz2
import gzip
import lzma
import struct
import tarfile
import zlib

from tests.scans.evil.arrays import PLAIN, npy
from tests.scans.evil.specimen import SOURCE, TRAP, Evil, tarred, zipped

GOOD = {"a.npy": npy(PLAIN)}
ZIP = zipped(GOOD)
BOTH = zipped({"a.npy": npy(PLAIN), "b.pkl": TRAP})


def nested(content: bytes, depth: int) -> bytes:
    for _ in range(depth):
        content = zipped({"inner.zip": content})
    return content


def renamed(archive: bytes, old: bytes, new: bytes, *, directory: bool) -> bytes:
    """Return the archive with a member's name changed in one of the two places where it stands."""
    at = archive.rindex(old) if directory else archive.index(old)
    return archive[:at] + new + archive[at + len(old) :]


def flagged(archive: bytes, flag: int) -> bytes:
    """Return the archive with a flag set in the local header and in the directory."""
    found = bytearray(archive)
    found[6] |= flag
    found[archive.index(b"PK\x01\x02") + 8] |= flag
    return bytes(found)


def hidden_between() -> bytes:
    """Return an archive with bytes between its last member and its directory, which its end accounts for."""
    at, end = ZIP.index(b"PK\x01\x02"), ZIP.index(b"PK\x05\x06")
    moved = bytearray(ZIP[end:])
    moved[16:20] = struct.pack("<L", at + len(TRAP))
    return ZIP[:at] + TRAP + ZIP[at:end] + bytes(moved)


def hidden_member() -> bytes:
    """Return an archive with a member that its directory does not name."""
    two, at = zipped({"b.pkl": TRAP}), ZIP.index(b"PK\x01\x02")
    local = two[: two.index(b"PK\x01\x02")]
    end = ZIP.index(b"PK\x05\x06")
    moved = bytearray(ZIP[end:])
    moved[16:20] = struct.pack("<L", at + len(local))
    return ZIP[:at] + local + ZIP[at:end] + bytes(moved)


def linked(name: str, target: str) -> bytes:
    found = bytearray(zipped({name: target.encode()}))
    at = found.index(b"PK\x01\x02")
    found[at + 38 : at + 42] = (0o120777 << 16).to_bytes(4, "little")
    found[at + 5] = 3
    return bytes(found)


def sized(header: bytes, size: bytes) -> bytes:
    """Return a tar's header with another size in it, and the checksum that belongs to it."""
    plain = header[:124] + size + header[136:148] + b" " * 8 + header[156:]
    return plain[:148] + b"%06o\0 " % sum(plain) + plain[156:]


ZIPS = {
    "a pickle in a zip": BOTH,
    "a pickle in a zip in a zip": nested(TRAP, 2),
    "a pickle in too many zips": nested(TRAP, 7),
    "a prefix in front of a zip": TRAP + ZIP,
    "a shell script in front of a zip": b"#!/bin/sh\nmkdir ran\n" + ZIP,
    "a pickle behind a zip": ZIP + TRAP,
    "a zip behind a zip": ZIP + BOTH,
    "a pickle in a zip's comment": ZIP[:-2] + struct.pack("<H", len(TRAP)) + TRAP,
    "a zip in a zip's comment": ZIP[:-2] + struct.pack("<H", len(BOTH)) + BOTH,
    "bytes between members and directory": hidden_between(),
    "a member that the directory does not name": hidden_member(),
    "a member of two names": renamed(BOTH, b"b.pkl", b"b.npy", directory=False),
    "a member of two names, the other way": renamed(BOTH, b"b.pkl", b"b.npy", directory=True),
    "two members of one name": renamed(
        renamed(zipped({"a.npy": npy(PLAIN), "b.npy": TRAP}), b"b.npy", b"a.npy", directory=True),
        b"b.npy",
        b"a.npy",
        directory=False,
    ),
    "two members that differ in case": zipped({"a.npy": npy(PLAIN), "A.NPY": TRAP}),
    "an encrypted member": flagged(ZIP, 1),
    "a member that leads out": zipped({"../../predictor.py": SOURCE.encode()}),
    "a member with an absolute path": zipped({"/etc/cron.d/x": b"x\n"}),
    "a member with a Windows path": zipped({"..\\..\\x.txt": b"x\n"}),
    "a member that is a link": linked("a.txt", "/etc/passwd"),
    "Python in a zip": zipped({"__main__.py": SOURCE.encode()}),
    "a library in a zip": zipped({"fast.so": b"\x7fELF\x02\x01\x01" + bytes(99)}),
    "a wheel": zipped({"x/__init__.py": SOURCE.encode(), "x.dist-info/RECORD": b""}),
    "a bomb": zipped({"a.npy": bytes(70 << 20)}, 8),
    "a directory that lies about its size": ZIP.replace(struct.pack("<H", 1) * 2, struct.pack("<H", 9) * 2),
    "a way of packing that nobody knows": ZIP.replace(
        b"PK\x03\x04\x14\0\0\0\0\0", b"PK\x03\x04\x14\0\0\0\x63\0"
    ),
    "a wrong checksum": ZIP.replace(struct.pack("<L", zlib.crc32(npy(PLAIN))), b"abcd"),
}
TAR = tarred(GOOD)
TARS = {
    "a pickle in a tar": tarred({"a.npy": npy(PLAIN), "b": TRAP}),
    "a tar in a tar": tarred({"x": tarred({"b": TRAP})}),
    "a zip in a tar": tarred({"x": BOTH}),
    "a tar in a zip": zipped({"x": tarred({"b": TRAP})}),
    "a link in a tar": tarred({"a": b""}, tarfile.SYMTYPE, "/etc/passwd"),
    "a hard link in a tar": tarred({"a": b""}, tarfile.LNKTYPE, "../../x"),
    "a device in a tar": tarred({"a": b""}, tarfile.CHRTYPE),
    "a pipe in a tar": tarred({"a": b""}, tarfile.FIFOTYPE),
    "a tar's member that leads out": tarred({"../../x.txt": b"x\n"}),
    "a tar's member with an absolute path": tarred({"/etc/cron.d/x": b"x\n"}),
    "Python in a tar": tarred({"x.py": SOURCE.encode()}),
    "a .pth in a tar": tarred({"x.pth": SOURCE.encode()}),
    "a pickle behind a tar": TAR + TRAP,
    "a zip behind a tar": TAR + BOTH,
    "a tar behind a pickle": TRAP.ljust(512, b"\0") + TAR,
    "two members of one name in a tar": tarred({"a": b"x\n"})[:1024] + tarred({"a": TRAP}),
    "a tar without its end": TAR[:1024],
    "a wrong checksum in a tar": b"b" + TAR[1:],
    "a member of less than nothing in a tar": sized(tarred({"a": b""})[:512], b"-0000000001\0")
    + tarred({"cposix\nmkdir\n(S'ran'\ntR.": b"x\n"})[:1024]
    + bytes(1024),
}
PACKED = {
    "a pickle in bz2": bz2.compress(TRAP),
    "a pickle in xz": lzma.compress(TRAP),
    "a pickle in lzma": lzma.compress(TRAP, lzma.FORMAT_ALONE),
    "a pickle in zlib": zlib.compress(TRAP),
    "a pickle in gzip in bz2 in xz": lzma.compress(bz2.compress(gzip.compress(TRAP, mtime=0))),
    "a pickle packed too often": gzip.compress(
        zlib.compress(zlib.compress(zlib.compress(zlib.compress(zlib.compress(TRAP))))), mtime=0
    ),
    "a zip in gzip": gzip.compress(BOTH, mtime=0),
    "a tar in gzip": gzip.compress(tarred({"b": TRAP}), mtime=0),
    "a script in gzip": gzip.compress(b"#!/bin/sh\nmkdir ran\n", mtime=0),
    "a pickle behind gzip": gzip.compress(b"text\n", mtime=0) + TRAP,
    "gzip behind gzip": gzip.compress(b"text\n", mtime=0) + gzip.compress(TRAP, mtime=0),
    "gzip that is cut off": gzip.compress(TRAP, mtime=0)[:-4],
    "raw deflate": zlib.compress(TRAP)[2:-4],
    "lzma with other settings": b"\x5e" + lzma.compress(TRAP, lzma.FORMAT_ALONE)[1:],
    "7z": b"7z\xbc\xaf\x27\x1c" + TRAP,
    "rar": b"Rar!\x1a\x07\x00" + TRAP,
}


def files() -> list[Evil]:
    return [Evil(name, content) for name, content in (ZIPS | TARS | PACKED).items()]
