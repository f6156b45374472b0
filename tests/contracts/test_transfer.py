"""Bytes over HTTP from servers that go wrong: they come exactly as they are, or a clear error does."""

import hashlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from ci_steps.adapters.transfer import ContentCache, Limits, Transfer
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import ChangedError, PartialError, Source
from tests.contracts.byte_server import Asked, Bytes, Given, Plain, serving
from tests.fakes.platforms import until
from tests.fakes.progress import Told
from tests.free_ports import free_port

SEGMENT = 64 << 10
LARGE = random.Random(5).randbytes(10 * SEGMENT + 123)
SMALL = b"small"
LIMITS = Limits(
    connect_seconds=5,
    stall_seconds=0.4,
    slowest=1000,
    tries=4,
    pause=0.01,
    longest_pause=0.05,
    connections=4,
    segment=SEGMENT,
)
SECRET = "not-to-be-seen"
Fault = Callable[[Asked, Given], Given | None]


@pytest.fixture
def transfer(tmp_path: Path) -> Transfer:
    return a_transfer(tmp_path / "cache")


def a_transfer(cache: Path, **limits: float) -> Transfer:
    return Transfer(ContentCache(cache), Told(), replace(LIMITS, **limits))  # type: ignore[arg-type]  # ints too


def the_file(content: bytes = LARGE, **checksums: str) -> SourceFile:
    return SourceFile(path="model/it", size=len(content), locator="it", checksums=checksums)


def by_sha256(content: bytes = LARGE) -> SourceFile:
    return the_file(content, sha256=hashlib.sha256(content).hexdigest())


def by_mark() -> SourceFile:
    return replace_(the_file(), mark="7")


def replace_(file: SourceFile, **values: str) -> SourceFile:
    return SourceFile(
        path=file.path, size=file.size, locator=file.locator, mark=values["mark"], checksums=file.checksums
    )


def fetched(transfer: Transfer, source: Source, file: SourceFile) -> bytes:
    """Return the bytes that are in the cache in the end, after the promises that all fetches share."""
    brought = transfer.bring(source, [file])[file.path]
    content = transfer.cache.place(brought.digest).read_bytes()
    assert hashlib.sha256(content).hexdigest() == brought.sha256
    assert left_over(transfer) == []
    return content


def left_over(transfer: Transfer) -> list[str]:
    return sorted(path.name for path in transfer.cache.root.glob("half/*"))


