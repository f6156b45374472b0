"""How long a fetch waits, how often it tries, and how much it does at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ci_steps.errors import InputError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fetch puts up with; the defaults suit a CI machine and a store that is now and then busy."""

    connect_seconds: float = 10
    stall_seconds: float = 20
    """No byte for so long, or fewer than ``slowest`` a second over so long: the connection is given up."""
    slowest: int = 4096
    tries: int = 7
    """How often in a row a range may fail without a megabyte of progress."""
    pause: float = 0.25
    """Before the second try; it doubles with each."""
    longest_pause: float = 30
    longest_wait: float = 120
    """Where the other side says how long to wait: longer than this is waited for by nobody."""
    connections: int = 16
    segment: int = 32 << 20
    """What one request asks for of a large file, and so what is lost of it by a cut at most, a connection."""

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self:
        """Return the limits that the environment sets, as for a store that is far away or very slow."""
        return cls(
            stall_seconds=number_of(variables, "CI_STEPS_FETCH_STALL_SECONDS", cls().stall_seconds, 0.1),
            tries=int(number_of(variables, "CI_STEPS_FETCH_TRIES", cls().tries, 1)),
            connections=int(number_of(variables, "CI_STEPS_FETCH_CONNECTIONS", cls().connections, 1)),
        )


def number_of(variables: Mapping[str, str], name: str, usual: float, least: float) -> float:
    text = variables.get(name)
    if not text:
        return usual
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not least <= number <= 1e6:
        raise InputError(f"{name} is {text!r}, not a number from {least:g}", hint=f"unset it for {usual:g}")
    return number
