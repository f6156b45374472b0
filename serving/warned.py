"""Warnings of the model's and its libraries', as log lines: each once, however many requests meet it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from serving.logs import log, said


@dataclass(slots=True)
class Warned:
    """Writes one line for each place that warns, or for each text of it where texts may be told.

    What a warning says may hold what was sent: `found unknown categories ['my diagnosis']`.
    """

    in_words: bool
    told: set[tuple[str, ...]] = field(default_factory=set)

    def show(
        self, message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any
    ) -> None:
        """Stand in for warnings.showwarning, which writes to standard error, and every time."""
        place = f"{filename}:{lineno}"
        words = {"message": said(message)} if self.in_words else {}
        key = (category.__qualname__, place, *words.values())
        if key in self.told or len(self.told) >= 1000:
            return
        self.told |= {key, key[:2]}
        log(logging.WARNING, "warning", warning=category.__qualname__, at=[place], **words)

    def take_over(self) -> None:
        """Write Python's warnings from now on."""
        warnings.showwarning = self.show

    @contextmanager
    def nothing_sent_yet(self) -> Iterator[None]:
        """Tell what warnings say until the block ends: the model is being loaded, there is no request."""
        before, self.in_words = self.in_words, True
        try:
            yield
        finally:
            self.in_words = before
