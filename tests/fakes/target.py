"""A platform in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ci_steps.errors import NotServingError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.release import Observed, Release, Replica
from tests.fakes.fuse import Fuse


@dataclass(slots=True)
class FakeTarget:
    """Serves one release at a time, at once; ``refuses`` names images that will not serve, and why."""

    refuses: Mapping[Digest, str] = field(default_factory=dict)
    fuse: Fuse = field(default_factory=Fuse)
    down: bool = False
    runs_instead: Digest | None = None
    """The image that really runs, whatever was asked for."""
    serving: Release | None = None
    applied: list[Release | None] = field(default_factory=list)

    def observe(self) -> Observed:
        self._ask()
        if self.serving is None:
            return Observed(replicas=())
        image = self.runs_instead or self.serving.image
        return Observed(
            replicas=tuple(
                Replica(id=f"copy-{number}", release=self.serving.id, image=image, healthy=True, serving=True)
                for number in range(1, self.serving.replicas + 1)
            ),
            answering=self.serving.id,
        )

    def apply(self, wanted: Release | None) -> None:
        self._ask()
        if wanted and wanted.image in self.refuses:
            raise NotServingError(self.refuses[wanted.image])
        self.serving = wanted
        self.applied.append(wanted)
        self.fuse.passed("applied")

    def _ask(self) -> None:
        if self.down:
            raise OutsideError("the engine does not answer")
        self.fuse.passed("asked")
