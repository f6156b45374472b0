"""From what serves to what is wanted, at no moment with nobody serving."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ci_steps.adapters.docker_target.containers import Copies, Copy
from ci_steps.adapters.docker_target.haproxy import COLOURS, AdminSocket, Colour
from ci_steps.adapters.docker_target.network import addresses_in
from ci_steps.adapters.docker_target.proxy import Proxy
from ci_steps.errors import NotServingError
from ci_steps.model.release import Release
from ci_steps.model.settings import EnvironmentSettings

if TYPE_CHECKING:
    from docker.models.networks import Network

_LOOK_AGAIN_SECONDS = 0.1
_RECOVER_SECONDS = 10
"""How long replicas that all run may take to pass their checks before others are brought up for them."""


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """Two colours behind a proxy that runs."""

    copies: Copies
    proxy: Proxy
    network: Network
    settings: EnvironmentSettings

    def bring(self, wanted: Release | None) -> None:
        """Make ``wanted`` serve, or nothing; what served before stays as it is, for the way back."""
        active = self.admin.active()
        serves = active is not None and wanted is not None and self._serves(active, wanted)
        if not serves:
            colour = self._idle(active, wanted) if wanted else None
            if wanted and colour and not self._is_warm(colour, wanted):
                self._bring_up(colour, wanted)
            self.admin.switch(colour)
            self.say(f"switched from {active or 'nothing'} to {colour or 'nothing'}")
            active = colour
        # Before anything is stopped: a proxy that restarts now must come up on what goes on running.
        self.proxy.write_files(self.network, active)

    def retire(self) -> None:
        """Stop the colour that does not serve, or both where none does."""
        active = self.admin.active()
        for colour in COLOURS:
            if colour != active:
                self._retire(colour)

    @property
    def admin(self) -> AdminSocket:
        return self.proxy.admin

    def say(self, text: str) -> None:
        self.copies.progress.say(text)

    def _holds(self, copies: tuple[Copy, ...], wanted: Release) -> bool:
        """Whether these are all that is wanted, and run."""
        fits = [c for c in copies if c.is_for(wanted) and c.running and c.image() == wanted.image]
        return len(fits) == wanted.replicas == len(copies)

    def _is_warm(self, colour: Colour, wanted: Release) -> bool:
        """Whether the colour could take all requests at once: nobody has stopped it since it served."""
        copies, servers = self.copies.of(colour), self.admin.servers()
        return self._holds(copies, wanted) and all(
            copy.served and servers[colour, copy.number].healthy for copy in copies
        )

    def _serves(self, active: Colour, wanted: Release) -> bool:
        """Whether the active colour is all that is wanted, or comes to be so by itself."""
        copies = self.copies.of(active)
        if not self._holds(copies, wanted):
            return False
        for copy in copies:
            if not self.admin.servers()[active, copy.number].enabled:
                self.admin.enable(active, copy.number)
        try:
            self._await_ready(copies, min(_RECOVER_SECONDS, self.settings.ready_seconds))
        except NotServingError:
            return False
        return True

    def _idle(self, active: Colour | None, wanted: Release) -> Colour:
        """Return the colour to bring up: the one that does not serve, or already holds what is wanted."""
        if active:
            return next(colour for colour in COLOURS if colour != active)
        holding = (c.colour for c in self.copies.all() if c.is_for(wanted))
        return next(holding, COLOURS[0])

    def _bring_up(self, colour: Colour, wanted: Release) -> None:
        """Start ``wanted`` in ``colour`` and wait for it; take it away again where it does not come."""
        if any(copy.running and not copy.is_for(wanted) for copy in self.copies.of(colour)):
            self._drain(colour)  # left warm by a run that was cut off: callers may still wait for it
        self._disable(colour)
        self.say(f"starting {wanted.replicas} x {wanted.id} as {colour}")
        copies = self.copies.started(
            wanted, colour, network=str(self.network.name), addresses=addresses_in(self.network)
        )
        for copy in copies:
            self.admin.enable(colour, copy.number)
        try:
            self._await_ready(copies, self.settings.ready_seconds)
        except NotServingError:
            self._disable(colour)
            for copy in copies:
                copy.remove()
            raise
        for copy in copies:
            copy.heal_itself(True)

    def _await_ready(self, copies: tuple[Copy, ...], seconds: float) -> None:
        """Wait until the proxy finds every copy healthy; notice at once when one ends instead."""
        deadline = time.monotonic() + seconds
        ready = -1
        while True:
            servers = self.admin.servers()
            healthy = [copy for copy in copies if servers[copy.colour, copy.number].healthy]
            if len(healthy) != ready:
                ready = len(healthy)
                self.copies.progress.advance(ready, len(copies), "replicas")
            for copy in copies:
                if failure := copy.failure():
                    raise NotServingError(failure, hint="run `integration-test`, or look at the model's code")
            if ready == len(copies):
                return
            if time.monotonic() > deadline:
                late = next(copy for copy in copies if copy not in healthy)
                server = servers[late.colour, late.number]
                raise NotServingError(
                    f"{late.name} is not ready within {seconds:g} s: /health/ready gives"
                    f" {server.said}{late.last_words()}",
                    hint=f"if it needs longer, raise environments.{self.copies.environment}.ready_seconds",
                )
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _retire(self, colour: Colour) -> None:
        """Let requests in flight end, then stop the colour; what never served is taken away."""
        copies = self.copies.of(colour)
        if any(copy.running for copy in copies):
            self._drain(colour)
        # Before the containers stop: a check or a request to an address that is gone would hang.
        self._disable(colour)
        for copy in copies:
            if not copy.served:
                copy.remove()
            elif copy.container.status != "exited":
                self.say(f"stopping {copy.name}")
                copy.stop()

    def _drain(self, colour: Colour) -> None:
        deadline = time.monotonic() + self.settings.drain_seconds
        self.say(f"draining {colour}")
        while in_flight := sum(s.sessions for (c, _), s in self.admin.servers().items() if c == colour):
            if time.monotonic() > deadline:
                self.say(
                    f"{in_flight} requests to {colour} are cut off after {self.settings.drain_seconds:g} s"
                )
                return
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _disable(self, colour: Colour) -> None:
        for (of, number), server in self.admin.servers().items():
            if of == colour and server.enabled:
                self.admin.disable(colour, number)
