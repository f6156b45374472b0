"""Data in Pachyderm: `pach://project/repo@COMMIT:/path`, whose commit names the very bytes."""

import re

from msgspec.structs import replace

from ci_steps.errors import InputError
from ci_steps.model.manifest import DataSource

# Pachyderm's ids are UUIDs of version 4 without dashes, and no branch may be called so.
_URI = re.compile(
    r"(?:pach|pfs)://(?P<repo>[^@\s]+)@(?:[\w-]+=)?(?P<commit>[0-9a-f]{12}4[0-9a-f]{19})(?:[:/].*)?"
)


def is_pachyderm(uri: str) -> bool:
    return uri.startswith(("pach://", "pfs://"))


def commit_of(uri: str) -> str:
    """Return the id of the commit in it; empty where it has none.

    >>> commit_of("pach://default/tweets@0f1e2d3c4b5a4f6e8d7c6b5a49382716:/raw")
    '0f1e2d3c4b5a4f6e8d7c6b5a49382716'
    >>> commit_of("pach://default/tweets@master:/raw")
    ''
    """
    found = _URI.fullmatch(uri)
    return found["commit"] if found else ""


def marked(source: DataSource, *, where: str) -> DataSource:
    """Return data of Pachyderm with its commit as mark; a branch, which moves, is bad input."""
    if not is_pachyderm(source.uri) or source.sha256:
        return source
    commit = commit_of(source.uri)
    if not commit:
        raise InputError(
            f"{where}: {source.uri} names no commit, and what a branch stands for moves",
            hint="write the commit's 32 digits, as `pachctl list commit` shows them: repo@COMMIT:/path",
        )
    if source.mark not in {"", f"commit:{commit}"}:
        raise InputError(f"{where}: {source.uri} is not {source.mark}", hint="leave `mark` out")
    return replace(source, mark=f"commit:{commit}")
