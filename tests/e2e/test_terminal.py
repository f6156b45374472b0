"""What a person sees in a real terminal."""

import os
import pty
import subprocess
import sys

import pytest


def in_a_terminal(*arguments: str, **variables: str) -> str:
    """Run the kit in a terminal of its own and return all that it wrote there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ci_steps", *arguments]
    environment = {**os.environ, "TERM": "xterm-256color", **variables}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=environment) as process:
        os.close(theirs)
        said = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert process.returncode == 0, said.decode()
    return said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so where the other end has closed it
        return b""


@pytest.mark.parametrize(("asked", "coloured"), [("", True), ("1", False)])
def test_whoever_asks_for_no_colour_gets_none(asked: str, *, coloured: bool) -> None:
    said = in_a_terminal("selftest", "--gate", "admission", NO_COLOR=asked)

    assert "cases for" in said
    assert ("\x1b[32m" in said) is coloured
