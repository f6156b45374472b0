"""The faulty proxy does what it is told to, to what it is told to, and to nothing else."""

import http.client
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.faults.content import files
from tests.faults.faults import ALWAYS, Fault, Kind, On
from tests.faults.plain_server import serving
from tests.faults.proxy import FaultyProxy

_ASKED = "/model/predictor.py"
_TIMED = {Kind.TRICKLE, Kind.CRAWL, Kind.HEAD}
"""Kinds that send the truth, but slowly."""


@pytest.fixture(scope="module")
def proxy() -> Iterator[FaultyProxy]:
    with serving(files()) as server, FaultyProxy(server, re.compile("/model/")) as made:
        yield made


def asked(proxy: FaultyProxy, path: str = _ASKED, extent: str = "bytes=0-19") -> bytes | str:
    """Ask for twenty bytes and return all that comes, as it comes, or how that failed."""
    there = urlsplit(proxy.url)
    with socket.create_connection((there.hostname, there.port), timeout=0.4) as near:
        near.sendall(
            f"GET {path} HTTP/1.1\r\nHost: h\r\nRange: {extent}\r\nConnection: close\r\n\r\n".encode()
        )
        came, enough = b"", time.monotonic() + 1
        try:
            while (block := near.recv(65536)) and time.monotonic() < enough:
                came += block
        except OSError as error:
            return f"{type(error).__name__} after {len(came)}"
    return re.sub(rb"Date: .*\r\n", b"", came)


def test_what_no_fault_strikes_is_what_the_server_says(proxy: FaultyProxy) -> None:
    proxy.expect(None)
    there, here = (http.client.HTTPConnection(urlsplit(url).netloc) for url in (proxy.upstream, proxy.url))
    for path in ("/listing.json", "/model/weights.bin", "/nowhere"):
        said = []
        for connection in (there, here):
            connection.request("GET", path, headers={"If-Match": "*"} if path == "/nowhere" else {})
            with connection.getresponse() as answer:
                said.append((answer.status, answer.getheader("ETag"), answer.read()))

        assert said[0] == said[1]
    there.close()
    here.close()


@pytest.mark.parametrize("kind", Kind)
def test_a_fault_spoils_one_answer_and_the_next_try_gets_the_truth(proxy: FaultyProxy, kind: Kind) -> None:
    proxy.expect(None)
    truth = asked(proxy)
    course = proxy.expect(Fault(kind, On.BYTES, seed=4))
    began = time.monotonic()

    first, took = asked(proxy), time.monotonic() - began
    second = asked(proxy)

    assert course.hits == 1
    assert took > 0.25 if kind in _TIMED else first != truth
    assert second == truth


def test_a_fault_strikes_as_often_as_it_is_told_to(proxy: FaultyProxy) -> None:
    for times, statuses in ((1, "500 206 206"), (2, "500 500 206"), (ALWAYS, "500 500 500")):
        proxy.expect(Fault(Kind.BROKEN, On.BYTES, times=times))

        said = [asked(proxy) for _ in range(3)]

        assert [str(each)[11:14] for each in said] == statuses.split(), said


def test_a_fault_of_bytes_leaves_metadata_alone_and_the_other_way_round(proxy: FaultyProxy) -> None:
    for on in On:
        course = proxy.expect(Fault(Kind.BROKEN, on, times=ALWAYS))

        spoilt = {
            path: str(asked(proxy, path))[11:14] == "500" for path in ("/listing.json", "/model/predictor.py")
        }

        assert spoilt == {"/listing.json": on is On.WORDS, "/model/predictor.py": on is On.BYTES}
        assert course.counts == {On.WORDS: 1, On.BYTES: 1}


def test_a_fault_strikes_the_request_it_skips_to_and_its_tries_again(proxy: FaultyProxy) -> None:
    proxy.expect(Fault(Kind.BROKEN, On.BYTES, skip=1, times=2))

    said = [asked(proxy, extent=f"bytes={first}-99")[9:12] for first in (0, 10, 20, 10, 10)]

    assert said == [b"206", b"500", b"206", b"500", b"206"]


def test_a_secret_that_goes_where_a_redirect_leads_is_seen(proxy: FaultyProxy) -> None:
    proxy.expect(None)
    stranger = http.client.HTTPConnection(urlsplit(proxy.stranger).netloc)
    stranger.request("GET", "/x?X-Amz-Signature=12", headers={"Authorization": "Bearer x"})
    with stranger.getresponse() as answer:
        answer.read()
    stranger.close()

    assert set(proxy.leaked) == {"authorization", "x-amz-signature"}
