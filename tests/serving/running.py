"""The real server, in a process of its own on a loopback port."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 60


@dataclass
class Running:
    """A server process: what it logs, where it listens, and how it ended."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    arrived: queue.SimpleQueue[dict[str, Any] | None] = field(default_factory=queue.SimpleQueue)
    port: int = 0

    def read_logs(self) -> None:
        assert self.process.stdout
        for text in self.process.stdout:
            self.raw.append(text)
            line = json.loads(text)  # whatever is not JSON ends this thread, and the test that waits
            self.lines.append(line)
            self.arrived.put(line)
        self.arrived.put(None)

    def wait_for(self, event: str) -> dict[str, Any]:
        """Return the next line with ``event``; fails at once if the process ends without it."""
        while (line := self.arrived.get(timeout=PATIENCE)) is not None:
            if line["event"] == event:
                return line
        raise AssertionError(f"ended without {event!r}: {self.raw}")

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url(path), timeout=PATIENCE)

    def predict(self, body: Any, **headers: str) -> requests.Response:
        return requests.post(self.url("/predict"), json=body, headers=headers, timeout=PATIENCE)

    def stop(self) -> int:
        """Return the exit code after a SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def metric(self, series: str) -> float:
        """Return the value of one series, written as it stands on the page; 0 if it is not there."""
        for line in self.get("/metrics").text.splitlines():
            name, _, value = line.rpartition(" ")
            if name == series:
                return float(value)
        return 0.0


Serve = Callable[..., Running]


def start(folder: Path, **environment: str) -> Running:
    process = subprocess.Popen(
        [sys.executable, "-m", "serving"],
        cwd=REPOSITORY,
        env={**os.environ, "MODEL_FOLDER": str(folder), "PORT": "0", "PYTHONUNBUFFERED": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Running(process)
    threading.Thread(target=running.read_logs, daemon=True).start()
    return running


def end(running: Running) -> None:
    running.process.kill()
    running.process.wait(PATIENCE)
    assert running.process.stdout
    while running.arrived.get(timeout=PATIENCE) is not None:
        pass
    running.process.stdout.close()
