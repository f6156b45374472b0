"""What the page shows of a load test: curves against limits, seconds, and the live release beside it."""

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ci_steps.documents import LoadReport, RemoteWorker
from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.rundir import RunDir
from tests.fakes.load_reports import LOAD, freeze, load_report
from tests.fakes.runs import finished, put, written
from tests.fakes.told_runs import STAGES


def section(run: RunDir) -> str:
    return written(run).partition("Latencies under load")[2].partition("</section>")[0]


def shown(tmp_path: Path, load: LoadSettings = LOAD, **of: Any) -> str:
    """Return what the page says of a load test."""
    run = finished(tmp_path)
    put(run, load_report(load, **of), after=15)
    return section(run)


def picture(said: str, title: str) -> str:
    found = re.search(rf"<svg [^>]*><title>{title}</title>.*?</figure>", said)
    assert found, title
    return found[0]


def heights(curve: str) -> dict[str, list[float]]:
    """Return the limits' and the points' distances from the top, by where they stand from left to right."""
    limits = re.findall(r'<rect x="-12" y="0" width="24" height="([\d.]+)"', curve)
    points = re.findall(r'<svg x="[\d.]+%" y="([\d.]+)" overflow="visible"><path', curve)
    return {"limits": [float(y) for y in limits], "points": [float(y) for y in points]}


def test_a_quantile_that_keeps_its_limit_is_below_the_shade_and_one_past_it_is_in_it(tmp_path: Path) -> None:
    fast = heights(picture(shown(tmp_path / "fast"), "Latency curve"))
    slow = heights(picture(shown(tmp_path / "slow", slow=30), "Latency curve"))

    assert len(fast["points"]) == 3
    assert [point > limit for point, limit in zip(fast["points"][1:], fast["limits"], strict=True)] == [
        True
    ] * 2
    assert [point < limit for point, limit in zip(slow["points"][1:], slow["limits"], strict=True)] == [
        True
    ] * 2


def test_quantiles_are_said_with_verdict_bounds_and_limit(tmp_path: Path) -> None:
    said = shown(tmp_path, slow=7)

    assert '✘ p95 58.6 ms</strong> <span class="figures">[56.7, 61.0], limit 50 ms' in said
    assert 'p50 28.0 ms</strong> <span class="figures">[27.4, 28.6], no limit' in said


def test_every_nine_more_takes_as_much_room_as_the_one_before(tmp_path: Path) -> None:
    curve = picture(shown(tmp_path), "Latency curve")

    at = {share: float(x) for x, share in re.findall(r'<text x="([\d.]+)%"[^>]*>([\d.]+) %</text>', curve)}
    assert at["99.9"] == pytest.approx(1.5 * at["99"], abs=0.02)
    assert at["99"] > at["95"] > at["50"]


def test_a_bound_that_too_few_requests_give_is_drawn_as_open(tmp_path: Path) -> None:
    few = shown(tmp_path / "few", LoadSettings(rate=5, seconds=10, p99_ms=100))
    enough = shown(tmp_path / "enough")

    assert ", ?], limit 100 ms" in few
    assert 'stroke-dasharray="3 4"' in picture(few, "Latency curve")
    assert 'stroke-dasharray="3 4"' not in picture(enough, "Latency curve")


def test_a_freeze_stands_out_of_the_seconds(tmp_path: Path) -> None:
    said = shown(tmp_path, slower=freeze(8, 14))

    seconds = picture(said, "Second by second")
    places = re.findall(r'<polyline points="([^"]+)"', seconds)[0].split()
    by_second = {int(x): int(y) for x, y in (place.split(",") for place in places[::2])}
    calm, frozen = by_second[50 * 2], by_second[50 * 8]
    assert calm - frozen > 500
    assert by_second[50 * 15] == pytest.approx(calm, abs=30)
    assert "at most 6,0" in said
    assert "of requests planned at 8 s" in said


def test_seconds_in_which_requests_failed_are_marked(tmp_path: Path) -> None:
    seconds = picture(shown(tmp_path, failed_at=(4, 5)), "Second by second")

    assert re.findall(r"<title>(\d+ of 100 failed, planned at \d s)</title>", seconds) == [
        "11 of 100 failed, planned at 4 s",
        "11 of 100 failed, planned at 5 s",
    ]
    assert "22 failed, the first of them planned at 4 s" in seconds


def test_a_second_without_requests_is_a_hole_and_no_line_over_it(tmp_path: Path) -> None:
    run = finished(tmp_path)
    report = load_report()
    stage = report.stages[0]
    holed = tuple(part for part in stage.alone.timeline if part.from_s not in {3, 4})
    alone = replace(stage.alone, timeline=holed)
    put(run, replace(report, stages=(replace(stage, alone=alone),)))

    assert picture(section(run), "Second by second").count("<polygon") == 2


def test_each_stage_has_its_own_verdict_also_where_two_are_planned_alike(tmp_path: Path) -> None:
    twice = LoadSettings(stages=(Stage(rate=100, seconds=20),) * 2, p99_ms=100)
    said = shown(tmp_path, twice, slower=freeze(2, 6, stage=1))

    titles = re.findall(r"<h3[^>]*>(.*?)</h3>", said)
    assert titles == ["✔ 100 requests a second for 20 s", "✘ 100 requests a second for 20 s"]


