"""What counts as a new model: other words for it, other files, or other marks of the same files."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.refs import ModelRef
from ci_steps.model.value import Value
from ci_steps.model.wire import digest_of
from ci_steps.ports import ModelStore, Source

# Where the model's files come one after the other, and the address stays the same.
GROWING = frozenset({"s3", "gs", "azure", "file"})


class There(Value, frozen=True):
    """The model that is there now."""

    key: str
    """Another for every other model."""
    model: str
    """What a build is told."""


Look = Callable[[], There]


def at_address(source: Source, address: Address) -> Look:
    """Look at what an address stands for, without fetching it."""
    if address.pin:
        raise InputError(
            f"{address.unpinned} is pinned, so it never stands for a new model",
            hint="watch it without #sha256=…",
        )

    def look() -> There:
        found = source.resolve(address)
        # The same that the kit's store notes an import by.
        key = digest_of((found.origin.address, sorted(found.files, key=lambda file: file.path)))
        return There(key.hex, found.origin.address)

    return look


def at_tag(store: ModelStore, ref: ModelRef) -> Look:
    """Look at what a tag of the kit's own store stands for."""
    if not ref.tag:
        raise InputError(
            f"{ref} is one model for ever, so there is nothing to watch", hint=f"watch {ref.name}:candidate"
        )

    def look() -> There:
        sha = store.manifest(ref).sha
        return There(sha.hex, str(ModelRef.exact(ref.name, sha)))

    return look


@dataclass(slots=True)
class Settled:
    """Holds a model back until it has been the same for some seconds: files come one after the other."""

    look: Look
    seconds: float
    clock: Callable[[], float]
    _there: There | None = field(default=None, init=False)
    _since: float = field(default=0, init=False)

    def there(self) -> tuple[There, float]:
        """Return what is there, and for how many seconds more it must stay like that to count."""
        there = self.look()
        if there != self._there:
            self._there, self._since = there, self.clock()
        return there, max(0.0, self._since + self.seconds - self.clock())
