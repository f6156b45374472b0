"""What the environment says of fetching."""

import pytest

from ci_steps.adapters.transfer import Limits
from ci_steps.adapters.transfer.proxies import Origin, proxy_for
from ci_steps.errors import InputError

HOST = Origin.of("https://models.example/x")


def test_limits_are_the_usual_where_nothing_is_said() -> None:
    assert Limits.of({}) == Limits.of({"CI_STEPS_FETCH_TRIES": ""}) == Limits()


def test_limits_are_as_the_environment_says() -> None:
    limits = Limits.of({"CI_STEPS_FETCH_STALL_SECONDS": "2.5", "CI_STEPS_FETCH_CONNECTIONS": "3"})

    assert (limits.stall_seconds, limits.connections) == (2.5, 3)


@pytest.mark.parametrize("value", ["0", "many", "-3", "inf"])
def test_a_limit_that_is_none_is_bad_input_that_names_it(value: str) -> None:
    with pytest.raises(InputError, match="CI_STEPS_FETCH_TRIES is"):
        Limits.of({"CI_STEPS_FETCH_TRIES": value})


def test_a_proxy_is_that_of_the_scheme_and_the_small_letters_come_first() -> None:
    variables = {"http_proxy": "http://a:1", "https_proxy": "b:2", "HTTPS_PROXY": "http://c:3"}

    proxy = proxy_for(HOST, variables)

    assert proxy
    assert str(proxy.origin) == "http://b:2"


@pytest.mark.parametrize("value", ["socks5://word@p:1", "https://word@p:1", "http://", "http://word@:x"])
def test_a_proxy_of_another_kind_is_bad_input_and_not_repeated(value: str) -> None:
    with pytest.raises(InputError, match="HTTPS_PROXY does not name an http proxy") as error:
        proxy_for(HOST, {"https_proxy": value})

    assert "word" not in f"{error.value} {error.value.hint}"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "[::1]", "localhost", "a.localhost"])
def test_before_this_machine_there_is_no_proxy(host: str) -> None:
    assert (
        proxy_for(Origin.of(f"http://{host}:9/"), {"http_proxy": "http://p:1", "ALL_PROXY": "http://p:1"})
        is None
    )


@pytest.mark.parametrize("exempt", ["models.example", ".example", "*", "other, models.example"])
def test_no_proxy_stands_before_what_is_exempt(exempt: str) -> None:
    assert proxy_for(HOST, {"https_proxy": "http://p:1", "NO_PROXY": exempt}) is None
