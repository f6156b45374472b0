from typing import Protocol

from ci_steps.model.digest import Digest
from ci_steps.model.value import Value


class Inspected(Value, frozen=True):
    """What a container or an image says of itself. ``container`` is empty for an image."""

    image: Digest | None
    labels: dict[str, str] = {}
    container: str = ""


class Inspector(Protocol):
    """Where containers and images can be looked up."""

    def inspect(self, what: str) -> Inspected | None:
        """Return the container or image of that name, id, reference or digest; None where there is none."""
