"""Which adapter stands behind the scheme of an address."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ci_steps.errors import InputError
from ci_steps.ports import Programs, Shape, Source


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
