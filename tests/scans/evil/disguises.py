"""A pickle under every other name, and files that are two things at once."""

import gzip

import numpy as np

from tests.scans.evil import archives, graphs
from tests.scans.evil.arrays import npy
from tests.scans.evil.specimen import TRAP, Evil, tarred, zipped

SUFFIXES = (
    "json",
    "safetensors",
    "onnx",
    "txt",
    "bin",
    "md",
    "csv",
    "yaml",
    "npy",
    "npz",
    "gguf",
    "h5",
    "keras",
    "skops",
    "zip",
    "tar",
    "gz",
    "joblib",
    "pkl",
    "pt",
    "cbm",
    "ubj",
    "model",
    "jinja",
    "lock",
    "png",
    "pdf",
    "parquet",
    "toml",
)
TEXT = b"cposix\nmkdir\n(S'ran'\ntR0N."
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
ZIP = zipped({"a.pkl": TRAP})
GOOD = graphs.safetensors(graphs.ONE, bytes(4))
TWOFOLD = {
    "a pickle and a zip": TRAP + ZIP,
    "a pickle and a safetensors": TRAP + GOOD,
    "a pickle and a JSON": TEXT + b'\n{"a": 1}\n',
    "a pickle and a PDF": TRAP + PDF,
    "a pickle in a JSON's shadow": b'{"a": 1}\n' + TRAP,
    "a text and a pickle": b"harmless\n" + TRAP,
    "a zip and a PDF": PDF + ZIP,
    "a PDF with a pickle": PDF + TRAP,
    "a PNG with a pickle": b"\x89PNG\r\n\x1a\n" + TRAP,
    "a PNG with a zip": b"\x89PNG\r\n\x1a\n" + ZIP,
    "a GIF with Python": b"GIF89a=1\n" + b"\x00" + TRAP,
    "a safetensors and a zip": GOOD + ZIP,
    "a safetensors and a tar": tarred({"a": TRAP}) + GOOD,
    "an ONNX and a zip": graphs.GOOD + ZIP,
    "an array and a zip": npy(np.arange(3)) + ZIP,
    "an array and a tar": tarred({"\x93NUMPY": TRAP}),
    "a GGUF and a zip": graphs.gguf() + ZIP,
    "a gzip and a zip": gzip.compress(b"text\n", mtime=0) + ZIP,
    "a JSON and a zip": b'{"a": 1}' + ZIP,
    "a text and a zip": b"text\n" + ZIP,
    "a zip and a tar": tarred({"a.txt": b"x\n"}) + archives.ZIP,
    "a pickle and a gzip": TRAP + gzip.compress(TRAP, mtime=0),
    "zeros and a pickle": bytes(64) + TRAP,
    "spaces and a pickle": b" " * 64 + TRAP,
    "a line end and a pickle": b"\n" + TRAP,
    "a byte order mark and a pickle": b"\xef\xbb\xbf" + TRAP,
    "a pickle in hexadecimal behind an array": npy(np.arange(3)) + TRAP.hex().encode(),
}


def files() -> list[Evil]:
    named = [
        Evil(f"a pickle named .{suffix}", TRAP, "pickle", f"model/weights.{suffix}") for suffix in SUFFIXES
    ]
    texts = [
        Evil(f"a pickle of text named .{suffix}", TEXT, "pickle", f"model/weights.{suffix}")
        for suffix in ("json", "txt", "md", "csv", "lock", "yaml", "toml")
    ]
    elsewhere = [
        Evil(f"a pickle at {path}", TRAP, "pickle", path)
        for path in (
            "README.md",
            ".hidden",
            "model/deep/down/x",
            "model/.gitignore",
            "model/ñ.bin",
            "LICENSE",
        )
    ]
    run = {name for name in TWOFOLD if name.startswith("a pickle and")}
    twofold = [Evil(name, content, "pickle" if name in run else "") for name, content in TWOFOLD.items()]
    return [*named, *texts, *elsewhere, *twofold]
