"""The questions of each policy, and how their answers are worded."""

from collections.abc import Mapping
from typing import Any, Literal

from ci_steps.model.settings import Policy
from ci_steps.model.value import Value
from ci_steps.model.witness import Side
from ci_steps.steps.check_interface.files import GoldenRow, Interface


class Direction(Value, frozen=True):
    """One question: whether the outer side's schema accepts whatever the inner side's accepts."""

    policy: Literal["backward", "forward"]
    check: Literal["input", "output"]
    kind: Literal["request", "answer"]
    inner: Side
    outer: Side
    speaker: str
    break_words: str
    rule: str
    then: str

    @property
    def subject(self) -> str:
        return self.check if self.policy == "backward" else f"{self.check} {self.policy}"

    def schema(self, interface: Interface) -> Any:
        return interface.input if self.kind == "request" else interface.output

    def value(self, row: GoldenRow) -> Any:
        return row.request if self.kind == "request" else row.answer


REQUESTS = Direction(
    policy="backward",
    check="input",
    kind="request",
    inner="baseline",
    outer="candidate",
    speaker="the candidate takes",
    break_words="the baseline accepts {value}, the candidate does not: {because}",
    rule="backward: every request that the baseline accepts, the candidate accepts",
    then="accept it as before, or serve this model as another service",
)
ANSWERS = Direction(
    policy="backward",
    check="output",
    kind="answer",
    inner="candidate",
    outer="baseline",
    speaker="the baseline promises",
    break_words="the candidate may answer {value}, the baseline's schema does not: {because}",
    rule="backward: every answer that the candidate may give, the baseline's schema promised",
    then="answer as promised, or serve this model as another service",
)
FORWARD_REQUESTS = Direction(
    policy="forward",
    check="input",
    kind="request",
    inner="candidate",
    outer="baseline",
    speaker="the baseline takes",
    break_words="the candidate accepts {value}, the baseline does not: {because}",
    rule="forward: every request that the candidate accepts, the baseline accepts, should a rollback come",
    then="take no more than the baseline does, or choose interface.policy: backward",
)
FORWARD_ANSWERS = Direction(
    policy="forward",
    check="output",
    kind="answer",
    inner="baseline",
    outer="candidate",
    speaker="the candidate promises",
    break_words="the baseline may answer {value}, the candidate's schema does not: {because}",
    rule="forward: every answer that the baseline may give, the candidate's schema promises",
    then="promise no more than the baseline does, or choose interface.policy: backward",
)

OF_POLICY: Mapping[Policy, tuple[Direction, ...]] = {
    "backward": (REQUESTS, ANSWERS),
    "forward": (FORWARD_REQUESTS, FORWARD_ANSWERS),
    "full": (REQUESTS, ANSWERS, FORWARD_REQUESTS, FORWARD_ANSWERS),
}
