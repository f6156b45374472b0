"""What the pictures show, by where their lines and points stand."""

import re
from pathlib import Path

import msgspec
import pytest

from ci_steps.documents import LoadReport, MetricsReport, Plan, Rollout
from ci_steps.model.settings import LoadSettings
from ci_steps.report.axes import Axis
from tests.fakes.runs import Write, files_of, finished, gated, load_report, planned, put


def place(picture: str, pattern: str) -> float:
    found = re.search(pattern, picture)
    assert found, pattern
    return float(found[1])


def pictures(page: str, title: str) -> list[str]:
    return re.findall(rf'<svg [^>]*role="img"[^>]*><title>{re.escape(title)}</title>.*?</div>', page)


POINT = r'<svg x="([\d.]+)%"'
MARGIN = r'<line x1="([\d.]+)%"[^>]*class="margin"'


def test_every_interval_has_a_picture_with_words(tmp_path: Path, written: Write) -> None:
    run = finished(tmp_path)
    drawn = [f for f in run.read(MetricsReport).findings if f.interval]

    page = written(run)

    assert len(drawn) == 5
    for finding in drawn:
        assert pictures(page, finding.subject)
    assert "<desc>passed: accuracy where length=long versus baseline:" in page


def test_a_refused_slice_has_its_point_past_the_margin_and_a_square(tmp_path: Path, written: Write) -> None:
    run = planned(tmp_path, files_of(110, wrong_long=95))
    gated(run)

    page = written(run)

    (refused,) = pictures(page, "accuracy where length=long versus baseline")
    (passed,) = pictures(page, "accuracy where length=short versus baseline")
    assert place(refused, POINT) < place(refused, MARGIN) == place(passed, MARGIN) < place(passed, POINT)
    assert '<path d="M-5-5H5V5H-5z"' in refused
    assert "✘ accuracy where length=long versus baseline" in page


def test_where_lower_is_better_the_wrong_side_is_the_right_one(tmp_path: Path, written: Write) -> None:
    page = written(finished(tmp_path))

    (loss,) = pictures(page, "log_loss versus baseline")
    (accuracy,) = pictures(page, "accuracy versus baseline")
    assert place(loss, r'<rect x="([\d.]+)%"') == place(loss, MARGIN)
    assert place(accuracy, r'<rect x="([\d.]+)%"') == 0
    assert "← better" in page
    assert "better →" in page


def test_quantiles_stand_beside_their_limits(tmp_path: Path, written: Write) -> None:
    run = finished(tmp_path)
    fast = written(run)
    put(run, load_report(slow=7), after=15)

    slow = written(run)

    assert place(pictures(fast, "p95")[0], POINT) < place(pictures(fast, "p95")[0], MARGIN)
    assert place(pictures(slow, "p95")[0], POINT) > place(pictures(slow, "p95")[0], MARGIN)
    assert place(pictures(fast, "p95")[0], r'<rect x="([\d.]+)%"') == place(pictures(fast, "p95")[0], MARGIN)
    assert "✔ p95 8.4 ms" in fast
    assert "✘ p95 58.6 ms" in slow
    assert re.search(r"<title>\d{3} requests of 3.83 to 4.64 ms</title>", fast)


def test_a_load_test_without_latencies_has_no_histogram(tmp_path: Path, written: Write) -> None:
    run = finished(tmp_path)
    empty = LoadReport(findings=load_report().findings)
    put(run, empty)

    assert "no latencies were recorded" in written(run)


def test_one_bin_and_limits_far_away_still_make_a_picture(tmp_path: Path, written: Write) -> None:
    limits = LoadSettings(rate=1, seconds=1, p50_ms=0.001, p99_ms=1e6)
    run = finished(tmp_path, load=limits)
    report = load_report()
    put(run, msgspec.structs.replace(report, histogram=report.histogram[:1]))

    assert pictures(written(run), "p50")


def test_a_step_kept_from_yesterday_does_not_squeeze_the_others(tmp_path: Path, written: Write) -> None:
    run = finished(tmp_path)
    put(run, run.read(Rollout), after=86_400, seconds=3.1)

    page = written(run)
    (graph,) = re.findall(r"<title>Timeline of the steps</title>.*?</svg>", page)

    width = place(graph, r'✔ rollout</text><rect x="[\d.]+%" y="\d+" width="([\d.]+)%"')
    assert width > 3
    assert "idle time, cut out" in page


def test_moments_of_a_rollout_are_told_with_their_time(tmp_path: Path, written: Write) -> None:
    page = written(finished(tmp_path))

    assert re.search(r">\+2\.100 s</time><span>switched</span>", page)


def test_a_moment_whose_time_nobody_can_read_is_shown_as_it_stands(tmp_path: Path, written: Write) -> None:
    run = finished(tmp_path)
    done = run.read(Rollout)
    moments = tuple(msgspec.structs.replace(moment, at="noon") for moment in done.timeline)
    put(run, msgspec.structs.replace(done, timeline=moments))

    assert '<time datetime="noon">noon</time><span>switched</span>' in written(run)


@pytest.mark.parametrize("values", [(0.0,), (0.7, 0.7), (-1e-9, 1e-9), (1e9, -1e9), (3.0, 3.1)])
def test_an_axis_has_room_and_round_numbers(values: tuple[float, ...]) -> None:
    axis = Axis.around(values)

    assert all(0 < axis.share(value) < 1 for value in values)
    assert 3 <= len(axis.ticks) <= 9


@pytest.mark.parametrize("values", [(1.0, 2.0), (0.5, 5000.0), (12.0,)])
def test_a_logarithmic_axis_has_room_and_round_numbers(values: tuple[float, ...]) -> None:
    axis = Axis.around(values, log=True)

    assert all(0 < axis.share(value) < 1 for value in values)
    assert axis.ticks


def test_a_first_release_says_that_there_is_nothing_to_compare_with(tmp_path: Path, written: Write) -> None:
    run = finished(tmp_path)
    put(run, msgspec.structs.replace(run.read(Plan), baseline=None))

    assert "a first release" in written(run)
