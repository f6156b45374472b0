"""Structured logs: one JSON object a line on standard output, never with what was sent or answered."""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LOG = logging.getLogger("serving")


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: time, level, event, and the fields that came with it.

    Of an exception it tells the type and the places, never the message: `could not convert string to
    float: 'my diagnosis'` is an input.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            line["exception"] = type(error).__qualname__
            line["at"] = places(error)
        return json.dumps(line, default=str)


def places(error: BaseException) -> list[str]:
    """Where ``error`` came from, innermost last, twenty frames at most."""
    frames = traceback.extract_tb(error.__traceback__)[-20:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def said(message: object) -> str:
    """Return what an exception or a warning says, in one line of 500 characters at most."""
    return " ".join(str(message).split())[:500]


def configure(level: int) -> None:
    """Send every logger's records of ``level`` and above to standard output as JSON."""
    out = logging.StreamHandler(sys.stdout)
    out.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[out], force=True)
    # uvicorn tells of its start and stop in sentences; ours say it with fields.
    logging.getLogger("uvicorn").setLevel(max(level, logging.WARNING))


def log(level: int, event: str, **fields: Any) -> None:
    """Write one line; the fields must not hold what was sent or answered."""
    LOG.log(level, event, extra={"fields": fields})


@dataclass(slots=True)
class OneASecond:
    """Lets one line a second through, which says for how many it stands."""

    last: float = float("-inf")
    passed_over: int = 0
    clock: Any = field(default=time.monotonic)

    def admits(self) -> int:
        """How many lines the one to be written now stands for; 0 if none is to be written.

        >>> moments = iter([10.0, 10.4, 10.8, 11.1])
        >>> lines = OneASecond(clock=lambda: next(moments))
        >>> [lines.admits() for _ in range(4)]
        [1, 0, 0, 3]
        """
        now = self.clock()
        self.passed_over += 1
        if now - self.last < 1:
            return 0
        self.last, stands_for, self.passed_over = now, self.passed_over, 0
        return stands_for
