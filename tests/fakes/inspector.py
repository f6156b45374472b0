from dataclasses import dataclass, field

from ci_steps.ports import Inspected


@dataclass(frozen=True, slots=True)
class MemoryInspector:
    """Containers and images by every name that they go by."""

    known: dict[str, Inspected] = field(default_factory=dict)

    def inspect(self, what: str) -> Inspected | None:
        return self.known.get(what)
