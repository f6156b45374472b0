"""The containers that serve, told apart by their labels."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ci_steps.adapters.docker_target.engine import pulled
from ci_steps.adapters.docker_target.haproxy import COLOURS, Colour
from ci_steps.model.digest import Digest
from ci_steps.model.release import Release
from ci_steps.ports import Progress

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.api.container import _RestartPolicy
    from docker.models.containers import Container

HEALS: _RestartPolicy = {"Name": "unless-stopped"}  # type: ignore[typeddict-item]  # the stubs lack it
HEALS_NOT: _RestartPolicy = {"Name": "no"}  # type: ignore[typeddict-item]  # the stubs lack it

_STOP_SECONDS = 25
"""More than the 20 s that the server gives to requests in flight."""
_PIDS = 512


@dataclass(frozen=True, slots=True)
class Copy:
    """One container of a colour, running or not."""

    container: Container
    colour: Colour
    number: int

    @property
    def name(self) -> str:
        return str(self.container.name)

    @property
    def release(self) -> str:
        return str(self.container.labels.get("ci_steps.release", ""))

    @property
    def running(self) -> bool:
        return self.container.status == "running"

    @property
    def served(self) -> bool:
        """Whether it was ever healthy: only then it is told to come back after a crash or a reboot."""
        policy: dict[str, str] = self.container.attrs["HostConfig"]["RestartPolicy"]
        return policy["Name"] == "unless-stopped"

    def is_for(self, release: Release) -> bool:
        """Whether it was made for exactly this release."""
        limit = release.memory_mb * 1024 * 1024 if release.memory_mb else 0
        return (
            self.release == release.id
            and self.container.labels.get("ci_steps.image") == release.reference
            and self.container.labels.get("ci_steps.sha") == str(release.sha)
            and self.container.attrs["HostConfig"]["Memory"] == limit
        )

    def image(self) -> Digest | None:
        """Return the digest of the image that it really runs, by the engine; None where it cannot say."""
        import docker

        client = self.container.client
        assert client
        try:
            image = client.images.get(self.container.attrs["Image"])
        except docker.errors.ImageNotFound:
            return None
        repository, _, wanted = self.container.labels.get("ci_steps.image", "").partition("@")
        known = [str(name).partition("@") for name in image.attrs.get("RepoDigests") or []]
        digests = [digest for where, _, digest in known if where == repository]
        if wanted in digests:
            return Digest.parse(wanted)
        return Digest.parse(digests[0]) if digests else None

    def failure(self) -> str | None:
        """Return why it no longer runs, with the last it wrote."""
        self.container.reload()
        if self.container.status in {"created", "running"}:
            return None
        state = self._final_state()
        limit = self.container.attrs["HostConfig"]["Memory"] // (1024 * 1024)
        if state["OOMKilled"]:
            why = f"{self.name} was killed: out of memory" + (f" (limit {limit} MiB)" if limit else "")
        else:
            why = f"{self.name} exited with code {state['ExitCode']}"
        return f"{why}{self.last_words()}"

    def last_words(self) -> str:
        lines = self.container.logs(tail=3).decode(errors="replace").splitlines()
        text = " | ".join(line.strip() for line in lines if line.strip())
        return f"; it wrote last: {text[-400:]}" if text else ""

    def stop(self) -> None:
        """Stop it and leave it startable."""
        self.container.stop(timeout=_STOP_SECONDS)

    def remove(self) -> None:
        self.container.remove(force=True, v=True)

    def heal_itself(self, heals: bool) -> None:
        """Let the engine start it again after a crash or a reboot, or not."""
        # An empty name would leave the policy as it was.
        self.container.update(restart_policy=HEALS if heals else HEALS_NOT)

    def _final_state(self) -> dict[str, int]:
        # The engine hears of an out-of-memory kill on another channel than of the exit, and may be late.
        for _ in range(60):  # three seconds on a busy machine; who was killed otherwise can wait for them
            state: dict[str, int] = self.container.attrs["State"]
            if state["OOMKilled"] or state["ExitCode"] != 137:
                break
            time.sleep(0.05)
            self.container.reload()
        return state


@dataclass(frozen=True, slots=True)
class Copies:
    """All containers of one service in one environment."""

    client: DockerClient
    service: str
    environment: str
    run: str
    progress: Progress

    @property
    def labels(self) -> dict[str, str]:
        """What marks everything of this service and environment."""
        return {"ci_steps.service": self.service, "ci_steps.environment": self.environment}

    def all(self) -> tuple[Copy, ...]:
        """Return every container of both colours, sorted."""
        wanted = [f"{key}={value}" for key, value in self.labels.items()]
        found = []
        for container in self.client.containers.list(
            all=True, filters={"label": [*wanted, "ci_steps.colour"]}, ignore_removed=True
        ):
            colour = next((c for c in COLOURS if c == container.labels["ci_steps.colour"]), None)
            number = container.labels.get("ci_steps.slot", "")
            if colour and number.isdigit():
                found.append(Copy(container, colour, int(number)))
        return tuple(sorted(found, key=lambda copy: (copy.colour, copy.number)))

    def of(self, colour: Colour) -> tuple[Copy, ...]:
        return tuple(copy for copy in self.all() if copy.colour == colour)

    def started(
        self, release: Release, colour: Colour, *, network: str, addresses: dict[tuple[Colour, int], str]
    ) -> tuple[Copy, ...]:
        """Start the replicas of ``release`` in ``colour``: stopped ones that fit again, the rest anew."""
        pulled(self.client, release.reference, self.progress)
        wanted = range(1, release.replicas + 1)
        kept = self._kept(release, colour, wanted)
        copies = []
        for number in wanted:
            copy = kept.get(number) or self._created(
                release, colour, number, network=network, address=addresses[colour, number]
            )
            copy.heal_itself(False)
            copy.container.start()
            copies.append(copy)
        return tuple(copies)

    def _kept(self, release: Release, colour: Colour, wanted: Collection[int]) -> dict[int, Copy]:
        """Return what can be used again, by number; take the rest of the colour away."""
        kept = {}
        for copy in self.of(colour):
            if copy.is_for(release) and copy.number in wanted and copy.image() == release.image:
                kept[copy.number] = copy
            else:
                copy.remove()
        return kept

    def _created(self, release: Release, colour: Colour, number: int, *, network: str, address: str) -> Copy:
        memory = f"{release.memory_mb}m" if release.memory_mb else None
        container = self.client.containers.create(
            release.reference,
            name=f"{self.service}-{self.environment}-{colour}-{number}",
            labels={
                **self.labels,
                "ci_steps.colour": colour,
                "ci_steps.slot": str(number),
                "ci_steps.release": release.id,
                "ci_steps.image": release.reference,
                "ci_steps.sha": str(release.sha),
                "ci_steps.run": self.run,
            },
            environment={"RELEASE_ID": release.id, "IMAGE_DIGEST": str(release.image)},
            network=network,
            networking_config={network: self.client.api.create_endpoint_config(ipv4_address=address)},
            read_only=True,
            tmpfs={"/tmp": "rw,noexec,nosuid,nodev,size=64m"},  # noqa: S108  # inside the container
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=_PIDS,
            mem_limit=memory,
            memswap_limit=memory,
        )
        return Copy(container, colour, number)
