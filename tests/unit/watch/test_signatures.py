import pytest

from ci_steps.watch import Listener, Signatures
from tests.fakes.deliveries import BODY, NOW, SECRET, signed


@pytest.fixture
def rung() -> list[str]:
    return []


@pytest.fixture
def listener(rung: list[str]) -> Listener:
    return Listener("127.0.0.1", 0, lambda: rung.append("rung"), Signatures(SECRET, lambda: NOW))


def test_a_delivery_of_mlflow_rings(listener: Listener, rung: list[str]) -> None:
    assert listener.answer("/webhook", signed(), BODY) == (202, "looking")
    assert rung == ["rung"]


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "is not signed"),
        (signed(secret="another"), "not of this secret"),
        (signed(b"another body"), "not of this secret"),
        (signed() | {"X-MLflow-Delivery-Id": "d2"}, "not of this secret"),
        (signed() | {"X-MLflow-Timestamp": str(int(NOW) + 1)}, "not of this secret"),
        (signed() | {"X-MLflow-Signature": "v2," + signed()["X-MLflow-Signature"][3:]}, "not of this secret"),
        (signed() | {"X-MLflow-Signature": "v1,é"}, "not of this secret"),
        (signed(at=str(int(NOW) - 301)), "too old"),
        (signed(at=str(int(NOW) + 301)), "too old"),
        (signed(at="soon"), "too old"),
        (signed(at="²"), "too old"),
    ],
)
def test_what_is_forged_or_old_is_refused_and_rings_nothing(
    listener: Listener, rung: list[str], headers: dict[str, str], says: str
) -> None:
    status, words = listener.answer("/webhook", headers, BODY)

    assert status == 401
    assert says in words
    assert SECRET not in words
    assert rung == []


def test_a_delivery_that_comes_twice_rings_once(listener: Listener, rung: list[str]) -> None:
    listener.answer("/webhook", signed(), BODY)

    status, words = listener.answer("/webhook", signed(), BODY)

    assert (status, words) == (409, "the delivery came before")
    assert rung == ["rung"]


def test_deliveries_are_forgotten_once_they_are_too_old_to_come_again() -> None:
    moment = [NOW]
    signatures = Signatures(SECRET, lambda: moment[0])
    for number in range(100):
        moment[0] += 60
        headers = signed(at=str(int(moment[0])), delivery=str(number))
        assert signatures.complaint(headers, BODY) == (200, "")

    assert len(signatures._told) <= 11


def test_without_a_secret_no_delivery_is_believed(rung: list[str]) -> None:
    listener = Listener("127.0.0.1", 0, lambda: rung.append("rung"), None)

    assert listener.answer("/webhook", signed(), BODY)[0] == 403
    assert listener.answer("/ping", {}, b"")[0] == 202
    assert rung == ["rung"]
