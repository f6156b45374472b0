from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Told:
    """Keeps what it is told."""

    said: list[str] = field(default_factory=list)
    counts: list[tuple[int, int, str]] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    def advance(self, done: int, total: int, unit: str) -> None:
        self.counts.append((done, total, unit))
