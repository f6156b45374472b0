"""What only a bucket can do wrong: bad keys, bad servers, broken connections, half uploads."""

import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.adapters.s3_place import S3Place
from ci_steps.errors import InputError, OutsideError, StepError
from tests.contracts.test_blobs import LARGE, FailsAtItsEnd, read
from tests.free_ports import free_port
from tests.s3_servers import BUCKET, Answer, a_prefix, answering, breaking, client, half_uploads, s3_error

PLACE = S3Place.parse("s3://models/team")


@pytest.fixture
def place() -> S3Place:
    return a_prefix()


@pytest.fixture(autouse=True)
def no_metadata_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def complaint(blobs: S3Blobs, kind: type[StepError]) -> StepError:
    """Return the error of a read, a listing and a write, which is one line and the same for all."""
    errors = []
    for attempt in (
        lambda: read(blobs, "a"),
        lambda: list(blobs.keys("")),
        lambda: blobs.put_if_absent("a", BytesIO(b"")),
    ):
        with pytest.raises(kind) as caught:
            attempt()
        assert "\n" not in str(caught.value)
        assert os.environ.get("AWS_SECRET_ACCESS_KEY", "none") not in f"{caught.value} {caught.value.hint}"
        errors.append(caught.value)
    assert len({str(error).replace(_operation(error), "") for error in errors}) == 1
    return errors[0]


def _operation(error: StepError) -> str:
    return str(error).partition("allow ")[2].partition(" ")[0] or "\0"


# Places


@pytest.mark.parametrize(
    "text", ["s3://", "s3:///x", "s3://Models", "s3://ab", "s3://models//x", "s3://models/../x", "s3://m_m/x"]
)
def test_what_is_no_bucket_and_prefix_is_bad_input(text: str) -> None:
    with pytest.raises(InputError, match="is not a place on S3"):
        S3Place.parse(text)


def test_two_prefixes_of_a_bucket_are_two_places(place: S3Place) -> None:
    whole = S3Blobs(S3Place(place.bucket, place.prefix))
    inner = S3Blobs(S3Place(place.bucket, f"{place.prefix}inner/"))
    inner.put("a", BytesIO(b"inner"))
    whole.put("a", BytesIO(b"whole"))

    assert list(inner.keys("")) == ["a"]
    assert list(whole.keys("")) == ["a", "inner/a"]
    assert read(inner, "a") == b"inner"


def test_a_listing_goes_on_past_its_first_page(place: S3Place) -> None:
    keys = [f"n/{number:05d}" for number in range(1005)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: client().put_object(Bucket=BUCKET, Key=place.prefix + key), keys))

    assert list(S3Blobs(place).keys("n/")) == keys


# Credentials and permissions


def test_the_region_that_is_given_is_the_one_that_is_signed_for(place: S3Place) -> None:
    assert S3Blobs(place, region="eu-central-1")._bucket.client.meta.region_name == "eu-central-1"
    assert list(S3Blobs(place, region="eu-central-1").keys("")) == []