def test_the_live_release_is_drawn_beside_the_image_and_its_difference_against_the_margin(
    tmp_path: Path,
) -> None:
    said = shown(tmp_path, STAGES, slow=2, live=1)

    turns = said.partition("Beside the live release")[2]
    assert "the live release&#x27;s image, in turns" in turns
    assert turns.partition("</figure>")[0].count("<polyline") == 2
    rows = turns.partition("Slower than the live release by")[2].partition("</figure>")[0]
    assert [name in rows for name in ("✘ p50", "✘ p95", "✘ p99")] == [True] * 3
    assert "margin +2 ms" in rows


def test_a_difference_without_bounds_is_told_in_words(tmp_path: Path) -> None:
    few = replace(STAGES, stages=(Stage(rate=10, seconds=5),))
    said = shown(tmp_path, few, live=1)

    assert "? p99 at 10/s for 5 s</strong>: no interval; " in said


def test_without_a_comparison_there_is_none_to_see(tmp_path: Path) -> None:
    assert "Beside the live release" not in shown(tmp_path)


def test_a_warm_up_that_did_not_settle_says_so(tmp_path: Path) -> None:
    run = finished(tmp_path)
    report = load_report()
    put(run, replace(report, warm_ups=(replace(report.warm_ups[0], steady=False),)))

    assert "? the pushed image: not steady, 300 requests" in section(run)


def test_a_load_test_without_latencies_has_no_curve(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, LoadReport(findings=load_report().findings))

    assert "no latencies were recorded" in section(run)


def test_one_request_and_limits_far_away_still_make_a_picture(tmp_path: Path) -> None:
    said = shown(tmp_path, LoadSettings(rate=1, seconds=1, p50_ms=0.001, p99_ms=1e6))

    assert picture(said, "Latency curve")
    assert picture(said, "Second by second")


def elsewhere(run: RunDir, *workers: RemoteWorker, generator: Verdict = Verdict.PASSED) -> str:
    """Return what the page says of a load test that these workers sent."""
    report = load_report()
    findings = tuple(
        replace(f, verdict=generator) if f.check == "load-test.generator" else f for f in report.findings
    )
    put(run, replace(report, findings=findings, remote=workers))
    said = section(run)
    return said.partition("Sent from other machines")[2].partition("</table>")[0]


def worker(name: str, **changes: Any) -> RemoteWorker:
    at = RemoteWorker(name=name, requests=1000, cpu=0.04, lag_p99_ms=1.5, way_p50_ms=0.6, way_p99_ms=2.25)
    return replace(at, clock_ms=0.125, **changes)


def row(said: str, name: str) -> str:
    return said.partition(f"{name}</span>")[2].partition("</tr>")[0]


def test_each_worker_elsewhere_is_told_with_its_part_its_lateness_and_its_way(tmp_path: Path) -> None:
    said = elsewhere(finished(tmp_path), worker("east-7"), worker("west-9", requests=999))

    for seen in ("1,000", "1.5 ms", "0.6 ms, p99 2.2 ms", "0.12 ms", "4 %"):
        assert f">{seen}</td>" in row(said, "east-7")
    assert ">999</td>" in row(said, "west-9")
    assert 'class="inconclusive"' not in said


def test_a_worker_that_vanished_is_marked_and_its_lateness_is_not_called_none(tmp_path: Path) -> None:
    gone = worker("east-7", gone=True, requests=0, lag_p99_ms=0.0, cpu=0.0)
    said = elsewhere(finished(tmp_path), gone, worker("west-9"))

    assert '<span class="inconclusive">? east-7</span>' in said
    assert "ended before its share was sent" in row(said, "east-7")
    assert row(said, "east-7").count(">unknown</td>") == 2
    assert "0.0 ms" not in row(said, "east-7")
    assert "? west-9" not in said


def test_the_most_late_worker_is_marked_where_the_generator_was_too_late(tmp_path: Path) -> None:
    late = worker("east-7", lag_p99_ms=796.0)
    said = elsewhere(finished(tmp_path), late, worker("west-9"), generator=Verdict.INCONCLUSIVE)

    assert "? east-7" in said
    assert "the most late" in row(said, "east-7")
    assert "? west-9" not in said


def test_a_way_that_was_not_measured_is_said_to_be_so(tmp_path: Path) -> None:
    said = elsewhere(finished(tmp_path), worker("east-7", way_p50_ms=None, way_p99_ms=None))

    assert ">not measured</td>" in row(said, "east-7")


def test_a_load_test_from_here_has_no_workers_to_tell_of(tmp_path: Path) -> None:
    assert "Sent from other machines" not in shown(tmp_path)


def test_a_load_test_that_sent_nothing_says_why(tmp_path: Path) -> None:
    run = finished(tmp_path)
    missing = Finding(
        check="load-test.generator",
        subject="workers on other machines",
        verdict=Verdict.INCONCLUSIVE,
        observed="1 of 2 joined within 4 s",
        rule="all of them send",
        where="",
        next="start them",
    )
    put(run, LoadReport(findings=(missing,)))

    assert "? workers on other machines: 1 of 2 joined within 4 s" in section(run)


def test_latencies_have_their_unit_in_every_picture(tmp_path: Path) -> None:
    said = shown(tmp_path, STAGES, slow=2, live=1, slower=freeze(8, 14))

    for title in ("Latency curve", "Second by second", "Latency curves in turns"):
        assert ">ms</text>" in picture(said, title)
        assert ">1,000</text>" in picture(said, "Latency curve")
    assert re.search(r">[\d,]+ ms</text>", said.partition("Slower than the live release by")[2])
