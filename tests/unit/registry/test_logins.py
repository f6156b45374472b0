import base64
import json
from pathlib import Path
from typing import Any

import pytest

from ci_steps.adapters.http_registry.auth import Challenge, DockerLogins, Login, given_login
from ci_steps.errors import InputError, OutsideError
from ci_steps.ports import Ended
from tests.fakes.programs import ScriptedPrograms

HOST = "registry.example.org:5000"


def logins(folder: Path, config: Any, programs: ScriptedPrograms | None = None) -> DockerLogins:
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return DockerLogins(programs or ScriptedPrograms({}), folder)


def auth(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("key", [HOST, f"https://{HOST}", f"https://{HOST}/v1/"])
def test_a_login_is_found_under_every_name_that_docker_gives_it(tmp_path: Path, key: str) -> None:
    assert logins(tmp_path, {"auths": {key: auth("me:pass:word")}}).of(HOST) == Login("me", "pass:word")


def test_docker_hub_has_a_name_of_its_own(tmp_path: Path) -> None:
    config = {"auths": {"https://index.docker.io/v1/": auth("me:word")}}

    assert logins(tmp_path, config).of("docker.io") == Login("me", "word")


@pytest.mark.parametrize(
    "config", [{}, {"auths": {}}, {"auths": {"other.org": auth("me:word")}}, {"auths": {HOST: {}}}]
)
def test_nobody_has_logged_in(tmp_path: Path, config: Any) -> None:
    assert logins(tmp_path, config).of(HOST) is None
    assert DockerLogins(ScriptedPrograms({}), tmp_path / "nothing").of(HOST) is None


def test_a_login_is_never_shown() -> None:
    assert "word" not in repr(Login("me", "word", "a-word"))


@pytest.mark.parametrize("text", ["not base64!", "bm9jb2xvbg==", "é2xvbg=="])
def test_a_login_that_cannot_be_read_is_bad_input_that_does_not_hold_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=f"the login for {HOST} cannot be read") as caught:
        logins(tmp_path, {"auths": {f"https://{HOST}/s3cr3t": {"auth": text}}}).of(HOST)
    assert text not in f"{caught.value} {caught.value.hint}"
    assert "s3cr3t" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("field", ["identitytoken", "username", "password"])
def test_half_of_a_surrogate_pair_in_a_login_is_bad_input_that_does_not_hold_it(
    tmp_path: Path, field: str
) -> None:
    entry = {"username": "me", "password": "word", field: "s3cr3t\ud800"}

    with pytest.raises(InputError, match=f"the login for {HOST} cannot be read") as caught:
        logins(tmp_path, {"auths": {HOST: entry}}).of(HOST)
    assert "s3cr3t" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    "answer", ["{" + "[" * 60_000 + "}", '{"Username": "me", "Secret": "s3cr3t\\ud800"}']
)
def test_what_a_program_says_and_nobody_can_read_is_no_login_and_is_not_shown(
    tmp_path: Path, answer: str
) -> None:
    programs = ScriptedPrograms({"docker-credential-mine": lambda _: Ended(0, answer)})

    with pytest.raises(OutsideError, match=f"docker-credential-mine gave no login for {HOST}") as caught:
        logins(tmp_path, {"credsStore": "mine"}, programs).of(HOST)
    assert "s3cr3t" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("content", ["{", "[" * 60_000])
def test_a_configuration_that_is_not_json_is_bad_input(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match="is not Docker's configuration"):
        logins(tmp_path, content).of(HOST)
    with pytest.raises(InputError, match="DOCKER_AUTH_CONFIG is not Docker's configuration"):
        given_login(f"{HOST}/tweets:1", {"DOCKER_AUTH_CONFIG": content})


def test_the_program_of_a_host_comes_before_the_store_and_the_file(tmp_path: Path) -> None:
    answers = {
        "docker-credential-mine": lambda asked: Ended(
            0, json.dumps({"ServerURL": asked.stdin, "Username": "<token>", "Secret": "identity"})
        )
    }
    config = {"credHelpers": {HOST: "mine"}, "credsStore": "other", "auths": {HOST: auth("me:word")}}

    assert logins(tmp_path, config, ScriptedPrograms(answers)).of(HOST) == Login(identity_token="identity")


def test_a_store_that_does_not_know_the_host_leaves_it_to_the_file(tmp_path: Path) -> None:
    answers = {"docker-credential-other": lambda _: Ended(1, "credentials not found in native keychain\n")}
    config = {"credsStore": "other", "auths": {HOST: auth("me:word")}}

    assert logins(tmp_path, config, ScriptedPrograms(answers)).of(HOST) == Login("me", "word")


@pytest.mark.parametrize("name", ["../evil", "a b", "a;b", "a/b"])
@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_a_program_whose_name_is_a_path_is_not_run_and_not_shown(tmp_path: Path, key: str, name: str) -> None:
    config = {key: name if key == "credsStore" else {HOST: name}}

    with pytest.raises(InputError, match=f"{key} names no credential program") as caught:
        logins(tmp_path, config).of(HOST)
    assert name not in f"{caught.value} {caught.value.hint}".replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ('Basic realm="test"', Challenge("basic")),
        (
            'Bearer realm="https://a.org/t",service="r",scope="repository:a:pull,push"',
            Challenge("bearer", "https://a.org/t", "r", "repository:a:pull,push"),
        ),
        (
            'Basic realm="x", bearer realm="https://a.org/t", service="r"',
            Challenge("bearer", "https://a.org/t", "r"),
        ),
        ("Negotiate", Challenge("negotiate")),
        ("", Challenge("")),
    ],
)
def test_a_challenge_is_read_in_every_form(header: str, challenge: Challenge) -> None:
    assert Challenge.parse(header) == challenge


def given(config: Any, folder: Path) -> DockerLogins:
    environ = {"DOCKER_AUTH_CONFIG": config if isinstance(config, str) else json.dumps(config)}
    return DockerLogins(ScriptedPrograms({}), folder, environ)


def test_what_a_variable_gives_comes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {HOST: auth("file:word")}}))

    assert given({"auths": {HOST: auth("ci:word")}}, tmp_path).of(HOST) == Login("ci", "word")
    assert DockerLogins(ScriptedPrograms({}), tmp_path).of(HOST) == Login("file", "word")


@pytest.mark.parametrize("content", ["{", '{"auths": {"registry.example.org:5000": {"auth": "secret!"}}}'])
def test_a_variable_that_cannot_be_read_is_bad_input_that_does_not_show_it(
    tmp_path: Path, content: str
) -> None:
    with pytest.raises(InputError, match="DOCKER_AUTH_CONFIG") as caught:
        given(content, tmp_path).of(HOST)
    assert "secret!" not in f"{caught.value} {caught.value.hint}"


def test_the_engine_pulls_with_the_login_that_a_variable_gives() -> None:
    config = {"auths": {HOST: auth("ci:word"), "https://index.docker.io/v1/": {"identitytoken": "t"}}}
    environ = {"DOCKER_AUTH_CONFIG": json.dumps(config)}

    assert given_login(f"{HOST}/tweets:1", environ) == {"username": "ci", "password": "word"}
    assert given_login("python:3.11", environ) == {"identitytoken": "t"}
    assert given_login("other.example.org/a", environ) is None
    assert given_login(f"{HOST}/tweets:1", {}) is None