def test_a_wrong_secret_is_bad_input_that_does_not_show_it(
    place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")

    error = complaint(S3Blobs(place), InputError)

    assert "does not take the AWS credentials: SignatureDoesNotMatch" in str(error)
    assert "AWS_SECRET_ACCESS_KEY" in error.hint


def test_an_unknown_key_is_bad_input(place: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")

    assert "does not take the AWS credentials" in str(complaint(S3Blobs(place), InputError))


def test_no_credentials_are_bad_input(
    place: S3Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    error = complaint(S3Blobs(place), InputError)

    assert str(error) == f"{place}: no AWS credentials were found"
    assert "AWS_ACCESS_KEY_ID" in error.hint


def test_a_key_without_its_secret_is_bad_input(place: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert str(complaint(S3Blobs(place), InputError)) == f"{place}: the AWS credentials are not whole"


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
@pytest.mark.parametrize("wrong", ["s3cr3t\n", "s3\rcr3t", "s3cr3t\x7f", "s3cr3t\udcff", "s3cr3tł"])
def test_what_cannot_be_part_of_a_key_is_bad_input_that_names_the_variable_and_not_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: str
) -> None:
    set_to(f"http://127.0.0.1:{free_port()}", monkeypatch)
    monkeypatch.setenv(name, wrong)

    error = complaint(S3Blobs(PLACE), InputError)

    assert name in str(error)
    assert "cr3t" not in f"{error} {error.hint}"


def test_a_profile_that_is_not_there_is_bad_input(place: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    assert "AWS_PROFILE" in str(complaint(S3Blobs(place), InputError))


def test_a_bucket_that_is_not_there_is_bad_input() -> None:
    a_prefix()
    missing = S3Place.parse(f"s3://missing-{secrets.token_hex(4)}/x")

    error = complaint(S3Blobs(missing), InputError)

    assert str(error) == f"{os.environ['AWS_ENDPOINT_URL_S3']} has no bucket {missing.bucket!r}"


@pytest.mark.parametrize(
    ("status", "code", "kind", "says"),
    [
        (403, "AccessDenied", InputError, "does not allow"),
        (403, "RequestTimeTooSkewed", OutsideError, "the clock of this machine differs too much"),
        (400, "ExpiredToken", InputError, "does not take the AWS credentials: ExpiredToken"),
        (503, "SlowDown", OutsideError, "SlowDown, HTTP 503"),
        (500, "InternalError", OutsideError, "InternalError, HTTP 500"),
    ],
)
def test_what_s3_answers_is_one_line(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, kind: type[StepError], says: str
) -> None:
    with answering(lambda *_: s3_error(status, code)) as (endpoint, asked):
        set_to(endpoint, monkeypatch)
        with pytest.raises(kind) as caught, S3Blobs(PLACE).open("a"):
            pass

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(asked.lines) <= 3


# Servers that are none


def test_a_server_that_is_not_there_is_an_outside_error(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    set_to(endpoint, monkeypatch)

    error = complaint(S3Blobs(PLACE), OutsideError)

    assert str(error) == f"{endpoint} does not answer ({PLACE})"
    assert "AWS_ENDPOINT_URL_S3" in error.hint


@pytest.mark.parametrize(
    "login", ["http://user:s3cr3t@{}", "http://{}/?key=s3cr3t", "http://{}/s3cr3t", "http://{}#s3cr3t"]
)
def test_of_an_endpoint_only_scheme_host_and_port_are_shown(
    monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    server = f"127.0.0.1:{free_port()}"
    set_to(login.format(server), monkeypatch)

    error = complaint(S3Blobs(PLACE), OutsideError)

    assert str(error).startswith(f"http://{server} ")
    assert "s3cr3t" not in f"{error} {error.hint}"


def test_an_endpoint_whose_password_is_taken_for_its_port_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_to("http://user:s3/cr3t@127.0.0.1", monkeypatch)

    error = complaint(S3Blobs(PLACE), StepError)

    assert "s3/cr3t" not in str(error)
    assert "user:s3" not in str(error)


def test_the_endpoint_of_an_ipv6_address_is_shown_as_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to("http://[::1]:1", monkeypatch)

    assert str(complaint(S3Blobs(PLACE), OutsideError)).startswith("http://[::1]:1 ")


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_of_web_pages_is_not_taken_for_s3(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    page: Answer = (status, {"Content-Type": "text/html"}, b"<html><p>hello</html>")
    with answering(lambda *_: page) as (endpoint, _):
        set_to(endpoint, monkeypatch)
        blobs = S3Blobs(PLACE)

        with pytest.raises(OutsideError, match="does not answer as S3 does"), blobs.open("a"):
            pass
        with pytest.raises(OutsideError, match=r"does not answer as S3 does|failed on a listing"):
            blobs.keys("")


def test_a_server_that_redirects_everything_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere: Answer = (301, {"Location": "https://s3.example.org/"}, b"<html>moved</html>")
    with answering(lambda *_: elsewhere) as (endpoint, _):
        set_to(endpoint, monkeypatch)

        with pytest.raises(InputError, match="redirects every request"), S3Blobs(PLACE).open("a"):
            pass


def test_an_endpoint_that_is_no_address_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to("not an address", monkeypatch)

    with pytest.raises(InputError, match="do not make a client"), S3Blobs(PLACE).open("a"):
        pass


def test_a_silent_server_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with breaking(0, times=1_000) as endpoint:
        set_to(endpoint, monkeypatch)

        with pytest.raises(OutsideError, match="broke off"), S3Blobs(PLACE).open("a"):
            pass


def test_a_server_that_ignores_conditions_is_refused_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: Answer = (200, {"ETag": '"1"'}, b"")
    with answering(lambda method, _: s3_error(404, "NoSuchKey") if method == "GET" else taken) as found:
        endpoint, asked = found
        set_to(endpoint, monkeypatch)
        for attempt in (
            lambda: S3Blobs(PLACE).put_if_absent("ledger/1.json", BytesIO(b"entry")),
            lambda: S3Blobs(PLACE).put_if_absent("objects/1", BytesIO(b"x" * LARGE)),
            lambda: S3Blobs(PLACE).replace("ledger/1.lease", '"1"', b"mine"),
        ):
            with pytest.raises(InputError, match="does not know conditional writes"):
                attempt()

    written = [line for line in asked.lines if not line.startswith("GET ")]
    assert written
    assert all("/models/team/.conditional-writes" in line for line in written)


def test_a_server_that_knows_only_one_of_the_conditions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    puts = iter([s3_error(412, "PreconditionFailed"), (200, {"ETag": '"1"'}, b"")])
    with answering(lambda *_: next(puts)) as (endpoint, _):
        set_to(endpoint, monkeypatch)

        with pytest.raises(InputError, match="does not know conditional writes"):
            S3Blobs(PLACE).put_if_absent("a", BytesIO(b""))


def test_a_write_whose_answer_was_lost_is_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = [s3_error(412, "PreconditionFailed")] * 2
    lost = [s3_error(500, "InternalError"), s3_error(412, "PreconditionFailed")]
    answers = iter([*conditions, *lost, (200, {"ETag": '"1"'}, b"entry")])
    with answering(lambda *_: next(answers)) as (endpoint, asked):
        set_to(endpoint, monkeypatch)

        assert S3Blobs(PLACE).put_if_absent("a", BytesIO(b"entry"))

    assert [line.partition(" ")[0] for line in asked.lines] == ["PUT"] * 4 + ["GET"]


def test_a_write_that_met_another_one_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = [s3_error(412, "PreconditionFailed")] * 2
    answers = iter([*conditions, s3_error(409, "ConditionalRequestConflict"), (200, {"ETag": '"1"'}, b"")])
    with answering(lambda *_: next(answers)) as (endpoint, _):
        set_to(endpoint, monkeypatch)

        assert S3Blobs(PLACE).put_if_absent("a", BytesIO(b"entry"))


# Content


def test_nothing_of_an_upload_that_failed_is_left(place: S3Place) -> None:
    for error in (InputError("it changed"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            S3Blobs(place).put("large", cast(BinaryIO, FailsAtItsEnd(LARGE, error)))

    assert half_uploads(place) == []


def test_of_an_upload_that_came_second_nothing_is_left(place: S3Place) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: S3Blobs(place).put_if_absent("a", BytesIO(b"x" * LARGE)), range(4)))

    assert half_uploads(place) == []


def test_a_read_that_breaks_off_is_taken_up_where_it_broke(
    place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(LARGE)
    S3Blobs(place).put("large", BytesIO(content))

    with breaking(3_000_000, times=3) as endpoint:
        set_to(endpoint, monkeypatch)

        assert read(S3Blobs(place), "large") == content


def test_a_read_that_breaks_off_again_and_again_is_an_error_and_not_a_short_file(
    place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    S3Blobs(place).put("large", BytesIO(os.urandom(LARGE)))

    with breaking(3_000, times=10_000) as endpoint:
        set_to(endpoint, monkeypatch)
        blobs = S3Blobs(place)
        with blobs.open("large") as stream:
            stream.read(1)
            with pytest.raises(OutsideError, match=r"broke off 'large' 6 times, at last after .* bytes"):
                stream.read()


def test_a_blob_that_is_replaced_while_it_is_read_is_an_error(
    place: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = S3Blobs(place)
    blobs.put("large", BytesIO(b"1" * LARGE))

    with breaking(3_000_000, times=1) as endpoint:
        set_to(endpoint, monkeypatch)
        with S3Blobs(place).open("large") as stream:
            stream.read(1)
            blobs.put("large", BytesIO(b"2" * LARGE))
            with pytest.raises(OutsideError, match="changed while it was read"):
                stream.read()


def set_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", os.environ.get("AWS_ACCESS_KEY_ID", "someone"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", os.environ.get("AWS_SECRET_ACCESS_KEY", "some-secret"))
