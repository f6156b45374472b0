"""The listener over real HTTP: only hints come in, and nobody can hold it up."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests

from ci_steps.errors import InputError
from ci_steps.watch import Hints, Listener, Signatures
from tests.fakes.deliveries import BODY, SECRET, signed


@pytest.fixture
def hints() -> Hints:
    return Hints()


@pytest.fixture
def url(hints: Hints) -> Iterator[str]:
    listener = Listener("127.0.0.1", 0, hints.ring, Signatures(SECRET), patience=0.5)
    with listener.listening() as port:
        yield f"http://127.0.0.1:{port}"


def test_a_signed_delivery_and_a_ping_ring(url: str, hints: Hints) -> None:
    headers = signed(at=str(int(time.time())))

    assert requests.post(f"{url}/webhook", BODY, headers=headers, timeout=5).status_code == 202
    assert hints.wait(5)
    assert requests.post(f"{url}/ping", b"", timeout=5).status_code == 202
    assert hints.wait(5)


def test_a_forged_and_a_replayed_delivery_ring_nothing(url: str, hints: Hints) -> None:
    headers = signed(at=str(int(time.time())))
    requests.post(f"{url}/webhook", BODY, headers=headers, timeout=5)
    hints.wait(5)

    assert requests.post(f"{url}/webhook", BODY, headers=headers, timeout=5).status_code == 409
    assert requests.post(f"{url}/webhook", b"{}", headers=headers, timeout=5).status_code == 401
    assert requests.post(f"{url}/webhook", BODY, timeout=5).status_code == 401
    assert not hints.wait(0)


def test_a_body_that_is_too_large_or_of_no_known_length_is_not_read(url: str, hints: Hints) -> None:
    large = requests.post(f"{url}/ping", b"x" * (64 << 10) + b"x", timeout=5)
    chunked = requests.post(f"{url}/ping", iter([b"x"]), timeout=5)
    huge = requests.post(f"{url}/ping", b"", headers={"Content-Length": "9" * 40}, timeout=5)

    assert (large.status_code, chunked.status_code, huge.status_code) == (413, 411, 413)
    assert not hints.wait(0)


def test_other_paths_and_methods_are_refused(url: str, hints: Hints) -> None:
    assert requests.post(f"{url}/admin", b"", timeout=5).status_code == 404
    assert requests.get(f"{url}/webhook", timeout=5).status_code == 405
    assert not hints.wait(0)


def test_connections_that_say_nothing_hold_nobody_up_for_long(url: str, hints: Hints) -> None:
    port = int(url.rpartition(":")[2])
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        deadline = time.monotonic() + 20
        while not hints.wait(0):
            assert time.monotonic() < deadline, "the listener was held up"
            try:
                requests.post(f"{url}/ping", b"", timeout=5)
            except requests.ConnectionError:
                continue


def test_a_port_that_is_taken_is_an_input_error(url: str, hints: Hints) -> None:
    port = int(url.rpartition(":")[2])

    with (
        pytest.raises(InputError, match=f"127.0.0.1:{port} cannot be listened on"),
        Listener("127.0.0.1", port, hints.ring, None).listening(),
    ):
        pass
