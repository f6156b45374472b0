"""What can go wrong between a start and an answer, each with the exit code or the status it means."""

from __future__ import annotations


class StartError(Exception):
    """The server cannot start; the message is one line that names the thing."""

    exit_code: int


class SettingError(StartError):
    """An environment variable is not what it must be."""

    exit_code = 2


class ModelError(StartError):
    """The model folder is not what its manifest promised, or will not load."""

    exit_code = 3


class PortError(StartError):
    """The port cannot be opened."""

    exit_code = 3


class RowError(Exception):
    """One request of a batch cannot be answered, through its own fault."""

    def __init__(self, index: int, pointer: str, reason: str) -> None:
        super().__init__(f"request {index}{pointer}: {reason}")
        self.index = index
        self.pointer = pointer
        self.reason = reason


class PredictorError(Exception):
    """The predictor raised; the cause is chained."""


class AnswerError(Exception):
    """The predictor answered, but not what interface.json promises."""
