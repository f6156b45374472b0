"""What interface.json says of answers, read without holding any to it."""

from pathlib import Path
from typing import Any

import msgspec

from ci_steps.model.wire import decoded
from ci_steps.steps.golden.whole import Whole


class Promises(msgspec.Struct, frozen=True):
    """The two schemas of interface.json, and where an answer says its prediction."""

    input: dict[str, Any] | bool
    output: dict[str, Any] | bool
    prediction: str | None = None

    @property
    def whole(self) -> Whole:
        """Where answers have whole numbers."""
        return Whole(self.output)


def promises(path: Path) -> Promises:
    """Read interface.json."""
    return decoded(path.read_bytes(), Promises, where=path.name)
