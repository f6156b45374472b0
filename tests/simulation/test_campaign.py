"""The truth of the metric gate, where the truth is known: `make campaign` runs it at full size."""

import math
import os
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from ci_steps.model.verdict import Verdict
from tests.simulation.cells import (
    LABELS,
    NUMBERS,
    SCORES,
    Cell,
    Proportions,
    Sliced,
    counted,
    judged,
    on_all_cores,
    tried,
    world_of,
)
from tests.simulation.populations import Balance
from tests.simulation.results import DECIDING, EXACTLY, POWER, SIMULATED, SLICES, page, percent, table
from tests.simulation.trials import CONFIDENCE, Tally, asked

FULL = os.environ.get("CI_STEPS_CAMPAIGN") == "full"
RESULTS = Path(__file__).parent / "RESULTS.md"
LEVEL = 1 - CONFIDENCE
SIZES = (50, 200, 1_000, 5_000, 20_000)
DISAGREEMENTS = (0.02, 0.1, 0.4)
BALANCES: tuple[Balance, ...] = ("balanced", "1:50")

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(14400 if FULL else 120)]


@pytest.fixture(scope="module")
def sections() -> Iterator[list[tuple[str, str, str]]]:
    """Give the place for what the page of a campaign at full size tells."""
    began, told = time.monotonic(), list[tuple[str, str, str]]()
    yield told
    if FULL:
        RESULTS.write_text(page(told, time.monotonic() - began, os.cpu_count() or 1), encoding="utf-8")


def error_of(share: float, times: int) -> float:
    return math.sqrt(share * (1 - share) / times)


def test_two_proportions_at_the_margin_err_at_most_as_often_as_promised_whatever_n(
    sections: list[tuple[str, str, str]],
) -> None:
    sizes, margins = (SIZES, (0.01, 0.05)) if FULL else ((50,), (0.05,))
    pairs = [
        Proportions(n, margin, disagreement)
        for n, disagreement, margin in product(sizes, DISAGREEMENTS, margins)
        if margin <= disagreement
    ]
    others = [
        Proportions(n, margin, right=right) for n, right, margin in product(sizes, (0.8, 0.95, 0.99), margins)
    ]
    jobs = [*pairs, *others]

    found = dict(zip(jobs, on_all_cores(counted, jobs) if FULL else map(counted, jobs), strict=True))

    rows: dict[str, list[str]] = {}
    for n in sorted({two.n for two in jobs}):
        rows[f"{n:,}"] = []
        for disagreement in (*DISAGREEMENTS, None):
            errors = [found[two] for two in jobs if two.n == n and two.disagreement == disagreement]
            worst = (max(e.passed for e in errors), max(e.refused for e in errors)) if errors else ()
            rows[f"{n:,}"].append(" / ".join(map(percent, worst)) or "-")
    sections.append(
        (
            "Accuracy, exactly",
            EXACTLY,
            table("n", [*(f"{100 * d:g} % differ" for d in DISAGREEMENTS), "unpaired"], rows),
        )
    )
    assert max(errors.passed for errors in found.values()) <= LEVEL
    assert max(errors.refused for errors in found.values()) <= LEVEL * 1.05  # beyond enumeration it is normal


def test_a_candidate_at_the_margin_seldom_passes_by_any_metric(sections: list[tuple[str, str, str]]) -> None:
    times = 200 if FULL else 40
    metrics = (*LABELS, *SCORES, *NUMBERS) if FULL else ("f1", "balanced_accuracy", "roc_auc", "mae")
    cells = [
        Cell(metric, n, disagreement, balance, times=times)
        for metric, n, disagreement, balance in product(metrics, SIZES, DISAGREEMENTS, BALANCES)
        if FULL or (n == 200 and disagreement > 0.02)
    ]

    found = dict(zip(cells, on_all_cores(tried, cells) if FULL else map(tried, cells), strict=True))

    rows: dict[str, list[str]] = {}
    for metric, n in product(metrics, sorted({cell.n for cell in cells})):
        ofs = [found[cell] for cell in cells if cell.metric == metric and cell.n == n]
        whole = sum(ofs, Tally())
        rows[f"{metric}, {n:,}"] = [*map(_share, ofs), percent(whole.shown / whole.tried)]
    columns = [f"{b}, {100 * d:g} %" for d, b in product(DISAGREEMENTS, BALANCES)]
    sections.append(
        (
            "Other metrics, by simulation",
            SIMULATED.format(times=times, error=percent(error_of(LEVEL, times))),
            table("metric, n", [*columns, "row"], rows),
        )
    )
    for cell, of in found.items():
        assert of.shown / times <= LEVEL + 4 * error_of(LEVEL, times), (cell, of)
        assert of.harmed / times <= LEVEL + 4 * error_of(LEVEL, times), (cell, of)
    for metric in metrics:
        whole = sum((of for cell, of in found.items() if cell.metric == metric), Tally())
        assert whole.shown / whole.tried <= LEVEL + 3 * error_of(LEVEL, whole.tried), metric


