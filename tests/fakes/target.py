"""A platform in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_steps.errors import NotServingError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.release import Observed, Release, Replica
from tests.fakes.fuse import Fuse


@dataclass(slots=True)
class FakeTarget:
    """Serves one release at a time, at once, and keeps the one before warm.

    ``refuses`` names images that will not serve, and why.
    """

    refuses: Mapping[Digest, str] = field(default_factory=dict)
    fuse: Fuse = field(default_factory=Fuse)
    down: bool = False
    runs_instead: Digest | None = None
    """The image that really runs, whatever was asked for."""
    serving: Release | None = None
    warm: Release | None = None
    applied: list[Release | None] = field(default_factory=list)

    def observe(self) -> Observed:
        self._ask()
        running = [release for release in (self.serving, self.warm) if release]
        return Observed(
            replicas=tuple(
                Replica(
                    id=f"{release.id}-copy-{number}",
                    release=release.id,
                    image=self.runs_instead or release.image,
                    healthy=True,
                    serving=release is self.serving,
                )
                for release in running
                for number in range(1, release.replicas + 1)
            ),
            answering=self.serving.id if self.serving else None,
        )

    def apply(self, wanted: Release | None) -> None:
        self._ask()
        if wanted and wanted.image in self.refuses:
            raise NotServingError(self.refuses[wanted.image])
        if wanted != self.serving:
            self.serving, self.warm = wanted, self.serving
        self.applied.append(wanted)
        self.fuse.passed("applied")

    def retire(self) -> None:
        self._ask()
        self.warm = None
        self.fuse.passed("retired")

    def _ask(self) -> None:
        if self.down:
            raise OutsideError("the engine does not answer")
        self.fuse.passed("asked")
