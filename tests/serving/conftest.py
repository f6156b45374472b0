"""Servers that end with the test, or the module, that asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.folders import python_model
from tests.serving.running import Running, Serve, end, start


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server on a model folder and wait until it listens, or until the ``until`` line."""
    started: list[Running] = []

    def begin(folder: Path, until: str | None = "ready", **environment: str) -> Running:
        running = start(folder, **environment)
        started.append(running)
        if until:
            running.port = running.wait_for("listening")["port"]
        if until and until != "listening":
            running.wait_for(until)
        return running

    yield begin
    for running in started:
        end(running)


@pytest.fixture(scope="module")
def lengths(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for a whole module, of a model that tells short texts from long ones."""
    folder = python_model(tmp_path_factory.mktemp("lengths"))
    running = start(folder, RELEASE_ID="r-7", IMAGE_DIGEST="sha256:" + "5" * 64, KIT_VERSION="0.1.0")
    running.port = running.wait_for("listening")["port"]
    running.wait_for("ready")
    yield running
    end(running)
