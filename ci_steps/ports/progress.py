from typing import Protocol


class Progress(Protocol):
    """Where a step tells what takes its time."""

    def say(self, text: str) -> None:
        """Tell what is being done now."""

    def advance(self, done: int, total: int, unit: str) -> None:
        """Tell how far it is: ``done`` of ``total`` ``unit`` (bytes, requests, rows)."""
