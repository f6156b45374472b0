"""How one of several is chosen: by chance alone, or each in its turn."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Chooses anew each time."""

    ends = False

    def __init__(self, random_: random.Random) -> None:
        self.random = random_

    def of(self, options: Sequence[T], place: str) -> T:
        del place
        return self.random.choice(options)


class Turns(Chance):
    """Chooses, at each place, all options once before any comes again; in which order is chance."""

    ends = True

    def __init__(self, random_: random.Random) -> None:
        super().__init__(random_)
        self._left: dict[tuple[str, int], list[int]] = {}

    def of(self, options: Sequence[T], place: str) -> T:
        left = self._left.setdefault((place, len(options)), [])
        if not left:
            left += range(len(options))
            self.random.shuffle(left)
        return options[left.pop()]