def test_more_examples_give_more_power(sections: list[tuple[str, str, str]]) -> None:
    sizes = SIZES if FULL else (200, 5_000)
    metrics = ("accuracy", "f1", "balanced_accuracy", "roc_auc") if FULL else ("accuracy", "f1")
    shares = DISAGREEMENTS if FULL else (0.1,)
    balances = BALANCES if FULL else BALANCES[:1]
    times = 50 if FULL else 20
    cells = {
        (metric, n): [
            Cell(metric, n, d, b, lost=0.5, room=0.02, times=times) for d, b in product(shares, balances)
        ]
        for metric, n in product(metrics, sizes)
    }
    flat = [cell for row in cells.values() for cell in row]

    found = dict(zip(flat, on_all_cores(tried, flat) if FULL else map(tried, flat), strict=True))

    rows = {
        f"{metric}, {n:,}": [percent(found[cell].shown / cell.times) for cell in row]
        for (metric, n), row in cells.items()
    }
    columns = [f"{b}, {100 * d:g} %" for d, b in product(shares, balances)]
    sections.append(
        (
            "Power",
            POWER.format(times=times),
            table("metric, n", columns, rows),
        )
    )
    for metric in metrics:
        few, many = (
            found[cells[metric, n][0]].shown / cells[metric, n][0].times for n in (sizes[0], sizes[-1])
        )
        assert many > max(few, 0.8), metric


def test_ten_slices_of_noise_are_refused_at_most_as_often_as_one(
    sections: list[tuple[str, str, str]],
) -> None:
    times, rows = 200 if FULL else 5, dict[str, list[str]]()
    bound = LEVEL + 3 * error_of(LEVEL, times)
    equal, at_the_margin, worse = (0.1, 0.5), (0.1, 0.6), (0.2, 0.95)
    for name, parts in (
        ("as good as the baseline", (equal,) * 10),
        ("at the margin in every slice", (at_the_margin,) * 10),
        ("worse by 0.18 in slice 9, as good in the others", (*(equal,) * 9, worse)),
    ):
        jobs = [Sliced(parts, 200, 0.02, seed) for seed in range(times)]
        verdicts = on_all_cores(judged, jobs) if FULL else list(map(judged, jobs))

        nine = sum(seen[9] is Verdict.REFUSED for seen in verdicts) / times
        others = sum(Verdict.REFUSED in seen[:9] for seen in verdicts) / times
        passed = sum(set(seen) == {Verdict.PASSED} for seen in verdicts) / times
        rows[name] = [percent(nine), percent(others), percent(passed)]
        assert others <= bound
        assert nine >= 0.9 if worse in parts else nine <= bound
        assert passed == 0 if worse in parts else passed <= bound
    columns = ["slice 9 refused", "another one refused", "every slice passed"]
    sections.append(("Slices", SLICES.format(times=f"{times:,}"), table("the candidate is", columns, rows)))


@pytest.mark.parametrize("metric", ["accuracy", "f1"])
@pytest.mark.parametrize("room", [0.03, -0.03])
def test_as_many_examples_as_the_gate_asks_for_decide_in_about_four_of_five(
    metric: str, room: float, sections: list[tuple[str, str, str]]
) -> None:
    world = world_of(metric, 0.2, "balanced", 0.75)
    margin = room - world.true_gain(metric)

    wanted = asked(metric, world.expected(400), margin, seed=1).examples_that_decide

    assert wanted is not None
    times = 400 if FULL else 30
    of = tried(Cell(metric, wanted, 0.2, room=room, times=times))
    decided = (of.shown if room > 0 else of.harmed) / times
    sections.append(
        (
            f"Examples that decide: {metric}, {abs(room)} {'above' if room > 0 else 'below'} the margin",
            DECIDING.format(times=times),
            table("asks for", ["is then right, in percent"], {f"{wanted:,}": [percent(decided)]}),
        )
    )
    assert abs(decided - 0.8) <= 0.07 + 2 * error_of(0.8, times)


def _share(of: Tally) -> str:
    if of.undecidable > 0.9 * of.tried and not of.shown:
        return "few"
    return f"{percent(of.shown / of.tried)} ({percent(of.harmed / of.tried)})"
