"""Trying mutants on a gate's selftest cases, each in a process of its own that is forked from a warm one."""

import json
import math
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from tests.mutation.importing import forget, let_tell, put_in_place
from tests.mutation.mutants import Mutant

LIMITS = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 1 << 28, resource.RLIMIT_AS: 8 << 30}
"""A mutant that writes or takes memory without end is ended by the kernel, on a slow machine too."""
CPU_SECONDS = 5.0
"""What a mutant may spend on a case beside five times what the gate takes: more, and it runs without end."""
WALL_SECONDS = 240.0
MADE_ONCE = {"ci_steps.selftest.specimen", "ci_steps.selftest.loopback"}


@dataclass(frozen=True, slots=True)
class Tried:
    """One case of the sound gate: how long it took, and which functions of the kit it went through."""

    number: int
    right: bool
    seconds: float
    functions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant; ``killed_by`` is empty where it survived."""

    mutant: Mutant
    killed_by: str


def sound(gate: str, interested: Sequence[str]) -> list[Tried]:
    """Run every case of a gate as it is; only functions of the ``interested`` modules are noted."""
    rows = _forked(lambda: _seen(gate, interested), {}, 10 * WALL_SECONDS)
    assert isinstance(rows, list), rows
    return [Tried(row[0], row[1], row[2], frozenset(row[3])) for row in rows]


def outcome_of(mutant: Mutant, gate: str, cases: Sequence[Tried]) -> Outcome:
    """Put the mutant in place and run the cases that go through it, the quickest first, to a wrong one."""
    place = f"{mutant.module}:{mutant.function}"
    going = [case for case in cases if not mutant.function or place in case.functions]
    order = sorted(going, key=lambda case: case.seconds)
    if not order:
        return Outcome(mutant, "")
    said = _forked(lambda: _first_wrong(mutant, gate, order), LIMITS, WALL_SECONDS)
    return Outcome(mutant, said if isinstance(said, str) else "")


def warm_up(gates: Sequence[str]) -> None:
    """Import what the gates import, so that a fork has it all; the kit itself is forgotten again."""
    for gate in gates:
        _cases(gate)
    forget()


def _cases(gate: str) -> Sequence[Any]:
    found: Sequence[Any] = import_module(f"ci_steps.selftest.{gate.replace('-', '_')}").CASES
    return found


def _seen(gate: str, interested: Sequence[str]) -> list[tuple[int, bool, float, list[str]]]:
    called: set[str] = set()
    let_tell(interested, called.add)
    rows = []
    for number, case in enumerate(_cases(gate)):
        _forget_answers()
        called.clear()
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
            right = case.answered(Path(folder)) is case.wanted
        rows.append((number, right, time.perf_counter() - began, sorted(called)))
    return rows


def _forget_answers() -> None:
    """Let a case that shares the report of another go through what made it.

    The specimen, and what a program of its own said of it, go through no gate: they are made once.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("ci_steps.selftest.") and name not in MADE_ONCE:
            for kept in vars(module).values():
                if callable(clear := getattr(kept, "cache_clear", None)):
                    clear()


def _first_wrong(mutant: Mutant, gate: str, order: Sequence[Tried]) -> str | None:
    _limit_cpu(2 * CPU_SECONDS)
    put_in_place(mutant)
    try:
        cases = _cases(gate)
        for one in order:
            case = cases[one.number]
            _limit_cpu(CPU_SECONDS + 5 * one.seconds)
            with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
                answered = case.answered(Path(folder))
            if getattr(answered, "value", None) != case.wanted.value:
                return str(case.title)
    except BaseException as error:  # noqa: BLE001 - whatever a mutant raises, the selftest would end with it
        return f"raises {type(error).__name__}"
    return None


def _limit_cpu(seconds: float) -> None:
    """Let this process spend so much more; its children begin at nothing, and may as much as it in all."""
    spent = time.process_time()
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(spent + seconds), hard))


def _forked(work: Callable[[], Any], limits: Mapping[int, int], wall_seconds: float) -> Any:
    """Do ``work`` in a fork of this process and return what it returned; its death is an answer too."""
    theirs, ours = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        os.close(theirs)
        _child(work, ours, limits)
    os.close(ours)
    content, deadline = bytearray(), time.monotonic() + wall_seconds
    with os.fdopen(theirs, "rb", buffering=0) as answer:
        while (left := deadline - time.monotonic()) > 0 and select.select([answer], [], [], left)[0]:
            block = answer.read(1 << 16)
            if not block:
                break
            content += block
        else:
            os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
    if status:
        raise RuntimeError(content.decode())
    return json.loads(content)


def _child(work: Callable[[], Any], answer: int, limits: Mapping[int, int]) -> NoReturn:
    """Never return: what pytest or the loop above would do next is not for a child."""
    try:
        os.setsid()
        for limit, value in limits.items():
            resource.setrlimit(limit, (value, value))
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        content = json.dumps(work()).encode()
        status = 0
    except BaseException:  # noqa: BLE001 - told to the parent, which alone can say it
        content, status = traceback.format_exc().encode(), 1
    try:
        with os.fdopen(answer, "wb") as told:
            told.write(content)
    finally:
        os._exit(status)
