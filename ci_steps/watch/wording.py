"""A build in words."""

import re

from ci_steps.ports.triggers import Build
from ci_steps.watch.entries import Ended

_SECONDS = re.compile(r"[\d.,:]+( ?(ms|sec|min|hr?|day)s?)?")


def changed(before: Build | None, build: Build) -> str:
    """Return what is new since it was looked at last; empty: nothing that a person wants to hear again.

    >>> a = Build(state="waiting", why="In the quiet period. Expires in 4.9 sec")
    >>> changed(None, a)
    'waits: In the quiet period. Expires in 4.9 sec'
    >>> changed(a, Build(state="waiting", why="In the quiet period. Expires in 2.1 sec"))
    ''
    >>> changed(a, Build(state="running", number="7", url="http://ci/job/x/7/"))
    'build 7 is running: http://ci/job/x/7/'
    """
    if build.state == "running" and (before is None or before.state != "running"):
        where = f": {build.url}" if build.url else ""
        return f"build {build.number} is running{where}" if build.number else "is running"
    waited = before.why if before and before.state == build.state else ""
    if build.why and _SECONDS.sub("", build.why) != _SECONDS.sub("", waited):
        return f"waits: {build.why}" if build.state == "waiting" else build.why
    return ""


def past(ended: Ended) -> str:
    """Return what is known of a model whose build ended, and how it is triggered again where it failed."""
    before = "had its build before"
    if ended.build is None or ended.build.sound:
        return before
    return f"{before}, and that ended {ended.build.result}; --retry triggers it once more"


def ending(build: Build) -> str:
    """Return how it ended, in one line.

    >>> ending(Build(state="ended", number="7", result="FAILURE", why="refused: accuracy", url="http://ci/7"))
    'build 7 ended FAILURE (refused: accuracy): http://ci/7'
    """
    which = f"build {build.number} ended" if build.number else "ended"
    why = f" ({build.why})" if build.why else ""
    where = f": {build.url}" if build.url else ""
    return f"{which} {build.result}{why}{where}"
