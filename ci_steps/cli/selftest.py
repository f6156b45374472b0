"""`selftest`: every gate is seen to refuse, before anyone relies on it."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from ci_steps.cli import offers, options
from ci_steps.cli.screen import SIGNS, one_line
from ci_steps.errors import ExitCode, InputError
from ci_steps.model.guess import among
from ci_steps.model.verdict import Verdict

if TYPE_CHECKING:
    from ci_steps.selftest.case import Case
    from ci_steps.selftest.trying import Tried

_WHOLE = "the gate as a whole"
_COLUMNS = (Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.WARNED, Verdict.PASSED)


@click.command()
@click.option("--gate", default="", shell_complete=offers.gates, help="Only this one.")
@click.option("-v", "--verbose", is_flag=True, help="A line for each case, also for the right ones.")
@options.as_json
def selftest(gate: str, *, verbose: bool, as_json: bool) -> None:
    """Feed each gate inputs it must refuse, must not decide, and must pass, and show that it does.

    For each kind of rule the numbers of inputs that were refused (✘), left undecided (?), let go on with a
    warning (!) and passed (✔), all as they must be. A case that is judged otherwise is always shown.
    """
    from ci_steps.selftest.table import CASES, GATES
    from ci_steps.selftest.trying import tried

    if gate and gate not in GATES:
        raise InputError(f"{gate!r} is not a gate", hint=among(gate, GATES))
    cases = [case for case in CASES if gate in {"", case.gate}]
    shown = _as_json if as_json else _each if verbose else _table
    wrong, began = 0, time.monotonic()
    for one in shown(cases, tried(cases)):
        wrong += not one.right
    if not as_json:
        kinds, gates = {(c.gate, c.kind) for c in cases if c.kind}, {c.gate for c in cases}
        of = f"{len(kinds)} kind{'s' * (len(kinds) != 1)} of rules of {gate or f'{len(gates)} gates'}"
        click.echo(f"{len(cases)} cases for {of}, in {time.monotonic() - began:.1f} s")
    if wrong:
        click.echo(f"{wrong} of the cases were judged wrongly; do not trust this installation", err=True)
        raise click.exceptions.Exit(int(ExitCode.CRASHED))


def _as_json(_: Sequence["Case"], results: Iterable["Tried"]) -> Iterator["Tried"]:
    for one in results:
        yield one
        case = one.case
        said = {"gate": case.gate, "check": case.check, "kind": case.kind, "case": case.title}
        verdicts = {"wanted": case.wanted.value, "answered": _word(one)}
        click.echo(one_line(said | verdicts | {"seconds": round(one.seconds, 3)}))


def _each(_: Sequence["Case"], results: Iterable["Tried"]) -> Iterator["Tried"]:
    for one in results:
        yield one
        click.echo(_line(one))


def _table(cases: Sequence["Case"], results: Iterable["Tried"]) -> Iterator["Tried"]:
    """Show a gate as soon as its last case is through; a terminal also sees how far it is."""
    counted = _counted(results, len(cases))
    for gate, group in groupby(counted, key=lambda one: one.case.gate):
        own: list[Tried] = []
        for one in group:
            yield one
            own.append(one)
        _clear()
        seconds = sum(one.seconds for one in own)
        click.echo(f"{_sign(own)} {gate:<34} {len(own):>24} cases {seconds:>6.1f} s")
        for kind in sorted({one.case.kind for one in own}, key=lambda kind: (not kind, kind)):
            _row(kind, [one for one in own if one.case.kind == kind])


def _row(kind: str, own: Sequence["Tried"]) -> None:
    right = [one.case.wanted for one in own if one.right]
    cells = [_cell(verdict, right.count(verdict)) for verdict in _COLUMNS]
    seconds = sum(one.seconds for one in own)
    click.echo(f"  {_sign(own)} {kind or _WHOLE:<32} {' '.join(cells)} {seconds:>14.1f} s")
    for one in own:
        if not one.right:
            click.echo(f"    {_line(one)}")


def _cell(verdict: Verdict, count: int) -> str:
    sign, colour = SIGNS[verdict]
    return click.style(f"{sign} {count:<3}", fg=colour) if count else " " * 5


def _counted(results: Iterable["Tried"], total: int) -> Iterator["Tried"]:
    for number, one in enumerate(results, 1):
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{number} of {total} cases, {one.case.gate}", err=True, nl=False)
        yield one


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)


def _line(one: "Tried") -> str:
    wanted = one.case.wanted.value
    said = wanted if one.right else f"{_word(one)}, must be {wanted}"
    return f"{_sign([one])} {one.case.gate:<17} {said:<12} {one.case.title}"


def _word(one: "Tried") -> str:
    return one.answered.value if one.answered else "silent"


def _sign(own: Sequence["Tried"]) -> str:
    sign, colour = SIGNS[Verdict.PASSED if all(one.right for one in own) else Verdict.REFUSED]
    return click.style(sign, fg=colour)
