"""What a server tells of itself: /info, metrics, OpenAPI, logs."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import jsonschema
import pytest
import requests
import rfc8785

from serving.observed import ROUTES
from tests.serving.folders import INPUT, OUTPUT, PREDICTOR, python_model
from tests.serving.running import PATIENCE, REPOSITORY, Running, Serve


def info_schema() -> dict[str, object]:
    schema: dict[str, object] = json.loads((REPOSITORY / "schemas/serving-info.schema.json").read_text())
    return schema


def test_info_is_what_its_schema_says(lengths: Running) -> None:
    jsonschema.Draft202012Validator.check_schema(info_schema())

    jsonschema.validate(lengths.get("/info").json(), info_schema(), format_checker=jsonschema.FormatChecker())


def test_info_without_a_release_is_what_its_schema_says(serve: Serve, tmp_path: Path) -> None:
    told = serve(python_model(tmp_path)).get("/info").json()

    jsonschema.validate(told, info_schema())
    assert (told["image"], told["release"], told["kit"]) == (None, None, None)


def test_every_field_of_the_info_schema_is_described() -> None:
    def fields(schema: object, name: str) -> list[str]:
        if not isinstance(schema, dict):
            return []
        bare = [] if "description" in schema else [name]
        inner = [
            *schema.get("properties", {}).items(),
            *([(name + "[]", schema["items"])] if "items" in schema else []),
        ]
        return bare + [missing for key, value in inner for missing in fields(value, key)]

    assert fields(info_schema(), "info") == []


def test_info_leads_back_to_model_ingredients_image_and_release(lengths: Running) -> None:
    told = lengths.get("/info").json()

    assert (told["release"], told["image"], told["kit"]) == ("r-7", "sha256:" + "5" * 64, "0.1.0")
    assert told["ingredients"]["code"]["commit"] == "1" * 40
    assert told["ingredients"]["data"] == [{"uri": "https://files.example/texts.csv", "sha256": "2" * 64}]


def test_the_models_sha_is_that_of_the_canonical_manifest_however_it_is_laid_out(
    serve: Serve, tmp_path: Path
) -> None:
    file = python_model(tmp_path) / "manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps(manifest, indent=4))

    told = serve(tmp_path).get("/info").json()

    assert told["model"]["sha256"] == hashlib.sha256(rfc8785.dumps(manifest)).hexdigest()


def test_requests_and_answers_are_counted_by_route_and_status(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path))
    server.predict([{"text": "a"}, {"text": "b"}])
    server.predict({"text": "a"})
    server.predict({})
    server.get("/my-diagnosis")

    assert server.metric('serving_requests_total{route="/predict",status="200"}') == 2
    assert server.metric('serving_requests_total{route="/predict",status="422"}') == 1
    assert server.metric('serving_requests_total{route="other",status="404"}') == 1
    assert server.metric("serving_answers_total") == 3
    assert server.metric('serving_request_duration_seconds_count{route="/predict"}') == 3
    assert server.metric("serving_requests_in_flight") == 0
    assert "diagnosis" not in server.get("/metrics").text


def test_the_metrics_say_what_answers(lengths: Running) -> None:
    sha = lengths.get("/info").json()["model"]["sha256"]
    image = "sha256:" + "5" * 64

    series = f'serving_model_info{{image="{image}",name="lengths",release="r-7",sha256="{sha}"}}'

    assert lengths.metric(series) == 1


EVERY: list[tuple[int, str, str, str, str]] = [
    (200, "POST", "/predict", '{"text": "a"}', "application/json"),
    *((200, "GET", path, "", "") for path in sorted(ROUTES - {"/predict"})),
    (404, "GET", "/nowhere", "", ""),
    (405, "GET", "/predict", "", ""),
    (400, "POST", "/predict", "{", "application/json"),
    (413, "POST", "/predict", " " * (1 << 21), "application/json"),
    (415, "POST", "/predict", "{}", "text/plain"),
    (422, "POST", "/predict", "{}", "application/json"),
]


@pytest.mark.parametrize(("status", "method", "path", "body", "kind"), EVERY)
def test_each_answer_names_the_release_that_gave_it(
    lengths: Running, status: int, method: str, path: str, body: str, kind: str
) -> None:
    answer = requests.request(
        method, lengths.url(path), data=body, headers={"content-type": kind}, timeout=PATIENCE
    )

    assert (answer.status_code, answer.headers.get("x-release")) == (status, "r-7")


def test_so_does_a_failure_and_what_is_not_http(serve: Serve, tmp_path: Path) -> None:
    failing = PREDICTOR.replace("return [", "raise KeyError\n        return [")
    server = serve(python_model(tmp_path, failing), RELEASE_ID="r-8")

    failed = server.predict({"text": "a"})
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        garbage = client.makefile("rb").read()

    assert (failed.status_code, failed.headers["x-release"]) == (500, "r-8")
    assert b"x-release: r-8\r\n" in garbage


def test_a_server_of_no_release_names_none(serve: Serve, tmp_path: Path) -> None:
    assert "x-release" not in serve(python_model(tmp_path)).predict({"text": "a"}).headers


def test_openapi_holds_the_schemas_of_the_interface(lengths: Running) -> None:
    document = lengths.get("/openapi.json").json()
    request, answer = (document["components"]["schemas"][name] for name in ("Request", "Answer"))

    assert {key: value for key, value in request.items() if key != "$id"} == INPUT
    assert {key: value for key, value in answer.items() if key != "$id"} == OUTPUT
    for path, operations in document["paths"].items():
        for method in operations:
            assert requests.request(method, lengths.url(path), timeout=PATIENCE).status_code not in {404, 405}


def test_problems_are_what_openapi_says(lengths: Running) -> None:
    document = lengths.get("/openapi.json").json()

    problem = lengths.predict([{"text": 5}])

    assert str(problem.status_code) in document["paths"]["/predict"]["post"]["responses"]
    jsonschema.validate(problem.json(), document["components"]["schemas"]["Problem"])


@pytest.mark.parametrize(("given", "kept"), [("abc-1.2_3", True), ("a" * 65, False), ("my diagnosis", False)])
def test_a_request_id_is_kept_if_it_is_a_plain_token(lengths: Running, given: str, kept: bool) -> None:
    answer = lengths.predict({"text": "a"}, **{"x-request-id": given})

    assert (answer.headers["x-request-id"] == given) is kept


def test_logs_hold_neither_inputs_nor_answers(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path), LOG_LEVEL="DEBUG")
    secret = "xyzzy"
    for body in ({"text": secret}, {"text": 5, secret: 1}, [{"text": secret}, {}], {"text": secret * 200}):
        server.predict(body)
    server.get(f"/{secret}?{secret}")
    requests.post(server.url("/predict"), secret, headers={"content-type": secret}, timeout=PATIENCE)
    assert server.stop() == 0
    server.wait_for("stopped")

    assert len([line for line in server.lines if line["event"] == "request"]) == 6
    assert secret not in "".join(server.raw)


def test_a_line_says_which_request_how_it_ended_and_how_long_it_took(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path))
    server.predict({"text": 5}, **{"x-request-id": "r1"})

    line = server.wait_for("request")

    assert line.pop("ms") >= 0
    assert line.pop("time")
    assert line == {
        "level": "warning",
        "event": "request",
        "request_id": "r1",
        "route": "/predict",
        "status": 422,
    }


def test_many_successes_are_few_lines_and_every_failure_is_one(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path))
    with requests.Session() as session:
        for _ in range(100):
            session.post(server.url("/predict"), json={"text": "a"}, timeout=PATIENCE)
        for _ in range(5):
            session.post(server.url("/predict"), json={}, timeout=PATIENCE)
    assert server.stop() == 0
    server.wait_for("stopped")

    levels = [line["level"] for line in server.lines if line["event"] == "request"]
    assert levels.count("warning") == 5
    assert 1 <= levels.count("info") <= 10
