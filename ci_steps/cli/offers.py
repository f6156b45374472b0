"""What a shell is offered on TAB. Whoever asks is typing: what cannot be read is offered nothing."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_steps.errors import StepError

if TYPE_CHECKING:
    from ci_steps.wiring import Wiring

_SHOWN = 12
"""How many characters of a SHA are offered."""


def environments(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the environments of release.yaml."""

    def named(wiring: "Wiring") -> Iterator[str]:
        yield from wiring.release_yaml.written().value(("environments",)) or ()

    return _offered(context, begun, named)


def models(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the tags of every model in a store that is a folder; after an ``@``, SHAs."""

    def named(wiring: "Wiring") -> Iterator[str]:
        if "://" in wiring.settings.store:
            return  # somebody else's machine would have to be asked
        store = wiring.store()
        for name in store.names():
            if "@" in begun:
                yield from (f"{name}@{sha.hex[:_SHOWN]}" for sha in store.shas(name))
            else:
                yield from (f"{name}:{tag}" for tag in store.tags(name))

    return _offered(context, begun, named)


def keys(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the keys that can be explained."""
    return _offered(context, begun, lambda wiring: iter(wiring.release_yaml.known_keys()))


def gates(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Return the gates that can be tried."""
    from ci_steps.selftest.table import CASES

    return [gate for gate in dict.fromkeys(case.gate for case in CASES) if gate.startswith(begun)]


def _offered(context: click.Context, begun: str, named: Callable[["Wiring"], Iterator[object]]) -> list[str]:
    from ci_steps.cli.screen import PlainLines
    from ci_steps.rundir import RunDir
    from ci_steps.wiring import Wiring

    config = Path(context.params.get("config") or "release.yaml")
    found = []
    with suppress(StepError):
        wiring = Wiring(run=RunDir(Path(".release")), config=config, progress=PlainLines())
        found = [str(each) for each in named(wiring)]
    return [each for each in found if each.startswith(begun)]
