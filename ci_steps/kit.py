"""What the kit carries beside its own code: the server, the schemas and pytest's lock."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL = _PACKAGE / "_kit"
_IN_CHECKOUT = _PACKAGE.parent


def serving() -> Path:
    """Return the folder of the server's package, which is copied into images and never imported here."""
    return _part("serving", "serving")


def schemas() -> Path:
    """Return the folder of the documents' schemas."""
    return _part("schemas", "schemas")


def pytest_lock() -> Path:
    """Return the hashed lock of pytest, for models whose own lock does not name it."""
    return _part("pytest.lock", "requirements/pytest.lock")


def _part(in_wheel: str, in_checkout: str) -> Path:
    return _IN_WHEEL / in_wheel if _IN_WHEEL.is_dir() else _IN_CHECKOUT / in_checkout
