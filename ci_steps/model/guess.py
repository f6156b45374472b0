"""What a person may have meant."""

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'service'?`` for a name that is nearly known; empty where none is near.

    >>> did_you_mean("sevice", ["service", "store"])
    "did you mean 'service'?"
    """
    return next((f"did you mean {each!r}?" for each in close(name, known)), "")


def among(asked: str, known: Iterable[str]) -> str:
    """Return what may have been meant, and all that there is to choose from.

    >>> among("stagin", ["staging", "production"])
    "did you mean 'staging'? one of: staging, production"
    """
    choices = list(known)
    return f"{did_you_mean(asked, choices)} one of: {', '.join(choices)}".strip()


def close(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that are near, the nearest first."""
    from difflib import get_close_matches

    return get_close_matches(name, list(known), n=3, cutoff=0.5)
