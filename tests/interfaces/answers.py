"""The gate's answer to one question, with what it shows for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ci_steps.steps.check_interface.subset import Break, Comparison, compared
from tests.interfaces.oracle import in_one_only, served


class Answer(StrEnum):
    COMPATIBLE = "compatible"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Answered:
    answer: Answer
    witnesses: tuple[Any, ...]
    """What stands for the break."""
    untrue: tuple[Any, ...]
    """Witnesses that show nothing, says one of two libraries."""
    reasons: tuple[str, ...]
    seconds: float


Gate = Callable[[Any, Any], Comparison]


def asked(inner: Any, outer: Any, gate: Gate = compared) -> Answered:
    """Ask whether ``outer`` accepts all that ``inner`` accepts; witnesses are looked at by the library."""
    began = time.process_time()
    differences = gate(inner, outer).differences
    seconds = time.process_time() - began
    shown = [difference.value for difference in differences if isinstance(difference, Break)]
    holds = [_shows(value, inner, outer) for value in shown]
    true = tuple(value for value, held in zip(shown, holds, strict=True) if held)
    untrue = tuple(value for value, held in zip(shown, holds, strict=True) if not held)
    reasons = tuple(f"{difference.pointer or '/'}: {difference.because}" for difference in differences)
    answer = Answer.COMPATIBLE if not differences else Answer.BROKEN if true else Answer.INCONCLUSIVE
    return Answered(answer, true, untrue, reasons, seconds)


def _shows(value: Any, inner: Any, outer: Any) -> bool:
    """Whether both libraries say so: a witness is put to a real server."""
    return in_one_only(value, inner, outer) and served(inner, value) and not served(outer, value)
