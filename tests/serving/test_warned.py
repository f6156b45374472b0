"""Warnings in the model: one line each, and no word of what was sent."""

from __future__ import annotations

from pathlib import Path

from tests.serving.folders import PREDICTOR, python_model
from tests.serving.running import Running, Serve

WARNS = PREDICTOR.replace(
    "        return [",
    "        warnings.warn(f'never saw {requests[0][\"text\"]}')\n        return [",
).replace("        self.limit", "        warnings.warn('made by an older version')\n        self.limit")
ALWAYS = 'import warnings\nwarnings.simplefilter("always")\n' + WARNS


def told(server: Running) -> list[str | None]:
    """Return what each warning said, of a server that was asked a lot."""
    for number in range(20):
        server.predict({"text": f"diagnosis {number % 2}"})
    assert server.stop() == 0
    server.wait_for("stopped")
    return [line.get("message") for line in server.lines if line["event"] == "warning"]


def test_a_warning_while_loading_is_told_and_one_of_each_request_is_told_once(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(python_model(tmp_path, ALWAYS))

    assert told(server) == ["made by an older version", "never saw a"]  # the warm-up's, which nobody sent
    assert "diagnosis" not in "".join(server.raw)


def test_a_warning_of_requests_alone_tells_its_place_and_not_its_words(serve: Serve, tmp_path: Path) -> None:
    alone = ALWAYS.replace(
        "        warnings.warn(f'never", "        if requests[0]['text'] != 'a': warnings.warn(f'never"
    )
    server = serve(python_model(tmp_path, alone))

    assert told(server) == ["made by an older version", None]
    assert "diagnosis" not in "".join(server.raw)


def test_a_server_that_may_log_messages_tells_each_once(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path, ALWAYS), LOG_MESSAGES="1")

    assert told(server)[1:] == ["never saw a", "never saw diagnosis 0", "never saw diagnosis 1"]
