"""How much work may be done: counted in steps, so that the answer is the same on a slow machine."""


class OutOfEffortError(Exception):
    """There is more to look at than may be looked at."""


class Effort:
    """A number of steps that may still be taken."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def spend(self, steps: int = 1) -> None:
        """Take steps; OutOfEffortError where there are none left."""
        self.steps -= steps
        if self.steps < 0:
            raise OutOfEffortError

    def give_up(self) -> None:
        """Leave it, although there are steps left: there is no room for more."""
        raise OutOfEffortError

    def part(self, steps: int) -> "Effort":
        """Return an effort of its own, of ``steps`` or what is left."""
        return Effort(max(min(steps, self.steps), 0))
