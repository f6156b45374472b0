"""What a watcher notes of a model, an object each: they are only ever added."""

from typing import Annotated

from msgspec import Meta

from ci_steps.model.value import Value
from ci_steps.model.wire import Wire
from ci_steps.ports.triggers import Asked, Build

_At = Annotated[str, Meta(description="when, RFC 3339, UTC")]
_Owner = Annotated[str, Meta(description="the run of `watch` that does it")]


class Claimed(Wire, frozen=True, kw_only=True, tag="claimed", tag_field="kind"):
    """One watcher will see to it, as long as it gives signs of life."""

    at: _At
    owner: _Owner
    by: Annotated[str, Meta(description="who runs that watcher, and where")]
    model: Annotated[str, Meta(description="what the build is told")]
    lease: Annotated[float, Meta(description="seconds of silence after which another may take it over")]


class Asking(Wire, frozen=True, kw_only=True, tag="asking", tag_field="kind"):
    """From here on the build may have been asked for."""

    at: _At
    owner: _Owner
    mark: Annotated[str, Meta(description="what tells builds of before from those that come")]


class Triggered(Wire, frozen=True, kw_only=True, tag="triggered", tag_field="kind"):
    """The build that it has; again where more of it is known."""

    at: _At
    owner: _Owner
    build: Annotated[Build, Meta(description="how it is found again")]


class Ended(Wire, frozen=True, kw_only=True, tag="ended", tag_field="kind"):
    """How the build ended; null: it was there when the watch began, and none was wanted."""

    at: _At
    owner: _Owner
    model: Annotated[str, Meta(description="what the build was told")]
    build: Annotated[Build | None, Meta(description="its last state")]

    @property
    def failed(self) -> bool:
        return self.build is not None and not self.build.sound


Entry = Claimed | Asking | Triggered


class Known(Value, frozen=True):
    """What the entries of one model say together."""

    count: int
    claim: Claimed | None = None
    """The last one, which holds."""
    mark: str | None = None
    """None: no build was ever asked for."""
    build: Build | None = None

    def asked(self, model: str, environment: str) -> Asked:
        return Asked(model, environment, self.mark or "")


def told(entries: tuple[Entry, ...]) -> Known:
    """Return what the entries say, the later ones having the last word."""
    claim, mark, build = None, None, None
    for entry in entries:
        if isinstance(entry, Claimed):
            claim = entry
        elif isinstance(entry, Asking):
            mark = entry.mark
        else:
            build = entry.build
    return Known(len(entries), claim, mark, build)
