"""How a server starts, stays ready, is told to stop, and ends."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.serving.folders import INPUT, PREDICTOR, python_model
from tests.serving.running import PATIENCE, Running, Serve

GATED = """
import pathlib, time

GATE = pathlib.Path({gate!r})

class Length:
    def load(self, folder):
        self.wait({load!r})

    def predict(self, requests):
        self.wait({predict!r})
        return [{{"label": "long", "score": 1}} for _ in requests]

    def wait(self, whether):
        while whether and not GATE.exists():
            time.sleep(0.01)
"""
WITHOUT_WARM_UP = {**INPUT, "minProperties": 2}  # no request made from this satisfies it
REQUEST = {"text": "a", "more": 1}


def gated_model(folder: Path, *, load: bool = False, predict: bool = False) -> tuple[Path, Path]:
    """Return a model that waits, loading or predicting, until a file appears; and that file."""
    gate = folder / "gate"
    code = GATED.format(gate=str(gate), load=load, predict=predict)
    return python_model(folder / "folder", code, request=WITHOUT_WARM_UP), gate


def wait_until_in_flight(server: Running, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.metric("serving_requests_in_flight") != number:
        assert time.monotonic() < deadline


def test_a_server_is_live_but_not_ready_while_its_model_loads(serve: Serve, tmp_path: Path) -> None:
    folder, gate = gated_model(tmp_path, load=True)
    server = serve(folder, until="listening")

    assert server.get("/health/live").status_code == 200
    assert server.get("/health/ready").status_code == 503
    assert server.get("/health/ready").json() == {"ready": False, "phase": "the model is being loaded"}
    assert server.predict(REQUEST).status_code == 503
    gate.touch()
    server.wait_for("ready")
    assert server.get("/health/ready").status_code == 200
    assert server.predict(REQUEST).status_code == 200


def test_a_server_told_to_stop_while_its_model_loads_ends_well(serve: Serve, tmp_path: Path) -> None:
    folder, _ = gated_model(tmp_path, load=True)

    assert serve(folder, until="listening").stop() == 0


def test_health_is_answered_while_every_prediction_is_slow(serve: Serve, tmp_path: Path) -> None:
    folder, gate = gated_model(tmp_path, predict=True)
    server = serve(folder, PREDICT_THREADS="2")

    with ThreadPoolExecutor() as pool:
        held = [pool.submit(server.predict, REQUEST) for _ in range(6)]
        wait_until_in_flight(server, 6)
        health = [server.get("/health/ready").status_code for _ in range(5)]
        gate.touch()
        answered = [answer.result().status_code for answer in held]

    assert health == [200] * 5
    assert answered == [200] * 6


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_what_is_in_flight_is_finished_before_the_end(
    serve: Serve, tmp_path: Path, sent: signal.Signals
) -> None:
    folder, gate = gated_model(tmp_path, predict=True)
    server = serve(folder)

    with ThreadPoolExecutor() as pool:
        held = [pool.submit(server.predict, REQUEST) for _ in range(6)]  # two of them wait for a thread
        wait_until_in_flight(server, 6)
        server.process.send_signal(sent)
        wait_until_refused(server)
        gate.touch()
        answered = [answer.result().status_code for answer in held]

    assert answered == [200] * 6
    assert server.process.wait(PATIENCE) == 0
    assert server.wait_for("stopped")["exit_code"] == 0


def wait_until_refused(server: Running) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            server.get("/health/live")
        except requests.ConnectionError:
            return
    raise AssertionError("still accepts connections")


def test_a_draining_server_is_not_ready_but_answers(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path), DRAIN_SECONDS="600")
    server.process.send_signal(signal.SIGTERM)
    server.wait_for("draining")

    ready, answer = server.get("/health/ready"), server.predict({"text": "a"})

    assert (ready.status_code, ready.json()["phase"]) == (503, "stopping")
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
    assert server.stop() == 0  # a second signal ends the wait


def test_a_drain_ends_by_itself(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path), DRAIN_SECONDS="0.3")

    assert server.stop() == 0
    server.wait_for("draining")
    server.wait_for("stopped")


def test_a_prediction_that_hangs_keeps_no_server_from_ending(serve: Serve, tmp_path: Path) -> None:
    folder, _ = gated_model(tmp_path, predict=True)
    server = serve(folder, STOP_SECONDS="1")

    with ThreadPoolExecutor() as pool:
        held = pool.submit(server.predict, REQUEST)
        wait_until_in_flight(server, 1)
        assert server.stop() == 1
        assert server.wait_for("requests cut off")["after_seconds"] == 1
        assert isinstance(held.exception(), requests.ConnectionError) or held.result().status_code == 500


def test_the_model_leaves_no_file_beside_its_own(serve: Serve, tmp_path: Path) -> None:
    folder = python_model(
        tmp_path, "import also\n" + PREDICTOR.replace("Length", "Unused") + "Length = Unused"
    )
    before = sorted(folder.rglob("*"))

    server = serve(folder, until=None)

    assert server.process.wait(PATIENCE) == 3  # there is no module also
    assert sorted(folder.rglob("*")) == before
