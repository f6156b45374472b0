"""Asking services for JSON, against servers that are bad ones."""

from itertools import count
from pathlib import Path

import pytest
import requests

from ci_steps.adapters.remote_files import seen
from ci_steps.adapters.rest import PAUSES, Rest, session
from ci_steps.errors import InputError, OutsideError
from tests.s3_servers import Answer, answering

QUICK = (0.0, 0.0, 0.0)
KEY = {"Authorization": "Bearer hunter2hunter2"}


def test_an_overloaded_service_is_asked_again() -> None:
    turns = count()

    def answer(*_: str) -> Answer:
        return (200, {}, b'{"a": 1}') if next(turns) else (503, {}, b"")

    with answering(answer) as (root, asked):
        assert Rest("X", root).ask("POST", "do", headers=KEY, body={}).content == {"a": 1}

    assert asked.lines == ["POST /do", "POST /do"]


@pytest.mark.parametrize("status", [429, 500, 502, 504])
def test_one_that_starts_anew_or_is_busy_is_asked_until_it_answers(status: int) -> None:
    turns = count()

    def answer(*_: str) -> Answer:
        return (200, {}, b'{"a": 1}') if next(turns) == 3 else (status, {"Retry-After": "0"}, b"")

    with answering(answer) as (root, asked):
        assert Rest("X", root, session(QUICK)).ask("GET", "do", headers=KEY).content == {"a": 1}

    assert len(asked.lines) == 4


def test_an_answer_that_breaks_off_in_its_middle_is_asked_for_again() -> None:
    turns = count()

    def answer(*_: str) -> Answer:
        return 200, {} if next(turns) > 1 else {"Content-Length": "100"}, b'{"a": 1}'

    with answering(answer) as (root, asked):
        assert Rest("X", root, session(QUICK)).ask("GET", "do", headers=KEY).content == {"a": 1}

    assert len(asked.lines) == 3


def test_the_pauses_grow_and_end() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert 2 < sum(PAUSES) < 30


def test_one_that_stays_overloaded_is_an_outside_error() -> None:
    with (
        answering(lambda *_: (503, {}, b"")) as (root, asked),
        pytest.raises(OutsideError, match="HTTP 503"),
    ):
        Rest("X", root, session(QUICK)).ask("GET", "do", headers=KEY)

    assert len(asked.lines) == len(QUICK) + 1


def test_one_that_says_no_is_not_asked_again() -> None:
    with answering(lambda *_: (404, {}, b"{}")) as (root, asked):
        assert Rest("X", root).ask("GET", "do", headers=KEY).status == 404

    assert asked.lines == ["GET /do"]


def test_keys_do_not_follow_to_another_server() -> None:
    with answering(lambda *_: (200, {}, b"{}")) as (other, asked_other):
        moved = (302, {"Location": f"{other}/do"}, b"")
        with answering(lambda *_: moved) as (root, _):
            with pytest.raises(InputError, match="sends elsewhere"):
                Rest("X", root).ask("GET", "do", headers=KEY)
            with pytest.raises(OutsideError):
                seen(session(), f"{root}/file", KEY, "the file")

    assert asked_other.lines == []


def test_a_page_for_people_is_not_the_api() -> None:
    with (
        answering(lambda *_: (200, {}, b"<html>")) as (root, _),
        pytest.raises(InputError, match="does not speak X's API") as error,
    ):
        Rest("X", root).ask("GET", "do", headers=KEY)

    assert "hunter2" not in f"{error.value}{error.value.hint}"


def test_a_login_in_netrc_does_not_take_the_place_of_our_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    sent: list[str] = []

    class Noting(requests.Session):
        def send(self, request: requests.PreparedRequest, **how: object) -> requests.Response:
            sent.append(request.headers["Authorization"])
            return super().send(request, **how)  # type: ignore[arg-type]  # what it takes is its own

    with answering(lambda *_: (200, {}, b"{}")) as (root, _):
        Rest("X", root, Noting()).ask("GET", "do", headers=KEY)
        seen(Noting(), f"{root}/file", KEY, "the file")

    assert sent == [KEY["Authorization"]] * 2
