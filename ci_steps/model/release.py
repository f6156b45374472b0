"""What serves: a release, what is wanted of a platform, and what the platform was seen to run."""

from typing import Annotated

from msgspec import Meta

from ci_steps.model.digest import Digest
from ci_steps.model.wire import Wire


class Release(Wire, frozen=True, kw_only=True):
    """One model in one image, put before the users of one service under one id."""

    id: Annotated[str, Meta(description="environment and the number of its intent: production-7")]
    model: Annotated[str, Meta(description="the model's name")]
    sha: Annotated[Digest, Meta(description="the model's SHA")]
    repository: Annotated[str, Meta(description="host/repository of the image")]
    image: Annotated[Digest, Meta(description="digest of the image")]
    replicas: Annotated[int, Meta(description="containers that serve it", ge=1)]
    memory_mb: Annotated[int | None, Meta(description="memory limit of each, MiB")] = None

    @property
    def reference(self) -> str:
        """What a registry and an engine know the image by."""
        return f"{self.repository}@{self.image}"


class Replica(Wire, frozen=True, kw_only=True):
    """One running copy, as the platform tells it."""

    id: Annotated[str, Meta(description="the platform's id of it")]
    release: Annotated[str, Meta(description="id of the release it was started for")]
    image: Annotated[
        Digest | None, Meta(description="digest it really runs; null where the platform cannot say")
    ]
    healthy: Annotated[bool, Meta(description="ready to answer")]
    serving: Annotated[bool, Meta(description="whether clients' requests reach it")]


class Observed(Wire, frozen=True, kw_only=True):
    """What really runs for a service, read from the platform and from the live address."""

    replicas: Annotated[tuple[Replica, ...], Meta(description="every running copy, serving or not")]
    answering: Annotated[str | None, Meta(description="release id that the live address answers with")] = None

    def runs(self, release: Release) -> bool:
        """Whether exactly this release serves: all replicas, as many as wanted, and at the address."""
        serving = [replica for replica in self.replicas if replica.serving]
        return (
            len(serving) == release.replicas
            and all(r.release == release.id and r.image == release.image and r.healthy for r in serving)
            and self.answering == release.id
        )

    @property
    def empty(self) -> bool:
        """Whether nothing serves."""
        return self.answering is None and not any(replica.serving for replica in self.replicas)
