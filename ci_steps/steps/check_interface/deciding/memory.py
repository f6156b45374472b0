"""What is known of goals, and what is being asked."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from ci_steps.steps.check_interface.deciding.answers import NEVER, Answer, Goal, Never


class Work:
    """A goal that is being asked."""

    __slots__ = ("answer",)

    def __init__(self) -> None:
        self.answer: Answer = NEVER


class Memory:
    """Remembers answers.

    A goal that comes up within itself is answered with never: JSON values end, so where one of them keeps to
    a goal, there is one with no other in it that does. So a pair of schemas under consideration is assumed.
    An answer that was found under such an assumption counts only once the assumption is proven.
    """

    def __init__(self) -> None:
        self._known: dict[Goal, Answer] = {}
        self._open: dict[Goal, int] = {}
        self._lowest: float = math.inf
        """The outermost goal that was assumed to be never since the innermost was begun."""
        self._provisional: dict[Goal, float] = {}

    def recall(self, goal: Goal) -> Answer | None:
        """Return the answer to a goal, where there is one already."""
        if goal in self._known:
            return self._known[goal]
        if goal in self._open:
            self._lowest = min(self._lowest, self._open[goal])
            return NEVER
        if goal in self._provisional:
            self._lowest = min(self._lowest, self._provisional[goal])
            return NEVER
        return None

    @contextmanager
    def working_on(self, goal: Goal) -> Iterator[Work]:
        """Remember what the goal is answered with."""
        level, outer, mark = len(self._open), self._lowest, len(self._provisional)
        self._open[goal], self._lowest = level, math.inf
        work, done = Work(), False
        try:
            yield work
            done = True
        finally:
            if done:
                self._note(goal, work.answer, level, mark)
            else:
                self._forget_since(mark)
            self._lowest = min(outer, self._lowest)
            del self._open[goal]

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Ask something else, without the assumptions made so far."""
        kept = self._open, self._lowest, self._provisional
        self._open, self._lowest, self._provisional = {}, math.inf, {}
        try:
            yield
        finally:
            self._open, self._lowest, self._provisional = kept

    def _note(self, goal: Goal, answer: Answer, level: int, mark: int) -> None:
        if not isinstance(answer, Never):
            self._forget_since(mark)
            self._known[goal] = answer
            # A value is there whatever was assumed on the way to it.
            self._lowest = math.inf
        elif self._lowest >= level:
            self._known[goal] = NEVER
            self._known |= dict.fromkeys(self._since(mark), NEVER)
            self._forget_since(mark)
            self._lowest = math.inf
        else:
            for each in self._since(mark):
                self._provisional[each] = min(self._provisional[each], self._lowest)
            self._provisional[goal] = self._lowest

    def _since(self, mark: int) -> list[Goal]:
        return list(self._provisional)[mark:]

    def _forget_since(self, mark: int) -> None:
        for goal in self._since(mark):
            del self._provisional[goal]
