"""Other systems that models live in, in memory."""

from dataclasses import dataclass, field

from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Manifest


@dataclass
class MemorySources:
    """Models by their address."""

    models: dict[str, Manifest] = field(default_factory=dict)

    def manifest(self, address: Address) -> Manifest:
        try:
            return self.models[address.unpinned]
        except KeyError as error:
            raise InputError(f"there is no {address.unpinned}") from error
