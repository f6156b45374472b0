"""What keeps a server from starting, and how it says so: one line, and an exit code."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.serving.folders import PREDICTOR, python_model, write_model
from tests.serving.running import PATIENCE, Serve


def refused(serve: Serve, folder: Path, **environment: str) -> tuple[int, str]:
    """Return the exit code and the reason of a server that will not start: its one error line."""
    server = serve(folder, until=None, **environment)
    code = server.process.wait(PATIENCE)
    while server.arrived.get(timeout=PATIENCE) is not None:
        pass
    errors = [line for line in server.lines if line["level"] == "error"]
    server.arrived.put(None)
    assert len(errors) == 1, server.raw
    return code, errors[0]["reason"]


def edit_manifest(folder: Path, **changes: Any) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_a_changed_byte_keeps_the_model_from_loading(serve: Serve, tmp_path: Path) -> None:
    (python_model(tmp_path) / "model/limit.txt").write_text("6")

    code, reason = refused(serve, tmp_path)

    assert code == 3
    assert reason.startswith("model/limit.txt has sha256 ")


def test_a_changed_interface_keeps_the_model_from_loading(serve: Serve, tmp_path: Path) -> None:
    (python_model(tmp_path) / "interface.json").write_text('{"input": {}, "output": {}}')

    code, reason = refused(serve, tmp_path)

    assert code == 3
    assert reason.startswith("interface.json has sha256 ")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("manifest.json", "manifest.json cannot be read: No such file or directory"),
        ("interface.json", "interface.json cannot be read: No such file or directory"),
        ("model/limit.txt", "model/limit.txt cannot be read: No such file or directory"),
    ],
)
def test_a_missing_file_is_named(serve: Serve, tmp_path: Path, path: str, reason: str) -> None:
    (python_model(tmp_path) / path).unlink()

    assert refused(serve, tmp_path) == (3, reason)


def test_a_file_that_the_manifest_does_not_know_is_not_imported(serve: Serve, tmp_path: Path) -> None:
    (python_model(tmp_path) / "model/more.py").write_text("raise SystemExit")

    assert refused(serve, tmp_path) == (3, "model/more.py is not in the manifest")


def test_a_path_out_of_the_folder_is_refused(serve: Serve, tmp_path: Path) -> None:
    folder = python_model(tmp_path / "folder")
    (tmp_path / "outside").touch()
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edit_manifest(folder, files=[*files, {"path": "model/../../outside", "size": 0, "sha256": "0" * 64}])

    assert refused(serve, folder) == (3, "model/../../outside leads out of the model folder")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "manifest.json is not JSON"),
        ("[]", "manifest.json is not of schema 1"),
        ('{"schema": 2}', "manifest.json is not of schema 1"),
        ('{"schema": 1}', "manifest.json is not a manifest"),
        ('{"schema": 1, "name": "a", "predictor": 5}', "manifest.json is not a manifest"),
    ],
)
def test_a_bad_manifest_is_refused(serve: Serve, tmp_path: Path, text: str, reason: str) -> None:
    (python_model(tmp_path) / "manifest.json").write_text(text)

    code, told = refused(serve, tmp_path)

    assert code == 3
    assert told.startswith(reason)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "strin"}, "the input schema of interface.json is not a JSON schema"),
        (5, "the input schema of interface.json is not a JSON schema"),
        ({"$ref": "http://127.0.0.1:1/other.json"}, "Retrieval is disabled"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(
    serve: Serve, tmp_path: Path, schema: Any, reason: str
) -> None:
    code, told = refused(serve, python_model(tmp_path, request=schema))

    assert code == 3
    assert reason in told


@pytest.mark.parametrize(
    ("code", "entry", "reason"),
    [
        ("raise RuntimeError('no\\nluck')", "predictor:Length", "RuntimeError: no luck"),
        ("exit(0)", "predictor:Length", "SystemExit: 0"),
        ("def", "predictor:Length", "SyntaxError"),
        (PREDICTOR, "predictor:Width", "no attribute 'Width'"),
        (PREDICTOR, "nowhere:Length", "No module named 'nowhere'"),
        (PREDICTOR, "json:JSONDecoder", "not a file of model/"),
        (PREDICTOR, "predictor", "expected module:Class"),
        (
            "class Length:\n    def load(self, folder): pass",
            "predictor:Length",
            "has no method predict(list)",
        ),
    ],
)
def test_a_predictor_that_does_not_load_ends_the_server_with_its_reason(
    serve: Serve, tmp_path: Path, code: str, entry: str, reason: str
) -> None:
    exit_code, told = refused(serve, python_model(tmp_path, code, entry))

    assert exit_code == 3
    assert reason in told


def test_an_unknown_flavour_is_refused(serve: Serve, tmp_path: Path) -> None:
    folder = write_model(tmp_path, {"model/weights": "0"}, {"kind": "oracle"})

    assert refused(serve, folder) == (
        3,
        "predictor kind 'oracle' is unknown, expected one of pyfunc, python, sklearn",
    )


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PORT", "http", "PORT is 'http', expected a whole number from 0 to 65535"),
        ("PORT", "70000", "PORT is '70000', expected a whole number from 0 to 65535"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'LOUD', expected one of DEBUG, INFO, WARNING, ERROR"),
        ("DRAIN_SECONDS", "-1", "DRAIN_SECONDS is '-1', expected seconds from 0 to 3600"),
        (
            "RELEASE_ID",
            "r-\u2192",
            "RELEASE_ID is 'r-\u2192', expected printable ASCII: every answer has it in a header",
        ),
        ("LOG_MESSAGES", "yes", "LOG_MESSAGES is 'yes', expected a whole number from 0 to 1"),
        ("CHECK_ANSWERS", "yes", "CHECK_ANSWERS is 'yes', expected a whole number from 0 to 1"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(
    serve: Serve, tmp_path: Path, name: str, value: str, reason: str
) -> None:
    assert refused(serve, tmp_path, **{name: value}) == (2, reason)


def test_a_port_in_use_is_named(serve: Serve, tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]

        code, reason = refused(serve, python_model(tmp_path), PORT=str(port))

    assert code == 3
    assert reason.startswith(f"port {port} cannot be opened")
