"""The docker target: what runs is read from the engine, and changed by one switch of the proxy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ci_steps.adapters.docker_target.bluegreen import BlueGreen
from ci_steps.adapters.docker_target.containers import Copies
from ci_steps.adapters.docker_target.engine import connected
from ci_steps.adapters.docker_target.proxy import Proxy
from ci_steps.errors import OutsideError
from ci_steps.model.release import Observed, Release, Replica
from ci_steps.model.settings import EnvironmentSettings
from ci_steps.ports import Progress

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerTarget:
    """Serves one service in one environment from containers on this machine, behind one HAProxy.

    Two colours: one serves, the other is brought up beside it, checked by the proxy, and then takes all
    requests at once. The one before stays warm until it is retired: drained and stopped, and still startable.
    Networks, containers and the proxy are found by their labels, so any machine-wide state but ``state`` is
    the engine's.
    """

    service: str
    environment: str
    settings: EnvironmentSettings
    state: Path
    """Folder of the proxy's configuration and admin socket, on the machine that the engine runs on."""
    proxy_image: str
    run: str
    progress: Progress

    def observe(self) -> Observed:
        """Return the running containers, and whether each is healthy and gets requests, by the proxy."""
        with connected() as client:
            copies, proxy = self._tools(client)
            proxy.refuse_taken_address()
            container = proxy.container()
            if container is None:
                proxy.have_image()
            up = container is not None and container.status == "running" and proxy.admin.answers()
            active = proxy.admin.active() if up else None
            servers = proxy.admin.servers() if up else {}
            replicas = []
            for copy in copies.all():
                if not copy.running:
                    continue
                server = servers.get((copy.colour, copy.number))
                replicas.append(
                    Replica(
                        id=copy.name,
                        release=copy.release,
                        image=copy.image(),
                        healthy=server is not None and server.healthy,
                        serving=copy.colour == active and server is not None and server.enabled,
                    )
                )
        return Observed(replicas=tuple(replicas), answering=_answering(self.settings.address))

    def apply(self, wanted: Release | None) -> None:
        """Bring ``wanted`` up beside what serves, and switch; what served before is left warm."""
        try:
            with connected() as client:
                copies, proxy = self._tools(client)
                network = proxy.up()
                BlueGreen(copies, proxy, network, self.settings).bring(wanted)
        except OutsideError:
            # Where nothing is wanted and nothing is there, a proxy that cannot be had is not missed.
            if wanted or not self._empty():
                raise

    def retire(self) -> None:
        """Drain and stop the colour that does not serve."""
        if self._empty():
            return
        with connected() as client:
            copies, proxy = self._tools(client)
            BlueGreen(copies, proxy, proxy.up(), self.settings).retire()

    def _empty(self) -> bool:
        """Whether the service has neither replicas nor a proxy."""
        with connected() as client:
            copies, proxy = self._tools(client)
            return proxy.container() is None and not copies.all()

    def _tools(self, client: DockerClient) -> tuple[Copies, Proxy]:
        copies = Copies(client, self.service, self.environment, self.run, self.progress)
        return copies, Proxy(copies, self.settings.address, self.proxy_image, self.state)


def _answering(address: str) -> str | None:
    """Return the release id that the live address answers with; None where nothing of ours answers."""
    import requests

    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment would be asked for a loopback address
        try:
            answer = session.get(f"http://{address}/info", timeout=(2, 5))
            release = answer.json()["release"] if answer.ok else None
        except (requests.RequestException, ValueError, KeyError, TypeError):
            return None
    return release if isinstance(release, str) else None
