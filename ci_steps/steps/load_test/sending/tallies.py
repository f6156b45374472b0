"""What the generator counts of itself. Only the standard library: it is imported where requests are sent."""

import math
from pathlib import Path
from typing import Any


def summed(each: dict[str, Any]) -> dict[str, Any]:
    """Return what a worker on another machine did, without every row of it."""
    lags = sorted(each["lags"])
    late = lags[max(0, math.ceil(0.99 * len(lags)) - 1)] if lags else 0.0
    told = {name: each[name] for name in ("name", "requests", "cpu")}
    return {**told, "lag_p99_ms": late, "gone": each.get("gone", False)}


def machine_times() -> tuple[int, int]:
    """Return how long this machine's cores were idle, and how long in all, in ticks; zeros where unknown."""
    try:
        ticks = [int(field) for field in Path("/proc/stat").read_text("ascii").split()[1:9]]
    except (OSError, ValueError):
        return 0, 0
    return ticks[3] + ticks[4], sum(
        ticks
    )  # idle and iowait of user nice system idle iowait irq softirq steal
