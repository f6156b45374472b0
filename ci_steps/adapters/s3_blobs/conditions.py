"""Writes with a condition, and servers that know none."""

from ci_steps.adapters.s3_place import S3Place
from ci_steps.errors import InputError, StepError


class UnmetError(Exception):
    """The condition of a write did not hold: nothing was written by it.

    After a lost answer it may be our own write that stands in the way; ``retried`` says that this can be.
    """

    def __init__(self, *, retried: bool, conflict: bool) -> None:
        super().__init__()
        self.retried = retried
        self.conflict = conflict
        """Another write was under way; whether it stays is not known yet."""


def unknown(place: S3Place, endpoint: str) -> StepError:
    return InputError(
        f"{endpoint} does not know conditional writes (If-None-Match, If-Match), which {place} needs:"
        " two runs could overwrite each other's entries",
        hint="use an S3 that knows them, or a folder as `store`",
    )
