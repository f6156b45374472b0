import json
from typing import Any

import pytest

from ci_steps.model.verdict import Verdict
from ci_steps.selftest.specimen import INTERFACE
from ci_steps.steps.golden.service import Reply
from ci_steps.steps.integration_test.bad_requests import BadRequest, bad_requests, refusals
from ci_steps.steps.integration_test.interface import Interface, compiled

ALWAYS = 8


def interface(schema: Any) -> Interface:
    return Interface(compiled(schema, where="input"), compiled(True, where="output"), "/label")


def names(schema: Any, sound: Any = None) -> list[str]:
    body = json.dumps(sound or {"text": "good"}).encode()
    return [bad.name for bad in bad_requests(body, interface(schema))]


def test_each_property_is_left_out_mistyped_and_one_is_added() -> None:
    named = names(INTERFACE["input"])

    for name in ("no 'text'", "a null for 'text'", "a number for 'text'", "one property too many"):
        assert name in named
        assert f"a list with {name}" in named


def test_what_the_schema_allows_is_not_bad() -> None:
    open_schema = {"type": "object", "properties": {"text": {"type": ["string", "null"]}}}
    named = names(open_schema)

    assert "one property too many" not in named
    assert "no 'text'" not in named
    assert "a null for 'text'" not in named
    assert "a boolean for 'text'" in named


def test_bodies_that_are_no_json_are_bad_whatever_the_schema() -> None:
    assert len(names(True)) == ALWAYS


def test_none_of_them_is_a_request_that_the_interface_allows() -> None:
    schema = interface(INTERFACE["input"])
    for bad in bad_requests(b'{"text": "good"}', schema):
        try:
            value = json.loads(bad.body, parse_constant=lambda _: None)
        except (ValueError, RecursionError):
            continue
        assert not value or not all(map(schema.takes, value if isinstance(value, list) else [value])), (
            bad.name
        )


@pytest.mark.parametrize("status", [200, 204, 302, 500, 503])
def test_any_status_but_one_that_blames_the_caller_is_refused(status: int) -> None:
    answered = [
        (BadRequest("an empty body", b""), Reply(400)),
        (BadRequest("no 'text'", b"{}"), Reply(status)),
    ]

    finding = refusals(answered)

    assert finding.verdict is Verdict.REFUSED
    assert finding.observed.startswith("1 of 2 did not: no 'text'")


def test_silence_is_neither_harm_nor_a_refusal() -> None:
    finding = refusals([(BadRequest("2 MiB", b""), Reply(0, fault="the connection failed"))])

    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.observed == "1 of 1 got no reply at all: 2 MiB: the connection failed"


@pytest.mark.parametrize("status", [400, 413, 415, 422, 499])
def test_statuses_that_blame_the_caller_pass_and_are_counted(status: int) -> None:
    finding = refusals([(BadRequest("an empty body", b""), Reply(status))])

    assert finding.verdict is Verdict.PASSED
    assert finding.observed == f"1 of 1 refused: 1 with {status}"
