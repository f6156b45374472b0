"""What /predict answers, to good requests and to every kind of bad one."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.serving.folders import INPUT, python_model
from tests.serving.running import PATIENCE, Running, Serve

JSON = {"content-type": "application/json"}
HEAD_WITHOUT_BODY = (
    b"POST /predict HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n"
)


def post(server: Running, body: bytes | str, **headers: str) -> requests.Response:
    sent = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return requests.post(server.url("/predict"), body, headers=sent, timeout=PATIENCE)


def test_one_request_gets_one_answer(lengths: Running) -> None:
    assert lengths.predict({"text": "four"}).json() == {"label": "short", "score": 4}


def test_a_list_gets_its_answers_in_order(lengths: Running) -> None:
    answers = lengths.predict([{"text": "a lot longer"}, {"text": "four"}]).json()

    assert [answer["label"] for answer in answers] == ["long", "short"]


def test_a_list_of_one_gets_a_list(lengths: Running) -> None:
    assert lengths.predict([{"text": "four"}]).json() == [{"label": "short", "score": 4}]


def test_a_kept_alive_connection_does_not_wait_for_delayed_acks(lengths: Running) -> None:
    seconds = []
    with requests.Session() as session:
        for _ in range(40):
            began = perf_counter()
            session.post(lengths.url("/predict"), json={"text": "a"}, timeout=PATIENCE)
            seconds.append(perf_counter() - began)

    assert median(seconds) < 0.03  # with Nagle's algorithm every answer takes 0.04


BAD: list[tuple[str, bytes | str, dict[str, str], int, str]] = [
    ("empty", b"", {}, 400, "not JSON"),
    ("cut off", b'{"text": "a', {}, 400, "not JSON"),
    ("two documents", b'{"text": "a"}{"text": "a"}', {}, 400, "not JSON"),
    ("NaN", b'{"text": "a", "more": NaN}', {}, 400, "not JSON"),
    ("Infinity", b'{"text": "a", "more": -Infinity}', {}, 400, "not JSON"),
    ("too big a number", b'{"text": "a", "more": 1e999}', {}, 400, "infinity"),
    ("too many digits", b'{"text": "a", "more": ' + b"9" * 5000 + b"}", {}, 400, "infinity"),
    ("lone surrogate", rb'{"text": "\ud800"}', {}, 400, "surrogate"),
    ("not UTF-8", '{"text": "caf\u00e9"}'.encode("latin-1"), {}, 400, "UTF-8"),
    ("UTF-16", '{"text": "a"}'.encode("utf-16"), {}, 400, "not JSON"),
    ("nested 100,000 deep", b"[" * 100_000, {}, 400, "depth"),
    (
        "nested 101 deep",
        b'{"text": "a", "more": ' + b"[" * 100 + b"]" * 100 + b"}",
        {},
        400,
        "more than 100 levels",
    ),
    ("empty list", b"[]", {}, 422, "empty"),
    ("a number", b"5", {}, 422, "neither a request object nor a list"),
    ("null", b"null", {}, 422, "neither a request object nor a list"),
    ("a list of lists", b"[[]]", {}, 422, 'not of type "object"'),
    ("missing property", b"{}", {}, 422, '"text" is a required property'),
    ("wrong type", b'{"text": 5}', {}, 422, "request 0 at /text"),
    ("unknown property", b'{"text": "a", "txet": 1}', {}, 422, "txet"),
    ("too short", b'{"text": ""}', {}, 422, "shorter than 1"),
    ("too many rows", json.dumps([{"text": "a"}] * 1001), {}, 413, "1001 requests"),
    ("too big", b" " * (1 << 20) + b'{"text": "a"}', {}, 413, "more than 1048576 bytes"),
    (
        "plain text",
        b'{"text": "a"}',
        {"content_type": "text/plain"},
        415,
        "send the header Content-Type: application/json",
    ),
    ("form", b"text=a", {"content_type": "application/x-www-form-urlencoded"}, 415, "content type"),
    (
        "no content type",
        b'{"text": "a"}',
        {"content_type": ""},
        415,
        "send the header Content-Type: application/json",
    ),
    ("compressed", b"\x1f\x8b", {"content_encoding": "gzip"}, 415, "send it without Content-Encoding"),
]


@pytest.mark.parametrize(
    ("body", "headers", "status", "detail"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_a_bad_request_is_told_what_is_wrong(
    lengths: Running, body: bytes | str, headers: dict[str, str], status: int, detail: str
) -> None:
    response = post(lengths, body, **headers)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert detail.lower() in response.json()["detail"].lower()
    assert response.json()["request_id"] == response.headers["x-request-id"]


def test_each_bad_row_is_named_with_its_index_and_pointer(lengths: Running) -> None:
    rows = [{"text": "good"}, {"text": 5}, {"text": "good"}, {}]

    problems = lengths.predict(rows).json()["problems"]

    assert [(p["index"], p["pointer"]) for p in problems] == [(1, "/text"), (3, "")]


def test_what_was_sent_is_not_sent_back(lengths: Running) -> None:
    assert "diagnosis" not in lengths.predict({"text": ["my diagnosis"]}).text


def test_a_chunked_body_is_refused_while_it_comes(lengths: Running) -> None:
    response = requests.post(
        lengths.url("/predict"), (b" " * 100_000 for _ in range(12)), headers=JSON, timeout=PATIENCE
    )

    assert response.status_code == 413


def test_a_body_that_does_not_come_is_given_up(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path), BODY_SECONDS="0.2")
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(HEAD_WITHOUT_BODY)

        assert client.recv(100).startswith(b"HTTP/1.1 408")


def test_a_caller_who_leaves_in_the_middle_is_no_failure_of_ours(serve: Serve, tmp_path: Path) -> None:
    server = serve(python_model(tmp_path))
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as client:
        client.sendall(HEAD_WITHOUT_BODY)

    assert server.wait_for("request")["status"] == 400
    assert server.metric('serving_errors_total{kind="crash"}') == 0


@pytest.mark.parametrize("path", ["/nowhere", "/docs", "/redoc"])
def test_an_unknown_path_is_a_404(lengths: Running, path: str) -> None:
    assert lengths.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics", "/info", "/openapi.json"])
def test_what_may_be_read_answers_head_without_a_body(lengths: Running, path: str) -> None:
    response = requests.head(lengths.url(path), timeout=10)

    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 0


def test_a_wrong_method_is_a_405(lengths: Running) -> None:
    response = lengths.get("/predict")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_bytes_that_are_not_http_are_refused_and_the_server_lives_on(lengths: Running) -> None:
    with socket.create_connection(("127.0.0.1", lengths.port), PATIENCE) as client:
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")

        assert client.recv(100).startswith(b"HTTP/1.1 400")
    assert lengths.get("/health/live").status_code == 200


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
NEAR_MISSES = st.fixed_dictionaries({"text": ANY_JSON}, optional={"more": ANY_JSON, "other": ANY_JSON})


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(ANY_JSON, NEAR_MISSES, st.lists(NEAR_MISSES, max_size=3)).map(json.dumps).map(str.encode)
    | st.binary(max_size=60)
)
@example(b'{"text": "a", "more": 123456789012345678901234567890}')
def test_no_body_at_all_makes_the_server_fail(lengths: Running, body: bytes) -> None:
    assert post(lengths, body).status_code in {200, 400, 422}


def test_references_inside_the_input_schema_are_followed(serve: Serve, tmp_path: Path) -> None:
    properties = {"text": {"$ref": "#/$defs/word"}}
    schema: Any = {
        **INPUT,
        "properties": properties,
        "$defs": {"word": {"type": "string", "pattern": "^[a-z]+$"}},
    }
    server = serve(python_model(tmp_path, request=schema))

    assert server.predict({"text": "word"}).status_code == 200
    assert server.predict({"text": "two words"}).json()["problems"][0]["pointer"] == "/text"
