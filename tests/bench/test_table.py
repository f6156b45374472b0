from functools import partial
from pathlib import Path

import pytest

from tests.bench.table import Row, Section, write
from tests.bench.timing import Seconds, interleaved


def section(title: str, seconds: float = 1.0) -> Section:
    return Section(title, "make bench", [Row("a thing", Seconds((seconds,)), "", None, 2)])


def test_a_section_takes_the_place_of_the_one_before_it_and_leaves_the_others(tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    write([section("Start-up"), section("A release")], results)

    write([section("Start-up", 3.0)], results)

    text = results.read_text()
    assert text.index("## Start-up") < text.index("## A release")
    assert text.count("## ") == 2
    assert "| a thing | 3.0 s (3.0 to 3.0) |  |  |  | 2 s | no | 1 |" in text
    assert "| a thing | 1.0 s (1.0 to 1.0) |  |  |  | 2 s | yes | 1 |" in text


def test_a_ratio_is_that_of_the_middle_round_and_not_of_the_medians() -> None:
    ours, theirs = Seconds((1.0, 20.0, 3.0)), Seconds((1.0, 10.0, 1.0))

    assert ours.ratio(theirs) == 2.0


@pytest.mark.parametrize(("ratio", "met"), [(1.5, "yes"), (1.6, "no")])
def test_a_goal_is_met_up_to_itself(ratio: float, met: str) -> None:
    row = Row("a thing", Seconds((ratio,)), "a peer", Seconds((1.0,)), 1.5)

    assert str(row).endswith(f"| {ratio:.2f} | 1.5 | {met} | 1 |")


def test_the_first_round_is_not_counted_and_each_round_begins_with_another() -> None:
    order: list[str] = []

    def contender(name: str) -> float:
        order.append(name)
        return float(len(order))

    seen = interleaved({name: partial(contender, name) for name in "abc"}, rounds=2)

    assert "".join(order) == "abcbcacab"
    assert seen["a"].rounds == (6.0, 8.0)
