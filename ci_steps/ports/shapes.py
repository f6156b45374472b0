"""What lies in a folder may have another form than the kit's."""

from collections.abc import Callable
from typing import Protocol

from ci_steps.model.sourced import Found, SourceFile


class Shape(Protocol):
    """One form that a model's files can have, wherever they lie."""

    def fits(self, found: Found) -> bool:
        """Return whether the files have this form; by their names alone."""

    def shaped(self, found: Found, read: Callable[[SourceFile], bytes]) -> Found:
        """Return it in the kit's form: what is loaded below `model/`, and made files for what it lacks.

        ``read`` returns one small file, verified.
        """
