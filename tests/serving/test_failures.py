"""What happens when the model fails in the middle of service, or cannot keep up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.serving.folders import python_model
from tests.serving.running import Running, Serve, end, start

MOODY = """
class Moody:
    def load(self, folder):
        pass

    def predict(self, requests):
        return [ANSWERS[r["text"]]() for r in requests][: 2 - ("few" in requests[0]["text"])]

def fail():
    raise ValueError("could not convert 'my diagnosis'")

def loop():
    answer = []
    answer.append(answer)
    return answer

ANSWERS = {
    "a": lambda: {"label": "short", "score": 1},
    "raises": fail,
    "exits": lambda: exit(0),
    "wrong label": lambda: {"label": "my diagnosis", "score": 1},
    "wrong shape": lambda: None,
    "nan": lambda: {"label": "short", "score": float("nan")},
    "bytes": lambda: {"label": b"short", "score": 1},
    "circle": loop,
    "huge": lambda: {"label": "short", "score": 10**400},
    "surrogate": lambda: {"label": "short", "score": "\\ud800"},
    "few": lambda: {"label": "short", "score": 1},
}
"""

PICKY = """
class Length:
    def load(self, folder):
        pass

    def predict(self, requests):
        return [{"label": "long", "score": 1 / (len(r["text"]) - 1)} for r in requests]
"""
GATED = """
import pathlib, time

class Length:
    def load(self, folder):
        self.gate = pathlib.Path({gate!r})

    def predict(self, requests):
        while requests[0]["text"] == "wait" and not self.gate.exists():
            time.sleep(0.01)
        return [{{"label": "long", "score": 1}} for _ in requests]
"""


@pytest.fixture(scope="module")
def moody(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = python_model(tmp_path_factory.mktemp("moody"), MOODY, "predictor:Moody")
    running = start(folder)
    running.port = running.wait_for("listening")["port"]
    running.wait_for("ready")
    yield running
    end(running)


@pytest.mark.parametrize("text", ["raises", "exits"])
def test_a_predictor_that_raises_is_a_500_under_an_id_that_the_log_knows(moody: Running, text: str) -> None:
    before = moody.metric('serving_errors_total{kind="predictor"}')

    response = moody.predict({"text": text})
    line = moody.wait_for("the model failed")

    assert (response.status_code, response.json()["detail"]) == (500, "the model failed")
    assert response.json()["error_id"] == line["error_id"]
    assert line["exception"] == {"raises": "ValueError", "exits": "SystemExit"}[text]
    assert any("predictor.py" in place for place in line["at"])
    assert moody.metric('serving_errors_total{kind="predictor"}') == before + 1


@pytest.mark.parametrize(
    "text", ["wrong label", "wrong shape", "nan", "bytes", "circle", "huge", "surrogate"]
)
def test_an_answer_that_breaks_the_contract_is_not_sent(moody: Running, text: str) -> None:
    before = moody.metric('serving_errors_total{kind="answer"}')

    response = moody.predict({"text": text})

    assert response.status_code == 500
    assert moody.wait_for("the model gave an answer that it may not give")["reason"]
    assert moody.metric('serving_errors_total{kind="answer"}') == before + 1


def test_one_answer_too_few_is_not_sent(moody: Running) -> None:
    assert moody.predict([{"text": "few"}, {"text": "a"}]).status_code == 500
    assert (
        moody.wait_for("the model gave an answer that it may not give")["reason"] == "1 answers to 2 requests"
    )


def test_no_failure_tells_the_log_or_the_caller_what_was_sent(moody: Running) -> None:
    answers = [moody.predict({"text": text}).text for text in ("raises", "wrong label")]
    assert moody.stop() == 0

    assert "diagnosis" not in "".join(answers) + "".join(moody.raw)


def test_a_server_that_may_log_messages_tells_what_the_exception_said(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path, MOODY, "predictor:Moody"), LOG_MESSAGES="1")

    told = server.predict({"text": "raises"}).text
    line = server.wait_for("the model failed")

    assert (line["exception"], line["message"]) == ("ValueError", "could not convert 'my diagnosis'")
    assert "diagnosis" not in told


def test_unchecked_answers_are_sent_as_they_are(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path, MOODY, "predictor:Moody"), CHECK_ANSWERS="0")

    assert server.predict({"text": "wrong label"}).json()["label"] == "my diagnosis"
    assert server.predict({"text": "nan"}).status_code == 500  # NaN is not JSON, checked or not


def test_a_failing_warm_up_keeps_no_model_from_serving(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path, PICKY), until="warm-up failed")
    server.wait_for("ready")
    [failed] = [line for line in server.lines if line["event"] == "warm-up failed"]

    assert failed["reason"] == "ZeroDivisionError: division by zero"
    assert server.predict({"text": "two"}).json() == {"label": "long", "score": 0.5}


def test_more_than_may_wait_are_told_to_come_back(serve: Serve, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    server = serve(
        python_model(tmp_path / "m", GATED.format(gate=str(gate))), PREDICT_THREADS="1", MAX_WAITING="1"
    )

    with ThreadPoolExecutor() as pool:
        held = [pool.submit(server.predict, {"text": "wait"}) for _ in range(2)]
        while server.metric("serving_requests_in_flight") < 2:
            pass
        refusal = server.predict({"text": "a"})
        gate.touch()
        answered = [answer.result().status_code for answer in held]

    assert (refusal.status_code, refusal.headers["retry-after"]) == (503, "1")
    assert answered == [200, 200]
    assert server.metric('serving_errors_total{kind="overload"}') == 1
