"""The systems' own clients, in the environments of their servers, run as programs."""

import atexit
import base64
import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest


def variable(name: str, script: str) -> str:
    """Return what a script of contrib/engine has exported."""
    if not os.environ.get(name):
        pytest.fail(f'{name} not set: run `make test`, or eval "$(contrib/engine/{script})"', pytrace=False)
    return os.environ[name]


def asked(python: str, client: str, verb: str, where: str, contents: Mapping[str, bytes]) -> None:
    """Let a client beside this file put or delete these contents."""
    given = {name: value for name, value in os.environ.items() if name.startswith(("AZURE_", "REQUESTS_"))}
    program = _started(python, client, frozenset(given.items()))
    assert program.stdin
    assert program.stdout
    line = {name: base64.b64encode(content).decode() for name, content in contents.items()}
    program.stdin.write(json.dumps([verb, where, line]) + "\n")
    program.stdin.flush()
    assert program.stdout.readline() == "done\n", f"{client} ended with {program.wait(10)}"


@cache
def _started(python: str, client: str, _: frozenset[tuple[str, str]]) -> subprocess.Popen[str]:
    """Start a client once for all that is asked of it: it takes a second, and does what each line says."""
    program = subprocess.Popen(
        [python, str(Path(__file__).with_name(client))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(_ended, program)
    return program


def _ended(program: subprocess.Popen[str]) -> None:
    program.communicate(timeout=10)
