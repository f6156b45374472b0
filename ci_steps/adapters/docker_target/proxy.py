"""The proxy's container: one HAProxy on the published address, and the files that it starts from."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ci_steps.adapters.docker_target.containers import HEALS, Copies
from ci_steps.adapters.docker_target.engine import pulled
from ci_steps.adapters.docker_target.haproxy import (
    COLOURS,
    INSIDE,
    PORT,
    AdminSocket,
    Colour,
    configuration,
    map_text,
)
from ci_steps.adapters.docker_target.network import addresses_in, network_of, proxy_address
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest

if TYPE_CHECKING:
    from docker.models.containers import Container
    from docker.models.networks import Network

_START_SECONDS = 15
_USER = 10001


@dataclass(frozen=True, slots=True)
class Proxy:
    """HAProxy for one service in one environment.

    Its state folder is mounted into its container, so the engine must run on this machine.
    """

    copies: Copies
    address: str
    image: str
    state: Path

    @property
    def admin(self) -> AdminSocket:
        return AdminSocket(self.state)

    def container(self) -> Container | None:
        """Return the container, running or not."""
        wanted = [f"{key}={value}" for key, value in self._labels.items()]
        found = self.copies.client.containers.list(all=True, filters={"label": wanted}, ignore_removed=True)
        return found[0] if found else None

    def refuse_taken_address(self) -> None:
        """Refuse an address that this machine has not, or that another program listens on."""
        container = self.container()
        if (
            container
            and container.status == "running"
            and container.labels["ci_steps.address"] == self.address
        ):
            return
        host, port = self._split_address()
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise self._taken() from error
            if error.errno == errno.EADDRNOTAVAIL:
                raise InputError(
                    f"{self.address} is not an address of this machine",
                    hint=f"change environments.{self.copies.environment}.address in release.yaml",
                ) from error
            if error.errno != errno.EACCES:  # a port below 1024: the engine may, even where we may not
                raise OutsideError(f"{self.address} cannot be tried: {error.strerror}") from error

    def up(self) -> Network:
        """Have the proxy run as it must, and return the network it shares with the replicas.

        One that was stopped or killed comes back on the colour that its files name. One with another
        address, image or configuration is replaced, which interrupts the service for a second.
        """
        name = self._name
        network = network_of(self.copies.client, name, self.copies.labels)
        self.have_image()
        shape = self._shape(network)
        container = self.container()
        if container and (container.labels.get("ci_steps.shape") != shape or container.status == "dead"):
            self.refuse_taken_address()
            self.copies.progress.say(f"replacing the proxy {name}, whose address or configuration changed")
            container.remove(force=True)
            container = None
        if container and container.status == "running" and self.admin.answers():
            return network
        self.refuse_taken_address()
        self.write_files(network, self._remembered())
        if container is None:
            container = self._created(network, shape)
        self._start(container)
        self._await_admin(container)
        return network

    def have_image(self) -> None:
        """Have the proxy's image here; what cannot be had is said before anything is begun."""
        import docker

        try:
            pulled(self.copies.client, self.image, self.copies.progress)
        except (OutsideError, docker.errors.APIError) as error:
            said = error.explanation if isinstance(error, docker.errors.APIError) else str(error)
            raise OutsideError(
                f"the proxy's image {self.image} cannot be had: {' '.join(str(said).split())}",
                hint="name one that can be pulled in CI_STEPS_HAPROXY_IMAGE, as the kit's .engine.env does",
            ) from error

    def write_files(self, network: Network, active: Colour | None) -> None:
        """Write what a restart of the proxy comes up with: its run-time state is lost then."""
        serving = {(c.colour, c.number) for c in self.copies.all() if c.colour == active and c.running}
        texts = {
            "active.map": map_text(active),
            "haproxy.cfg": configuration(addresses_in(network), serving),
        }
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            self.state.chmod(0o700)
            if os.geteuid() == 0:
                os.chown(self.state, _USER, _USER)
            for name, text in texts.items():
                self._write(name, text)
        except OSError as error:
            raise OutsideError(f"{self.state} cannot be written: {error.strerror}") from error

    @property
    def _name(self) -> str:
        return f"{self.copies.service}-{self.copies.environment}"

    @property
    def _labels(self) -> dict[str, str]:
        return {**self.copies.labels, "ci_steps.role": "proxy"}

    def _shape(self, network: Network) -> str:
        """Return what cannot be changed in a running proxy, as one word."""
        text = configuration(addresses_in(network), ())
        user = _USER if os.geteuid() == 0 else os.geteuid()
        return Digest.of(f"{self.image} {self.address} {self.state} {user} {text}".encode()).short

    def _remembered(self) -> Colour | None:
        """Return the colour that served last: by the files, and where they are lost, by what runs."""
        try:
            text = (self.state / "active.map").read_text()
        except OSError:
            serving = {copy.colour for copy in self.copies.all() if copy.running and copy.served}
            return serving.pop() if len(serving) == 1 else None
        return next((colour for colour in COLOURS if text == map_text(colour)), None)

    def _created(self, network: Network, shape: str) -> Container:
        client = self.copies.client
        # The folder is private to whoever runs the kit; as root that would be nobody in the container.
        user = _USER if os.geteuid() == 0 else os.geteuid()
        group = _USER if os.geteuid() == 0 else os.getegid()
        name = str(network.name)
        return client.containers.create(
            self.image,
            # The public image has a script as its entry point, the distribution's has none: this fits both.
            entrypoint=["haproxy"],
            command=["-db", "-f", f"{INSIDE}/haproxy.cfg"],
            name=f"{self._name}-proxy",
            labels={**self._labels, "ci_steps.address": self.address, "ci_steps.shape": shape},
            user=f"{user}:{group}",
            network=name,
            networking_config={name: client.api.create_endpoint_config(ipv4_address=proxy_address(network))},
            ports={f"{PORT}/tcp": self._split_address()},
            volumes={str(self.state): {"bind": INSIDE, "mode": "rw"}},
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=64,
            mem_limit="256m",
            restart_policy=HEALS,
        )

    def _start(self, container: Container) -> None:
        import docker

        try:
            container.restart(timeout=2) if container.status == "running" else container.start()
        except docker.errors.APIError as error:
            if "already allocated" in str(error) or "address already in use" in str(error):
                raise self._taken() from error
            raise

    def _await_admin(self, container: Container) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.admin.answers():
            container.reload()
            if container.status != "running" or time.monotonic() > deadline:
                said = container.logs(tail=5).decode(errors="replace").split("\n")
                raise OutsideError(
                    f"the proxy {container.name} does not start: {' | '.join(filter(None, said))[-500:]}"
                )
            time.sleep(0.05)

    def _split_address(self) -> tuple[str, int]:
        host, _, port = self.address.rpartition(":")
        try:
            return socket.gethostbyname(host), int(port)
        except OSError as error:
            raise InputError(f"{self.address}: {host!r} is not known on this machine") from error

    def _taken(self) -> InputError:
        return InputError(
            f"{self.address} is in use by another program",
            hint=f"stop it, or change environments.{self.copies.environment}.address in release.yaml",
        )

    def _write(self, name: str, text: str) -> None:
        path = self.state / name
        if path.is_file() and path.read_text() == text:
            return
        with tempfile.NamedTemporaryFile("w", dir=self.state, prefix=".half-", delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
