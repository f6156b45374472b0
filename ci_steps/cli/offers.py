"""What a shell is offered on TAB. Whoever asks is typing: what cannot be read is offered nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_steps.errors import StepError
from ci_steps.model.refs import ModelRef
from ci_steps.model.settings import ENVIRONMENT

if TYPE_CHECKING:
    from ci_steps.wiring import Wiring

_SHOWN = 12
"""How many characters of a SHA are offered."""
_KEY = r"[a-z0-9_-]+(\.[a-z0-9_-]+)*"


def environments(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the environments of release.yaml."""

    def named(wiring: "Wiring") -> Iterator[str]:
        found = wiring.release_yaml.written().value(("environments",))
        yield from found if isinstance(found, dict) else ()

    return _offered(context, begun, named, lambda name: bool(re.fullmatch(ENVIRONMENT, name)))


def models(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the tags of every model in a store that is a folder; after an ``@``, SHAs."""

    def named(wiring: "Wiring") -> Iterator[str]:
        if "://" in wiring.settings.store:
            return  # somebody else's machine would have to be asked
        # Names alone: a file of the store may be a pipe, and be waited for.
        blobs = wiring.store().blobs
        if "@" in begun:
            for key in blobs.keys("models/"):
                name, _, file = key.removeprefix("models/").partition("/")
                yield f"{name}@{file.removesuffix('.json')[:_SHOWN]}"
        else:
            yield from (key.removeprefix("tags/").replace("/", ":", 1) for key in blobs.keys("tags/"))

    return _offered(context, begun, named, _is_model)


def keys(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the keys that can be explained."""

    def named(wiring: "Wiring") -> Iterator[str]:
        yield from wiring.release_yaml.known_keys()

    return _offered(context, begun, named, lambda key: bool(re.fullmatch(_KEY, key)))


def gates(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Return the gates that can be tried."""
    from ci_steps.selftest.table import GATES

    return [gate for gate in GATES if gate.startswith(begun)]


def _is_model(text: str) -> bool:
    try:
        ModelRef.parse(text)
    except StepError:
        return False
    return True


def _offered(
    context: click.Context,
    begun: str,
    named: Callable[["Wiring"], Iterator[object]],
    fit: Callable[[str], bool],
) -> list[str]:
    """Return what is named and fits: what a file says may be a command of the shell, once it is typed."""
    from ci_steps.cli.screen import PlainLines
    from ci_steps.rundir import RunDir
    from ci_steps.wiring import Wiring

    config = Path(context.params.get("config") or "release.yaml")
    found = []
    with suppress(StepError, OSError, RuntimeError):  # RuntimeError: a link that leads to itself
        wiring = Wiring(run=RunDir(Path(".release")), config=config, progress=PlainLines())
        found = [str(each) for each in named(wiring)]
    return [each for each in found if each.startswith(begun) and fit(each)]
