"""Why the kit could not tell: bad input, or the outside failed. A refusal is a result and not here."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a pipeline may rely on; 1 is what Python gives on a crash and 2 what click gives on misuse."""

    GO_ON = 0
    CRASHED = 1
    BAD_INPUT = 2
    OUTSIDE = 3
    REFUSED = 4
    INCONCLUSIVE = 5
    ROLLED_BACK = 6
    ROLLBACK_FAILED = 7
    STALE = 8


class StepError(Exception):
    """One line that names the thing, and a hint that says what to do next."""

    exit_code = ExitCode.CRASHED
    usual_hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint or self.usual_hint


class InputError(StepError):
    """A flag, `release.yaml`, the run directory or a model's files are not as they must be."""

    exit_code = ExitCode.BAD_INPUT


class OutsideError(StepError):
    """A service or a program failed; trying again may help."""

    exit_code = ExitCode.OUTSIDE
    usual_hint = "run it again, and if it fails again see to what is named above"


class NotServingError(StepError):
    """The platform would not bring the wanted release to serve; the rollout turns this into a result."""

    exit_code = ExitCode.OUTSIDE
