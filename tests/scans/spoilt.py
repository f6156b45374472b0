"""Honest models, cut off and with bytes more."""

import random
from functools import cache

from ci_steps.model.verdict import Verdict
from ci_steps.steps.scan_model.content import Content
from ci_steps.steps.scan_model.findings import findings_of
from ci_steps.steps.scan_model.reading import read
from tests.scans.judged import everything_allowed
from tests.scans.samples import Sample

COUNT = 20
_SHORTEST = 17
"""The first letters of a file may be a word, which is a text with no end to miss."""
_SPACES = b" \t\r\n\f\v"


@cache
def cut(sample: Sample) -> tuple[bytes, ...]:
    """Return the file without its last bytes, a text's last line end aside."""
    content, chosen = sample.content, random.Random(f"cut {sample.name}")
    end = len(content.rstrip(_SPACES)) if _is_text(content) else len(content)
    at = {end - 1, end - 2, _SHORTEST}
    while len(at) < COUNT:
        at.add(chosen.randrange(_SHORTEST, end))
    return tuple(content[:size] for size in sorted(at))


@cache
def extended(sample: Sample) -> tuple[bytes, ...]:
    """Return the file with a byte behind it, or in front.

    A text may have spaces behind it, and with a letter in front it is another text, as harmless.
    """
    content, chosen = sample.content, random.Random(f"extended {sample.name}")
    text = _is_text(content)
    bytes_ = [n for n in range(256) if not (text and n in _SPACES)]
    found: set[bytes] = set()
    while len(found) < COUNT:
        byte = bytes([chosen.choice(bytes_)])
        found.add(content + byte if text or len(found) % 2 else byte + content)
    return tuple(sorted(found))


def is_clean(sample: Sample, content: bytes) -> bool:
    """Whether nothing keeps the file from passing, where all that honest models need is allowed."""
    sizes = {path: len(each) for path, each in sample.files.items()} | {sample.place: len(content)}
    reading = read(sample.place, Content.of(content), sizes)
    found = findings_of(sample.place, reading, everything_allowed(), by_joblib=True)
    return all(finding.verdict < Verdict.INCONCLUSIVE for finding in found)


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False
