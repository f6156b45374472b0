"""What decides is inverted, one comparison at a time, and `selftest` goes red each time."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from tests.mutation.equivalent import EQUIVALENT, reason_for
from tests.mutation.mutants import Mutant, compiled, mutants_of, source_of
from tests.mutation.places import PLACES, few, mutants

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("CI_STEPS_CAMPAIGN") == "full"
RESULTS = Path(__file__).with_name("RESULTS.md")

THROUGH_THE_COMMAND = """\
import json, sys
from tests.mutation.importing import put_in_place
from tests.mutation.mutants import Mutant
put_in_place(Mutant(**json.loads(sys.argv.pop(1))))
from ci_steps.__main__ import main
main()
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What one trial came to."""

    mutant: Mutant
    killed_by: str


def tried(gate: str, extent: str) -> list[Told]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.mutation", gate, extent],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    return [Told(Mutant(**row["mutant"]), row["killed_by"]) for row in rows]


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, Future[list[Told]]]]:
    """Try every gate's mutants, two gates at a time; a campaign that got through all is written down."""
    with ThreadPoolExecutor(2) as pool:
        coming = {gate: pool.submit(tried, gate, "all" if FULL else "few") for gate in PLACES}
        yield coming
    if FULL and not any(gate.exception() for gate in coming.values()):
        RESULTS.write_text(table({gate: come.result() for gate, come in coming.items()}), encoding="utf-8")


@pytest.mark.campaign
@pytest.mark.timeout(14400 if FULL else 1800)
@pytest.mark.parametrize("gate", PLACES)
def test_the_selftest_goes_red_when_a_comparison_that_decides_is_inverted(
    gate: str, told: dict[str, Future[list[Told]]]
) -> None:
    decisive = mutants(gate, decisive=True) if FULL else few(gate)

    outcomes = told[gate].result()

    assert decisive
    assert {one.mutant for one in outcomes} >= {*decisive}
    assert [str(mutant) for mutant in _survived(outcomes) if mutant in decisive] == []


def test_every_reason_belongs_to_a_mutant_that_can_be_made() -> None:
    every = [mutant for gate in PLACES for mutant in mutants(gate, decisive=False)]

    assert [entry for entry in EQUIVALENT if not any(map(entry.is_this, every))] == []


@pytest.mark.parametrize(("gate", "function"), [("fetch-model", "fetched"), ("admission", "Waiver.covers")])
def test_the_command_ends_with_1_where_a_gate_is_broken(gate: str, function: str) -> None:
    mutant = next(m for m in mutants(gate, decisive=True) if m.function == function)

    ended = subprocess.run(
        [
            *(sys.executable, "-c", THROUGH_THE_COMMAND, json.dumps(asdict(mutant))),
            *("selftest", "--gate", gate),
        ],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 1
    assert ", must be " in ended.stdout
    assert "do not trust this installation" in ended.stderr


def test_the_command_ends_with_0_and_names_every_case_where_no_gate_is_broken() -> None:
    from ci_steps.selftest.table import CASES

    ended = subprocess.run(
        [sys.executable, "-m", "ci_steps", "selftest", "--verbose"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    *lines, summary = ended.stdout.splitlines()
    assert all(line.endswith(case.title) for line, case in zip(lines, CASES, strict=True))
    assert summary.startswith(f"{len(CASES)} cases for ")


def test_a_mutant_differs_from_its_module_in_one_place() -> None:
    module = "ci_steps.steps.check_metrics.decisions"
    found = list(mutants_of(module))
    sound = compile(
        ast.parse(source_of(module).read_text()), str(source_of(module)), "exec", dont_inherit=True
    )

    codes = {compiled(mutant).co_consts for mutant in found}

    assert len(codes) == len(found)
    assert sound.co_consts not in codes


def test_a_mutant_of_a_source_that_was_edited_since_is_an_error() -> None:
    mutant = next(mutants_of("ci_steps.steps.check_metrics.decisions"))

    with pytest.raises(LookupError, match=r"decisions\.py:\d+ was edited since"):
        compiled(replace(mutant, source="another line"))


def test_a_gate_without_its_function_is_an_error() -> None:
    from tests.mutation.places import Place

    with pytest.raises(LookupError, match="decides nothing in no_such_function"):
        list(Place("ci_steps.model.verdict", ("no_such_function",)).mutants(decisive=True))


def table(told: dict[str, list[Told]]) -> str:
    """Return the campaign's numbers, and every mutant that survived, with its line."""
    lines = [
        "# Mutants of the gates",
        "",
        "Written by `make campaign`. Each comparison, condition and connective of the modules in which a",
        "gate decides is changed in turn, and the gate's selftest cases are run; texts are left alone.",
        "Decisive: a comparison or condition turned round in a function by which the gate judges",
        "(`places.py`); none may survive. The others move an edge, read inputs, word findings or save time.",
        "Killed: a case was judged otherwise, or the selftest crashed. Equivalent: no verdict depends on it,",
        "for the reason in `equivalent.py`.",
        "",
        "| gate | decisive | killed | equivalent | survived | others | killed | equivalent | survived |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    decided: list[str] = []
    others: dict[str, list[str]] = {}
    for gate, many in told.items():
        decisive = {*mutants(gate, decisive=True)}
        sides = ([one for one in many if (one.mutant in decisive) is side] for side in (True, False))
        lines.append(f"| {gate} | {' | '.join(map(_counts, sides))} |")
        for mutant in _survived(many):
            if mutant in decisive:
                decided.append(
                    f"- `{mutant.place}` in `{mutant.function}`, {mutant.change}: `{mutant.source}`"
                )
            else:
                path, _, line = mutant.place.rpartition(":")
                others.setdefault(path, []).append(f"{line} {mutant.change}")
    return "\n".join(
        [
            *lines,
            *("", "## Decisive, and survived", "", *(decided or ["None."])),
            *("", "## Others that survived: line, and what was changed there", ""),
            *(f"- `{path}`: {', '.join(changes)}" for path, changes in others.items()),
            "",
        ]
    )


def _counts(many: list[Told]) -> str:
    killed, survived = sum(bool(one.killed_by) for one in many), len(_survived(many))
    return f"{len(many)} | {killed} | {len(many) - killed - survived} | {survived}"


def _survived(many: list[Told]) -> list[Mutant]:
    return [one.mutant for one in many if not one.killed_by and not reason_for(one.mutant)]
