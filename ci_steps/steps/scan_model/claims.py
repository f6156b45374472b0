"""Raw numbers that a graph keeps in a file beside it, which the graph alone can name."""

from collections.abc import Mapping
from dataclasses import replace

from ci_steps.steps.scan_model.content import Shown
from ci_steps.steps.scan_model.reading import Reading

LARGEST_PADDING = 65536
"""Exporters begin a tensor at a whole page."""


def settled(readings: Mapping[str, Reading], sizes: Mapping[str, int]) -> dict[str, Reading]:
    """Return the readings, where a file that nobody could name is a graph's numbers if they fill it."""
    claimed: dict[str, list[tuple[int, int]]] = {}
    for reading in readings.values():
        for claim in reading.shown.claims:
            claimed.setdefault(claim.path, []).append((claim.start, claim.end))
    return {
        path: _numbers(reading)
        if reading.shown.format == "unknown binary" and is_filled(claimed.get(path, []), sizes[path])
        else reading
        for path, reading in readings.items()
    }


def is_filled(ranges: list[tuple[int, int]], size: int) -> bool:
    """Whether the ranges cover the file but for padding between them, and end where it ends."""
    at = 0
    for start, end in sorted(ranges):
        if start - at >= LARGEST_PADDING:
            return False
        at = max(at, end)
    return bool(ranges) and at == size


def _numbers(reading: Reading) -> Reading:
    return replace(reading, shown=Shown("onnx numbers"))
