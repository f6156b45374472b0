"""What a watcher tells."""

from collections.abc import Callable

from ci_steps.model.value import Value


class Happening(Value, frozen=True, omit_defaults=True):
    """One thing that happened, in a line for people and in fields for machines."""

    event: str
    text: str
    model: str = ""
    url: str = ""
    result: str = ""


Tell = Callable[[Happening], None]
