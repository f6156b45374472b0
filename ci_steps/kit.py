"""What the kit carries beside its own code: the server, the schemas, pytest's lock, what `init` writes."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL = _PACKAGE / "_kit"
_IN_CHECKOUT = _PACKAGE.parent
# What a model repository takes from the kit as it is; all else that `init` writes is in contrib/start.
_AS_IT_IS = {
    "Jenkinsfile": "Jenkinsfile",
    ".gocd/release.gocd.yaml": ".gocd/release.gocd.yaml",
    "Makefile": "contrib/examples/tweets/Makefile",
}


def serving() -> Path:
    """Return the folder of the server's package, which is copied into images and never imported here."""
    return _part("serving", "serving")


def schemas() -> Path:
    """Return the folder of the documents' schemas."""
    return _part("schemas", "schemas")


def pytest_lock() -> Path:
    """Return the hashed lock of pytest, for models whose own lock does not name it."""
    return _part("pytest.lock", "requirements/pytest.lock")


def start(name: str) -> Path:
    """Return a file that `init` writes, with places to fill in."""
    return _part(f"start/{name}", _AS_IT_IS.get(name, f"contrib/start/{name}"))


def _part(in_wheel: str, in_checkout: str) -> Path:
    return _IN_WHEEL / in_wheel if _IN_WHEEL.is_dir() else _IN_CHECKOUT / in_checkout
