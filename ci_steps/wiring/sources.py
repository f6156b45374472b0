"""Which adapter stands behind the scheme of an address."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Manifest
from ci_steps.model.value import Value
from ci_steps.ports import Programs, Shape, Source, Sources


class Late(Value, frozen=True):
    """Models of other systems, whose adapters are imported when one is asked for."""

    make: Callable[[], Sources]

    def manifest(self, address: Address) -> Manifest:
        return self.make().manifest(address)


def source(scheme: str, project: Path, variables: Mapping[str, str], programs: Programs) -> Source:
    """Return the source of a scheme; its credentials come from ``variables`` alone."""
    makers: dict[str, Callable[[], Source]] = {"file": lambda: _file(project)}
    if scheme not in makers:
        raise InputError(f"{scheme}: is not known here", hint=f"known are {', '.join(makers)}")
    return makers[scheme]()


def shapes(programs: Programs, variables: Mapping[str, str]) -> tuple[Shape, ...]:
    """Return the forms that a model's files may have beside the kit's own."""
    return ()


def _file(project: Path) -> Source:
    from ci_steps.adapters.file_source import FileSource

    return FileSource(project)
