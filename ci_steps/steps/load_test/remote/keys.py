"""The keys of both ends, made from one shared secret: who has it not can neither read nor speak.

The transport is CurveZMQ (ZeroMQ RFC 26): each end proves that it holds the private key that the other
expects, every connection has keys of its own, and what is recorded of one is worth nothing to another.
"""

import hmac
from typing import Literal

from ci_steps.errors import InputError
from ci_steps.model.value import Value

SECRET = "CI_STEPS_LOAD_SECRET"  # noqa: S105 - the name of the variable
_FEWEST = 32
"""Characters: whoever listens can try secrets at home, so it must be one that nobody can guess."""


class Keys(Value, frozen=True):
    """A key pair, as ZeroMQ writes it (Z85)."""

    public: bytes
    private: bytes


def keys(secret: str, end: Literal["conductor", "worker"]) -> Keys:
    """Return the key pair of an end: the same for everyone who has the secret."""
    import zmq
    from zmq.utils import z85

    private = z85.encode(hmac.digest(secret.encode(), f"ci-steps load-worker 1 {end}".encode(), "sha256"))
    return Keys(zmq.curve_public(private), private)


def checked(secret: str) -> str:
    """Return the secret; one that could be guessed is refused."""
    make = 'make one: python -c "import secrets; print(secrets.token_hex(32))"'
    if not secret:
        raise InputError(f"{SECRET} is not set: workers on other machines are known by it", hint=make)
    if len(secret) < _FEWEST:
        raise InputError(
            f"{SECRET} has {len(secret)} characters, and {_FEWEST} or more are wanted", hint=make
        )
    return secret
