"""Files that would run code, each hidden in its own way. None is ever loaded here."""

import base64
import bz2
import gzip
import io
import lzma
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]  # has no types
import numpy as np
import pytest

from ci_steps.documents import FetchedModel, ScanReport
from ci_steps.errors import InputError
from ci_steps.model.manifest import SklearnPredictor
from ci_steps.model.settings import ScanSettings
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.specimen import Specimen, model_files
from ci_steps.steps.scan_model import ScanModel

Scan = Callable[..., ScanReport]


class Trap:
    """Unpickles to what a shell command returns."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, ("touch /tmp/was-loaded",)


def dumped(model: object, compress: Any = 0, protocol: int | None = None) -> bytes:
    file = io.BytesIO()
    joblib.dump(model, file, compress=compress, protocol=protocol)
    return file.getvalue()


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def op(*parts: bytes) -> bytes:
    return b"\x80\x04" + b"".join(parts) + b"."


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


EVIL4 = op(text("posix"), text("system"), b"\x93", text("id"), b"\x85R")
EVIL0 = b"cposix\nsystem\n(S'id'\ntR."
HONEST = pickle.dumps({"a": [1, 2.0, "three"]})
ARRAYS = dumped({"a": np.arange(4.0), "b": np.arange(3)})
OBJECTS = dumped({"a": np.array([1, Trap()], dtype=object), "b": np.arange(3)})
# Everything an attacker might find allowed.
ALLOWED = (
    "numpy.ndarray",
    "numpy.dtype",
    "numpy._core.multiarray._reconstruct",
    "joblib.numpy_pickle.NumpyArrayWrapper",
    "sklearn.pipeline.Pipeline",
    "builtins.getattr",
    "builtins.eval",
    "os.system",
    "posix.system",
)


def after_array() -> bytes:
    """Return arrays and then a trap, in one pickle with one STOP."""
    return ARRAYS[:-1] + EVIL4[2:]


def frame_over_array() -> bytes:
    """Return a frame that an array begins in: joblib reads the array behind it, others at once."""
    start = ARRAYS.index(b"\x95")
    size = int.from_bytes(ARRAYS[start + 1 : start + 9], "little")
    return ARRAYS[: start + 1] + struct.pack("<Q", size + 8) + ARRAYS[start + 9 :]


def padded_with_opcodes() -> bytes:
    """Return arrays whose padding, which joblib skips, holds opcodes for `pickle.load`."""
    sizes = (n for n in range(len(ARRAYS)) if 1 <= ARRAYS[n] <= 16)
    at = next(n for n in sizes if ARRAYS[n + 1 : n + 1 + ARRAYS[n]] == b"\xff" * ARRAYS[n])
    return ARRAYS[:at] + b"c" + b"posix\nsystem\n".ljust(99, b"N") + ARRAYS[at + 1 + ARRAYS[at] :]


REFUSED: dict[str, bytes] = {
    **{f"pickle protocol {n}": pickle.dumps(Trap(), protocol=n) for n in range(6)},
    **{f"joblib {c}": dumped({"m": Trap()}, (c, 3)) for c in ("zlib", "gzip", "bz2", "xz", "lzma")},
    "in an array of objects": OBJECTS,
    "in an array of objects, compressed": dumped(np.array([Trap()], dtype=object), ("zlib", 3)),
    "in an npy array of objects": npy(np.array([Trap()], dtype=object)),
    "in an npz array of objects": zipped({"a.npy": npy(np.array([Trap()], dtype=object))}),
    "second pickle behind the first": HONEST + EVIL4,
    "second pickle behind arrays": ARRAYS + EVIL4,
    "behind arrays, before STOP": after_array(),
    "opcodes as padding": padded_with_opcodes(),
    "bytes behind a compressed stream": zlib.compress(HONEST) + EVIL4,
    "second compressed member": gzip.compress(HONEST) + gzip.compress(EVIL4),
    "protocol 0 as text": EVIL0,
    "protocol 0 that fails after the call": EVIL0[:-1] + b"\nplain text follows\n",
    "protocol 0, compressed": lzma.compress(EVIL0),
    "INST": b"(S'id'\niposix\nsystem\n.",
    "OBJ": b"(cposix\nsystem\nS'id'\no.",
    "NEWOBJ": op(text("posix"), text("system"), b"\x93", text("id"), b"\x85\x81"),
    "NEWOBJ_EX": op(text("posix"), text("system"), b"\x93", text("id"), b"\x85}\x92"),
    "names from memory": op(text("system"), b"\x94", text("posix"), b"\x940h\x01h\x00\x93)R"),
    "names overwritten in memory": op(
        text("numpy"), b"q\x07", text("posix"), b"q\x070", text("system"), b"q\x080", b"h\x07h\x08\x93", b")R"
    ),
    "names by DUP and POP": op(text("posix"), text("numpy"), b"0", text("system"), b"20\x93)R"),
    "names behind a mark": op(text("posix"), b"(", text("x"), b"1", text("system"), b"\x93", b")R"),
    "names as Python 2 strings": b"U\x05posixU\x06system\x93)R.",
    "names with escapes": b"S'p\\x6fsix'\nS'sys\\x74em'\n\x93)R.",
    "names as UNICODE lines": b"V\\u0070osix\nVsystem\n\x93)R.",
    "a name made while loading": op(
        text("posix"), text("numpy"), text("dtype"), b"\x93", text("f8"), b"\x85R", b"\x93)R"
    ),
    "getattr chain": op(
        text("builtins"), text("getattr"), b"\x93", text("sklearn.pipeline"), text("Pipeline"), b"\x93",
        text("__init__"), b"\x86R",
    ),
    "eval": op(text("builtins"), text("eval"), b"\x93", text("1"), b"\x85R"),
    "Python 2's __builtin__": b"c__builtin__\neval\n(S'1'\ntR.",
    "dotted name": op(text("sklearn.pipeline"), text("Pipeline.__init__.__globals__"), b"\x93"),
    "dotted module attribute": op(text("joblib"), text("numpy_pickle.os.system"), b"\x93)R"),
    "dotted name of an allowed text": op(text("sklearn"), text("pipeline.Pipeline"), b"\x93)R"),
    "joblib's own os": op(text("joblib.numpy_pickle"), text("os.system"), b"\x93", text("id"), b"\x85R"),
    "old joblib's file loader": op(text("joblib.numpy_pickle"), text("NDArrayWrapper"), b"\x93)\x81}b"),
    "a class changed": op(text("sklearn.pipeline"), text("Pipeline"), b"\x93N}", text("x"), b"K\x01s\x86b"),
    "a module's list changed": op(text("sklearn.pipeline"), text("Pipeline"), b"\x93K\x01a"),
    "an array's placeholder in a list": op(
        text("joblib.numpy_pickle"), text("NumpyArrayWrapper"), b"\x93)\x81\x94]h\x00a"
    ),
    "an array's placeholder through a call": op(
        text("numpy"), text("ndarray"), b"\x93", text("joblib.numpy_pickle"), text("NumpyArrayWrapper"),
        b"\x93)\x81\x85R}b",
    ),
    "a module of the model": op(text("predictor"), text("Tweets"), b"\x93)\x81"),
    "a script": b"#!/bin/sh\nid\n",
    "an ELF library": b"\x7fELF\x02\x01\x01" + b"\0" * 100,
    "compiled Python": b"\xa7\x0d\x0d\x0a" + b"\0" * 12 + b"\xe3" + b"\0" * 30,
    "compressed twice": zlib.compress(zlib.compress(EVIL4)),
    "compressed ELF": bz2.compress(b"\x7fELF\x02\x01\x01" + b"\0" * 100),
    "a zip with code": zipped({"__main__.py": b"print()"}),
    "a pickle that is a zip at its end": HONEST + zipped({"a.npy": npy(np.ones(2))}),
    "a text that is a zip at its end": b"plain text\n" + zipped({"__main__.py": b"print()"}),
    "YAML that makes objects": b"a: !!python/object/apply:os.system [id]\n",
    "bytes behind an npy array": npy(np.ones(3)) + EVIL4,
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_would_run_code_is_refused_under_any_name(scan: Scan, name: str) -> None:
    paths = ("model/model.joblib", "model/labels.json", "notes.txt")

    report = scan(dict.fromkeys(paths, REFUSED[name]), allow=ALLOWED)

    refused = " ".join(f.subject for f in report.blocking if f.verdict is Verdict.REFUSED)
    assert all(path in refused for path in paths)
    assert all(f.next for f in report.blocking)


INCONCLUSIVE: dict[str, bytes] = {
    "EXT1": op(b"\x82\x01)R"),
    "EXT4": op(b"\x84\x01\x00\x00\x00)R"),
    "PERSID": op(b"Pid\n"),
    "BINPERSID": op(b"K\x01Q"),
    "out-of-band buffer": b"\x80\x05\x97.",
    "truncated pickle": HONEST[:-3],
    "truncated joblib": ARRAYS[:-20],
    "truncated zlib": zlib.compress(HONEST)[:-3],
    "truncated npy": npy(np.ones(9))[:-3],
    "an npy array of two lengths below 0": npy(np.ones((2, 3))).replace(b"(2, 3), }  ", b"(-2, -3), }"),
    "a frame over an array": frame_over_array(),
    "protocol 9": b"\x80\x09N.",
    "a plain text that begins like a pickle": b"cats\ndogs\nbirds\n",
    "hdf5": b"\x89HDF\r\n\x1a\n" + b"\0" * 64,
    "gguf": b"GGUF\x03\0\0\0" + b"\1" * 64,
    "lz4": b"\x04\x22\x4d\x18" + b"\x80" * 30,
    "torch": zipped({"model/data.pkl": HONEST, "model/version": b"3", "model/data/0": b"1234"}),
    "a zip of what nobody reads": zipped({"a.bin": bytes(range(255, 0, -1))}),
    "random bytes": bytes(range(255, 0, -1)),
    "joblib before 0.10": b"ZF0x10              " + zlib.compress(HONEST),
    "a broken zip": zipped({"a.npy": npy(np.ones(2))})[:-10],
    "a bomb": zlib.compress(b"\0" * (70 << 20), 9),
}


@pytest.mark.parametrize("name", INCONCLUSIVE)
def test_a_file_that_nobody_could_read_is_inconclusive(scan: Scan, name: str) -> None:
    report = scan({"model/model.bin": INCONCLUSIVE[name]}, allow=ALLOWED)

    assert report.verdict is Verdict.INCONCLUSIVE, [f.sentence for f in report.blocking]
    assert {f.check for f in report.blocking} <= {"scan-model.unreadable", "scan-model.polyglot"}


def test_a_trap_in_an_array_is_named_although_other_names_are_allowed(scan: Scan) -> None:
    ours = SklearnPredictor(file="model/model.joblib", features=("text",))

    report = scan({"model/model.joblib": OBJECTS}, allow=ALLOWED, predictor=ours)

    assert [f.subject for f in report.blocking] == ["posix.system in model/model.joblib"]
    assert "no entry in scan.allow changes that" in report.blocking[0].next


def test_a_nested_pickle_with_a_second_meaning_for_pickle_load_is_refused(scan: Scan) -> None:
    """An array of objects has a memory of its own for joblib; `pickle.load` goes on with the old one."""
    outer = dumped(["posix", "system", np.array([None], dtype=object)])
    start = outer.rindex(b"\x80\x05")
    names = b"".join(text(name) + b"\x940" for name in ("x", "numpy", "ndarray"))
    content = outer[:start] + b"\x80\x05" + names + b"h\x01h\x02\x93." + b"e."

    report = scan({"model/model.joblib": content}, allow=ALLOWED)

    assert [(f.check, f.subject) for f in report.blocking] == [
        ("scan-model.polyglot", "posix.system in model/model.joblib")
    ]


def test_a_source_file_needs_its_path_in_scan_code(scan: Scan) -> None:
    files = {"model/helper.py": b"import os\n"}

    assert scan(files).verdict is Verdict.REFUSED
    assert scan(files, code=["model/predictor.py", "model/helper.py"]).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "content",
    [
        b"# -*- coding: utf-7 -*-\n",
        b"#!/usr/bin/python\n# coding=unicode_escape\n",
        b"x = '\xff'\n",
        b"x = 1\0\n",
        "x = 1  # \u202e} {\n".encode(),
    ],
)
def test_source_that_hides_what_it_does_is_refused_even_where_it_is_allowed(
    scan: Scan, content: bytes
) -> None:
    report = scan({"model/helper.py": content}, code=["model/predictor.py", "model/helper.py"])

    assert report.verdict is Verdict.REFUSED


@pytest.mark.parametrize(
    "path", ["model/fast.so", "model/fast.cpython-311-x86_64-linux-gnu.so", "model/a.pyc", "a.whl"]
)
def test_what_an_importer_takes_for_compiled_code_is_refused_even_where_it_is_allowed(
    scan: Scan, path: str
) -> None:
    report = scan({path: b"harmless text\n"}, code=["model/predictor.py", path])

    assert [f.check for f in report.blocking] == ["scan-model.code"]


def test_a_wrong_word_of_another_scanner_changes_no_verdict(scan: Scan) -> None:
    report = scan({"model/model.joblib": dumped({"a": 1}, ("zlib", 3))})

    assert report.verdict is Verdict.PASSED
    assert all(file.advice for file in report.files if file.path == "model/model.joblib")


def test_what_the_other_scanners_say_is_noted(scan: Scan) -> None:
    report = scan({"model/model.pkl": EVIL4})

    advice = next(f.advice for f in report.files if f.path == "model/model.pkl")
    assert advice[0] == "picklescan: dangerous: posix.system"
    assert advice[1].startswith("fickling: likely overtly malicious")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    run = Specimen().laid_out(tmp_path / "run")
    path = tmp_path / "run/model/golden.jsonl"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(InputError, match=r"golden\.jsonl"):
        ScanModel().run(run)


def test_a_file_changed_after_fetching_is_an_error(tmp_path: Path) -> None:
    run = Specimen().laid_out(tmp_path / "run")
    (tmp_path / "run/model/golden.jsonl").write_bytes(b"{}\n")

    with pytest.raises(InputError, match="not what was fetched"):
        ScanModel().run(run)


def test_a_thousand_globals_are_refused_in_a_hundred_and_one_lines(scan: Scan) -> None:
    names = b"".join(text("m") + text(f"n{n}") + b"\x930" for n in range(1000))

    report = scan({"model/model.pkl": op(names, b"N")})

    assert len(report.blocking) == 101
    assert len(next(f.globals for f in report.files if f.path == "model/model.pkl")) == 1000


def test_a_name_that_no_document_could_hold_is_still_listed(scan: Scan, tmp_path: Path) -> None:
    from ci_steps.rundir import RunDir

    report = scan({"model/model.pkl": op(b"\x8c\x03\xed\xb2\x80", text("x y"), b"\x93")})

    RunDir(tmp_path).write(report)
    assert report.verdict is Verdict.REFUSED


def test_a_model_without_files_passes_nothing(tmp_path: Path) -> None:
    run = Specimen(model_files(), plan={"scan": ScanSettings()}).laid_out(tmp_path)
    run.write(FetchedModel(findings=run.read(FetchedModel).findings, files=()))

    assert ScanModel().run(run).verdict is Verdict.REFUSED


def test_base64_in_json_is_not_code(scan: Scan) -> None:
    """It is text until allowed code decodes it, and then it is that code's doing."""
    report = scan({"model/a.json": b'{"x": "' + base64.b64encode(EVIL4) + b'"}'})

    assert report.verdict is Verdict.PASSED
