"""Honest files of each library, cut off, appended to and with bytes changed: never an error, never clean."""

import gzip
import random
import struct
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from ci_steps.selftest import model_formats as made
from ci_steps.selftest.pickles import EMPTY_ZIP, SYSTEM
from ci_steps.selftest.scan_formats import NPY
from ci_steps.steps.scan_model.content import Content, Shown
from ci_steps.steps.scan_model.reading import read

HONEST = Path(__file__).parent / "honest"
SUFFIXES = {
    ".safetensors", ".cbm", ".json", ".h5", ".keras", ".txt", ".onnx", ".pt", ".skops", ".gguf", ".ubj"
}  # fmt: skip
SAMPLES = {path.name: path.read_bytes() for path in sorted(HONEST.iterdir()) if path.suffix in SUFFIXES} | {
    "array.npy": NPY,
    "arrays.npz": made.zipped({"a.npy": NPY, "b.npy": NPY}),
    "nested.zip": made.zipped({"a.txt": b"text\n", "b": made.tarred("c.npy", NPY)}),
    "pipe.zip": made.streamed("a.npy", NPY),
    "texts.tar": made.tarred("folder/a.npy", NPY),
    "dense3.keras": made.keras("Dense"),
    "old.pth": made.legacy(),
    "graph.onnx": made.onnx(),
    "array.npy.gz": gzip.compress(NPY, mtime=0),
}
SIZES = {"outside.onnx.data": 48}
SECONDS = 5


def shown(name: str, content: bytes) -> Shown:
    return read(name, Content.of(content), SIZES).shown


def is_clean(found: Shown) -> bool:
    return not found.problems and not (found.runs and not found.source)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_honest_file_is_read_to_its_end(name: str) -> None:
    found = shown(name, SAMPLES[name])

    assert found.problems == ()
    assert not found.runs or found.source
    assert not found.pickled


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_was_cut_off_is_never_clean(name: str) -> None:
    content = SAMPLES[name]
    chosen = random.Random(name)
    cuts = {1, 4, 8, 16, len(content) - 2, *(chosen.randrange(1, len(content) - 1) for _ in range(100))}

    clean = [cut for cut in sorted(cuts) if is_clean(shown(name, content[:cut]))]

    # The first letters of a file may be a word or a brace, which is a text with no end to miss.
    assert [cut for cut in clean if cut > 16] == []


TAILS = {
    "a byte": b"\0",
    "zeros": bytes(512),
    "a pickle": SYSTEM,
    "an end of a zip file": EMPTY_ZIP,
    "text": b"\nmore\n",
    "another part of a model": b"\x3a\x02\x12\x00",
}


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_with_something_behind_its_end_is_never_clean(name: str, tail: str) -> None:
    content = SAMPLES[name]

    assert not is_clean(shown(name, content + TAILS[tail]))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_behind_something_else_is_never_clean(name: str) -> None:
    content = SAMPLES[name]
    is_text = name.endswith((".txt", ".json"))

    assert not is_clean(shown(name, SYSTEM + content))
    assert is_text or not is_clean(shown(name, b"%PDF-1.4\n" + content))
    assert is_text or not is_clean(shown(name, bytes(512) + content))


@pytest.mark.parametrize("name", SAMPLES)
def test_changed_bytes_raise_nothing_and_take_no_time(name: str) -> None:
    content = SAMPLES[name]
    chosen = random.Random(name)
    began = time.process_time()

    for _ in range(150):
        spoilt = bytearray(content)
        for _ in range(chosen.choice((1, 1, 4))):
            spoilt[chosen.randrange(len(spoilt))] = chosen.choice((0, 0xFF, chosen.randrange(256)))
        shown(name, bytes(spoilt))

    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("name", SAMPLES)
def test_a_number_that_was_made_great_raises_nothing_and_takes_no_time(name: str) -> None:
    content = SAMPLES[name]
    chosen = random.Random(name)
    began = time.process_time()

    for _ in range(100):
        spoilt = bytearray(content)
        at = chosen.randrange(max(1, min(len(spoilt), 2000) - 8))
        spoilt[at : at + 8] = struct.pack(chosen.choice("<>") + "Q", chosen.choice((2**63 - 1, 2**40, 2**31)))
        shown(name, bytes(spoilt))

    assert time.process_time() - began < SECONDS


def test_archives_in_archives_are_read_four_deep_and_no_deeper() -> None:
    content = SYSTEM
    for depth in range(1, 7):
        file = BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(f"{depth}.bin", content)
        content = file.getvalue()
        found = shown("model.zip", content)

        assert not is_clean(found) or found.globals == {"posix.system"}
        assert bool(found.globals) == (depth <= 4)