def nothing_has_a_wrong_name(transfer: Transfer) -> None:
    for path in transfer.cache.root.glob("objects/*/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def once(number: int, other: Callable[[Given], Given]) -> Fault:
    """Return a server's fault: one answer is another one."""
    return lambda asked, given: other(given) if asked.number == number else given


# A good server


def test_a_large_file_comes_by_ranges_and_each_byte_once(transfer: Transfer) -> None:
    served = Bytes({"/it": LARGE})
    with serving(served) as base:
        assert fetched(transfer, Plain(base), by_sha256()) == LARGE

    assert served.sent == len(LARGE)
    assert {asked.span for asked in served.asked if asked.span} == {
        (first, min(first + SEGMENT, len(LARGE)) - 1) for first in range(0, len(LARGE), SEGMENT)
    }


@pytest.mark.parametrize("size", [0, 1, SEGMENT, SEGMENT * 3 // 2, SEGMENT * 3 // 2 + 1, SEGMENT * 2])
def test_files_of_every_size_come_whole(transfer: Transfer, size: int) -> None:
    with serving(Bytes({"/it": LARGE[:size]})) as base:
        assert fetched(transfer, Plain(base), by_sha256(LARGE[:size])) == LARGE[:size]


def test_many_files_come_over_few_connections_that_are_kept(transfer: Transfer) -> None:
    files = {f"/{number}": b"%d" % number for number in range(200)}
    served = Bytes(files)
    named = [
        SourceFile(path=path[1:], size=len(content), locator=path[1:], checksums={"md5": md5(content)})
        for path, content in files.items()
    ]
    with serving(served) as base:
        brought = transfer.bring(Plain(base), named)

    assert {
        f"/{path}": transfer.cache.place(file.digest).read_bytes() for path, file in brought.items()
    } == files
    assert served.connections <= LIMITS.connections
    assert len(served.asked) == len(files)


@pytest.mark.parametrize("known", [{}, {"md5": ""}, {"sha256": ""}])
def test_what_was_fetched_once_is_not_fetched_again(tmp_path: Path, known: dict[str, str]) -> None:
    checksums = {kind: hashlib.new(kind, LARGE).hexdigest() for kind in known}
    file = replace_(the_file(LARGE, **checksums), mark="version 1")
    served = Bytes({"/it": LARGE})
    with serving(served) as base:
        fetched(a_transfer(tmp_path), Plain(base), file)
        asked = len(served.asked)

        assert fetched(a_transfer(tmp_path), Plain(base), file) == LARGE

    assert len(served.asked) == asked


def test_bytes_that_have_neither_mark_nor_checksum_are_always_fetched(tmp_path: Path) -> None:
    served = Bytes({"/it": SMALL})
    with serving(served) as base:
        assert fetched(a_transfer(tmp_path), Plain(base), the_file(SMALL)) == SMALL
        served.files["/it"] = b"other"
        assert fetched(a_transfer(tmp_path), Plain(base), the_file(SMALL)) == b"other"


def test_one_content_under_two_paths_is_fetched_once(transfer: Transfer) -> None:
    served = Bytes({"/it": SMALL})
    two = [by_sha256(SMALL), SourceFile(path="b", size=5, locator="it", checksums=by_sha256(SMALL).checksums)]
    with serving(served) as base:
        brought = transfer.bring(Plain(base), two)

    assert [file.path for file in brought.values()] == ["model/it", "b"]
    assert len(served.asked) == 1


def test_progress_goes_up_to_all_bytes(transfer: Transfer) -> None:
    with serving(Bytes({"/it": LARGE})) as base:
        fetched(transfer, Plain(base), by_sha256())

    assert isinstance(transfer.progress, Told)
    counts = [done for done, _, _ in transfer.progress.counts]
    assert counts == sorted(counts)
    assert transfer.progress.counts[-1] == (len(LARGE), len(LARGE), "bytes")


# Ways of answering


def test_a_server_without_ranges_is_read_in_one_piece(transfer: Transfer) -> None:
    served = Bytes({"/it": LARGE}, ranges=False)
    with serving(served) as base:
        assert fetched(transfer, Plain(base), by_sha256()) == LARGE


def test_a_server_without_ranges_that_breaks_off_is_read_from_its_start_again(transfer: Transfer) -> None:
    def fault(asked: Asked, given: Given) -> Given:
        return replace(given, cut=len(LARGE) // 2) if asked.number in {5, 6} else given

    with serving(Bytes({"/it": LARGE}, fault, ranges=False)) as base:
        assert fetched(transfer, Plain(base), by_sha256()) == LARGE


@pytest.mark.parametrize("size", [100, len(LARGE)])
def test_a_body_in_chunks_is_put_together(transfer: Transfer, size: int) -> None:
    served = Bytes({"/it": LARGE[:size]}, lambda _, given: replace(given, chunked=True), ranges=False)
    with serving(served) as base:
        assert fetched(transfer, Plain(base), by_sha256(LARGE[:size])) == LARGE[:size]


def test_a_body_that_ends_with_its_connection_is_taken_if_it_is_whole(transfer: Transfer) -> None:
    unsaid = {"Content-Length": "none"}
    served = Bytes({"/it": SMALL}, lambda _, given: replace(given, headers=unsaid), ranges=False)
    with serving(served) as base:
        assert fetched(transfer, Plain(base), by_sha256(SMALL)) == SMALL


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again(transfer: Transfer) -> None:
    def fault(asked: Asked, given: Given) -> Given | None:
        return None if asked.number in {1, 3} else given

    names = ["a", "b", "c"]
    files = [
        SourceFile(
            path=name,
            size=1,
            locator=name,
            checksums={"sha256": by_sha256(name.encode()).checksums["sha256"]},
        )
        for name in names
    ]
    with serving(Bytes({f"/{name}": name.encode() for name in names}, fault)) as base:
        patient = Transfer(transfer.cache, Told(), replace(LIMITS, connections=1, tries=2))
        assert len(patient.bring(Plain(base), files)) == 3


# Faults


@pytest.mark.parametrize("end", ["reset", "close", "silence", "trickle"])
@pytest.mark.parametrize("number", [0, 3])
def test_a_range_that_breaks_off_goes_on_where_it_broke(transfer: Transfer, end: str, number: int) -> None:
    served = Bytes({"/it": LARGE}, once(number, lambda given: replace(given, cut=40_000, end=end)))
    with serving(served) as base:
        assert fetched(transfer, Plain(base), by_sha256()) == LARGE

    broken = served.asked[number].span
    assert broken
    [again] = [
        asked.span for asked in served.asked[number + 1 :] if asked.span and asked.span[1] == broken[1]
    ]
    # A reset takes away what had come and was not read yet.
    assert again[0] >= broken[0] + (0 if end == "reset" else 40_000)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(transfer: Transfer, status: int) -> None:
    served = Bytes({"/it": LARGE}, once(2, lambda _: Given(status, body=b"later")))
    with serving(served) as base:
        assert fetched(transfer, Plain(base), by_sha256()) == LARGE


def test_a_server_that_says_how_long_it_is_busy_is_left_alone_for_so_long(transfer: Transfer) -> None:
    served = Bytes({"/it": SMALL}, once(0, lambda _: Given(429, {"Retry-After": "1"})))
    began = time.monotonic()
    with serving(served) as base:
        assert fetched(transfer, Plain(base), by_sha256(SMALL)) == SMALL

    assert time.monotonic() - began >= 1


WRONG: dict[str, Callable[[Given], Given]] = {
    "another range": lambda given: replace(given, headers={"Content-Range": f"bytes 1-2/{len(LARGE)}"}),
    "no range": lambda given: replace(given, headers={}),
    "a longer body": lambda given: replace(given, headers={**given.headers, "Content-Length": "70000"}),
    "a shorter body": lambda given: replace(given, body=given.body[:100]),
    "a whole in place of a range": lambda _: Given(200, body=LARGE),
    "another total": lambda given: replace(given, headers={"Content-Range": "bytes 0-65535/65536"}),
    "no HTTP": lambda given: replace(given, status=99),
    "an odd status": lambda given: replace(given, status=418),
    "not found": lambda _: Given(404),
    "a condition that fails": lambda _: Given(412),
    "no access": lambda _: Given(403),
    "a flipped bit": lambda given: replace(given, body=bytes([given.body[0] ^ 1]) + given.body[1:]),
    "other bytes": lambda given: replace(given, body=given.body[::-1]),
    "a circle": lambda _: Given(302, {"Location": "/it"}),
    "a way nowhere": lambda _: Given(302, {"Location": "file:///etc/passwd"}),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("number", [0, 4])
def test_one_wrong_answer_is_not_believed(transfer: Transfer, wrong: str, number: int) -> None:
    with serving(Bytes({"/it": LARGE}, once(number, WRONG[wrong]))) as base:
        assert fetched(transfer, Plain(base), by_sha256()) == LARGE


@pytest.mark.parametrize("wrong", sorted(WRONG.keys() - {"a whole in place of a range"}))
def test_answers_that_are_always_wrong_are_an_error(transfer: Transfer, wrong: str) -> None:
    with (
        serving(Bytes({"/it": LARGE}, lambda _, given: WRONG[wrong](given))) as base,
        pytest.raises((InputError, OutsideError), match=r"\bit\b") as error,
    ):
        fetched(transfer, Plain(base), by_sha256())

    assert "\n" not in str(error.value)
    nothing_has_a_wrong_name(transfer)
    assert list(transfer.cache.root.glob("objects/*/*")) == []


def test_bytes_that_differ_each_time_are_no_change_of_the_object(transfer: Transfer) -> None:
    def fault(asked: Asked, given: Given) -> Given:
        return replace(given, body=bytes([asked.number]) + given.body[1:])

    with serving(Bytes({"/it": SMALL}, fault)) as base, pytest.raises(PartialError, match="other bytes each"):
        fetched(transfer, Plain(base), by_sha256(SMALL))

    assert list(transfer.cache.root.glob("objects/*/*")) == []


def test_what_is_always_another_object_is_changed(transfer: Transfer) -> None:
    with serving(Bytes({"/it": LARGE[::-1]})) as base, pytest.raises(ChangedError, match="its sha256 is"):
        fetched(transfer, Plain(base), by_sha256())

    assert list(transfer.cache.root.glob("objects/*/*")) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    # The CRC is that of RFC 3720's tables, which every description of it gives for these digits.
    [("md5", "25f9e794323b453885f5181f1b624d0b"), ("crc32c", "e3069283")],
)
def test_whatever_checksum_there_is_decides(transfer: Transfer, kind: str, value: str) -> None:
    digits = b"123456789"
    served = Bytes({"/it": digits}, once(0, lambda given: replace(given, body=b"123456780")))
    with serving(served) as base:
        assert fetched(transfer, Plain(base), the_file(digits, **{kind: value})) == digits

    assert len(served.asked) == 2


def test_an_object_that_is_replaced_in_the_middle_is_changed(transfer: Transfer) -> None:
    def fault(asked: Asked, given: Given) -> Given:
        return replace(given, headers={**given.headers, "ETag": f'"{asked.number > 5}"'})

    with serving(Bytes({"/it": LARGE}, fault)) as base, pytest.raises(ChangedError, match="another ETag"):
        fetched(transfer, Plain(base), by_mark())


# Bytes that nothing vouches for


def test_over_plain_http_and_without_a_checksum_every_byte_is_read_twice(transfer: Transfer) -> None:
    served = Bytes({"/it": LARGE})
    with serving(served) as base:
        assert fetched(transfer, Plain(base), the_file()) == LARGE

    assert served.sent == 2 * len(LARGE)


def test_what_is_read_twice_is_not_all_there_before_it_came_twice(transfer: Transfer) -> None:
    told = transfer.progress
    assert isinstance(told, Told)
    last, before_the_last = 2 * 11 - 1, list[int]()

    def fault(asked: Asked, given: Given) -> Given:
        if asked.number == last:
            seen = len(told.counts)
            until(lambda: len(told.counts) > seen + 1, 10)
            before_the_last.append(told.counts[-1][0])
        return given

    with serving(Bytes({"/it": LARGE}, fault)) as base:
        fetched(transfer, Plain(base), the_file())

    assert [len(LARGE) / 2 < done < len(LARGE) for done in before_the_last] == [True]
    assert told.counts[-1] == (len(LARGE), len(LARGE), "bytes")


@pytest.mark.parametrize("number", range(6))
def test_of_three_readings_two_that_agree_are_believed(transfer: Transfer, number: int) -> None:
    served = Bytes({"/it": LARGE}, once(number, WRONG["a flipped bit"]))
    with serving(served) as base:
        assert fetched(transfer, Plain(base), the_file()) == LARGE

    assert served.sent == 2 * len(LARGE) + SEGMENT


def test_three_readings_that_all_differ_are_an_error(transfer: Transfer) -> None:
    def fault(asked: Asked, given: Given) -> Given:
        return replace(given, body=bytes([asked.number]) + given.body[1:])

    with serving(Bytes({"/it": SMALL}, fault)) as base, pytest.raises(PartialError, match="each of 3 times"):
        fetched(transfer, Plain(base), the_file(SMALL))


# Redirects and secrets


def test_another_host_sees_no_password(transfer: Transfer) -> None:
    there = Bytes({"/it": LARGE})
    with ExitStack() as stack:
        far = stack.enter_context(serving(there))
        here = Bytes({}, lambda _, __: Given(307, {"Location": f"{far}/it?signature=fine"}))
        near = stack.enter_context(serving(here))
        source = Plain(near, {"Authorization": f"Bearer {SECRET}", "X-Token": SECRET, "Cookie": SECRET})

        assert fetched(transfer, source, by_sha256()) == LARGE

    assert here.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert all(SECRET not in str(asked.headers) for asked in there.asked)
    assert all(asked.target == "/it?signature=fine" for asked in there.asked)
    assert all(asked.span for asked in there.asked)


def test_the_same_host_sees_all_again(transfer: Transfer) -> None:
    def fault(asked: Asked, given: Given) -> Given:
        return Given(301, {"Location": "/there/it"}) if asked.target == "/it" else given

    served = Bytes({"/there/it": SMALL}, fault)
    with serving(served) as base:
        fetched(transfer, Plain(base, {"Authorization": SECRET}), by_sha256(SMALL))

    assert [asked.headers["authorization"] for asked in served.asked] == [SECRET] * 2


@pytest.mark.parametrize("given", [Given(403), Given(404), Given(500), Given(200, body=b"x"), None])
def test_no_error_repeats_what_could_be_secret(transfer: Transfer, given: Given | None) -> None:
    source_headers, query = {"Authorization": SECRET}, f"?signature={SECRET}"
    with serving(Bytes({}, lambda _, __: given)) as base, pytest.raises((InputError, OutsideError)) as error:
        fetched(transfer, Plain(base, source_headers, query), by_sha256(SMALL))

    assert SECRET not in f"{error.value} {error.value.hint} {error.value.__cause__!r}"


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_does_not_let_us_is_bad_input_that_names_it(transfer: Transfer, status: int) -> None:
    with serving(Bytes({}, lambda _, __: Given(status))) as base, pytest.raises(InputError) as error:
        fetched(transfer, Plain(base), by_sha256(SMALL))

    assert str(error.value) == f"{base} does not let us read it: HTTP {status}"


# Proxies


@pytest.fixture
def proxy() -> Iterator[tuple[Bytes, str]]:
    served = Bytes({"http://models.example/it": SMALL, "/it": SMALL})
    with serving(served) as base:
        yield served, base


def through(cache: Path, **variables: str) -> Transfer:
    return Transfer(ContentCache(cache), Told(), replace(LIMITS, tries=2), variables)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_is_asked_with_its_own_password(tmp_path: Path, proxy: tuple[Bytes, str], name: str) -> None:
    served, base = proxy
    variables = {name: base.replace("//", "//me:word@")}

    fetched(through(tmp_path, **variables), Plain("http://models.example"), by_sha256(SMALL))

    [asked] = served.asked
    assert asked.headers["proxy-authorization"] == "Basic bWU6d29yZA=="
    assert asked.headers["host"] == "models.example"


def test_no_proxy_stands_before_this_machine(tmp_path: Path, proxy: tuple[Bytes, str]) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"

    assert fetched(through(tmp_path, http_proxy=nowhere), Plain(proxy[1]), by_sha256(SMALL)) == SMALL


def test_a_host_that_needs_no_proxy_is_asked_itself(tmp_path: Path, proxy: tuple[Bytes, str]) -> None:
    transfer = through(tmp_path, http_proxy=proxy[1], no_proxy=".example,other.invalid")

    with pytest.raises(PartialError, match=r"models\.example"):
        fetched(transfer, Plain("http://models.example"), by_sha256(SMALL))

    assert proxy[0].asked == []


def test_https_goes_through_a_tunnel(tmp_path: Path, proxy: tuple[Bytes, str]) -> None:
    served, base = proxy
    served.fault = lambda *_: Given(403)

    with pytest.raises(PartialError, match=r"lets nobody through to https://models\.example: 403"):
        fetched(through(tmp_path, https_proxy=base), Plain("https://models.example"), by_sha256(SMALL))

    assert {asked.target for asked in served.asked} == {"models.example:443"}


# Cuts


def test_a_server_that_is_not_there_is_told_of_soon(transfer: Transfer) -> None:
    port = free_port()

    with pytest.raises(PartialError) as error:
        fetched(transfer, Plain(f"http://127.0.0.1:{port}"), by_sha256())

    assert str(error.value) == f"http://127.0.0.1:{port} does not answer (it)"


@pytest.mark.parametrize(
    "file", [by_sha256(), by_mark(), replace_(the_file(md5=hashlib.md5(LARGE).hexdigest()), mark="")]
)
def test_what_came_before_a_cut_is_not_fetched_again(tmp_path: Path, file: SourceFile) -> None:
    # Nothing but the last two ranges fails.
    def fault(asked: Asked, given: Given) -> Given:
        return Given(500) if asked.span and asked.span[1] > 8 * SEGMENT + 10_000 else given

    served = Bytes({"/it": LARGE}, fault)
    with serving(served) as base:
        with pytest.raises(PartialError, match="did not come whole"):
            fetched(a_transfer(tmp_path), Plain(base), file)
        assert list(tmp_path.glob("objects/*/*")) == []
        before = served.sent
        served.fault = lambda _, given: given

        assert fetched(a_transfer(tmp_path), Plain(base), file) == LARGE

    readings = 1 if file.checksums else 2
    assert before >= readings * 5 * SEGMENT
    assert served.sent - before <= readings * (len(LARGE) - 5 * SEGMENT)


def test_spoilt_bytes_of_an_earlier_try_are_fetched_again(tmp_path: Path) -> None:
    for file in (by_sha256(), by_mark()):
        served = Bytes(
            {"/it": LARGE},
            lambda asked, given: Given(500) if asked.span and asked.span[0] == 9 * SEGMENT else given,
        )
        with serving(served) as base:
            with pytest.raises(PartialError):
                fetched(a_transfer(tmp_path), Plain(base), file)
            served.fault = lambda _, given: given
            [half] = [path for path in tmp_path.glob("half/*") if not path.suffix]
            with half.open("r+b") as stream:
                stream.write(b"spoilt")

            assert fetched(a_transfer(tmp_path), Plain(base), file) == LARGE
        for path in tmp_path.glob("objects/*/*"):
            path.unlink()


def test_two_at_once_both_get_the_file(tmp_path: Path) -> None:
    with serving(Bytes({"/it": LARGE})) as base:
        got: list[bytes] = []
        both = [
            threading.Thread(
                target=lambda: got.append(
                    a_transfer(tmp_path)
                    .cache.place(a_transfer(tmp_path).bring(Plain(base), [by_sha256()])["model/it"].digest)
                    .read_bytes()
                )
            )
            for _ in range(4)
        ]
        for each in both:
            each.start()
        for each in both:
            each.join()

    assert got == [LARGE] * 4
    assert list(tmp_path.glob("half/*")) == []


# Files


def test_a_file_is_copied_and_hashed(transfer: Transfer, tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(LARGE)

    assert fetched(transfer, Plain(f"file://{tmp_path}"), the_file()) == LARGE


def test_a_pipe_a_device_and_a_link_are_refused_and_not_waited_for(
    transfer: Transfer, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/hostname")
    for path in (tmp_path / "pipe", tmp_path / "link", Path("/dev/zero")):
        file = SourceFile(path="x", size=5, locator=path.name)

        with pytest.raises(InputError, match="is a link or a device"):
            transfer.bring(Plain(f"file://{path.parent}"), [file])


@pytest.mark.parametrize("content", [LARGE[:-1], LARGE + b"x", None, LARGE[::-1]])
def test_a_file_that_is_another_now_is_changed(
    transfer: Transfer, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "it").write_bytes(content)

    with pytest.raises(ChangedError, match="it is not what it was"):
        fetched(transfer, Plain(f"file://{tmp_path}"), by_sha256())


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()
