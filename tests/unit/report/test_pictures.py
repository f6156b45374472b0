"""What the pictures show, by where their lines and points stand."""

import re
from pathlib import Path

import msgspec
import pytest

from ci_steps.documents import MetricsReport, Plan, Rollout
from ci_steps.model.verdict import Verdict
from ci_steps.report.axes import Axis
from tests.fakes.runs import files_of, finished, gated, planned, put, written
from tests.fakes.told_runs import NAMED, refused


def place(picture: str, pattern: str) -> float:
    found = re.search(pattern, picture)
    assert found, pattern
    return float(found[1])


def pictures(page: str, title: str) -> list[str]:
    return re.findall(rf'<svg [^>]*role="img"[^>]*><title>{re.escape(title)}</title>.*?</div>', page)


POINT = r'<svg x="([\d.]+)%"'
MARGIN = r'<line x1="([\d.]+)%"[^>]*class="margin"'


def test_every_interval_has_a_picture_with_words(tmp_path: Path) -> None:
    run = finished(tmp_path)
    drawn = [f for f in run.read(MetricsReport).findings if f.interval]

    page = written(run)

    assert len(drawn) == 5
    for finding in drawn:
        assert pictures(page, finding.subject)
    assert "<desc>passed: accuracy where length=long versus baseline:" in page


def test_a_refused_slice_has_its_point_past_the_margin_and_a_square(tmp_path: Path) -> None:
    run = planned(tmp_path, files_of(110, wrong_long=95))
    gated(run)

    page = written(run)

    (long,) = pictures(page, "accuracy where length=long versus baseline")
    (short,) = pictures(page, "accuracy where length=short versus baseline")
    assert place(long, POINT) < place(long, MARGIN) == place(short, MARGIN) < place(short, POINT)
    assert '<path d="M-5-5H5V5H-5z"' in long
    assert "✘ length=long" in page
    assert "by length" in page


def test_where_lower_is_better_the_wrong_side_is_the_right_one(tmp_path: Path) -> None:
    page = written(finished(tmp_path))

    (loss,) = pictures(page, "log_loss versus baseline")
    (accuracy,) = pictures(page, "accuracy versus baseline")
    assert place(loss, r'<rect x="([\d.]+)%"') == place(loss, MARGIN)
    assert place(accuracy, r'<rect x="([\d.]+)%"') == 0
    assert "← better" in page
    assert "better →" in page


def test_a_guarded_slice_is_marked_as_one(tmp_path: Path) -> None:
    page = written(refused(tmp_path))

    held, guarded = pictures(page, "accuracy where length=short versus baseline")
    assert "stroke-dasharray" not in held.replace('stroke-dasharray="2 3"', "")
    assert 'stroke-dasharray="5 3"' in guarded
    assert '✔ length=short</strong> <em class="quiet">guard </em>' in page


def test_a_gain_that_is_asked_has_its_margin_right_of_none_and_names_the_other_model(tmp_path: Path) -> None:
    page = written(refused(tmp_path))

    (gain,) = pictures(page, f"accuracy versus {NAMED}")
    zero = place(gain, r'<line x1="([\d.]+)%"[^>]*stroke-dasharray="2 3"')
    assert place(gain, r'<rect x="([\d.]+)%"') == 0
    assert zero < place(gain, MARGIN) == place(gain, r'<rect [^>]*width="([\d.]+)%"') < place(gain, POINT)
    assert f"accuracy: difference to {NAMED}, to be better" in page


def test_what_could_not_be_estimated_stands_beside_the_pictures(tmp_path: Path) -> None:
    run = finished(tmp_path)
    report = run.read(MetricsReport)
    bare = msgspec.structs.replace(
        next(f for f in report.findings if f.interval),
        verdict=Verdict.INCONCLUSIVE,
        subject="accuracy where length=tiny versus baseline",
        observed="3 examples",
        interval=None,
    )
    put(run, msgspec.structs.replace(report, findings=(*report.findings, bare)))

    said = written(run)

    assert "? accuracy where length=tiny versus baseline</strong>: no interval; 3 examples" in said


def test_nothing_of_the_load_test_stands_among_the_metrics(tmp_path: Path) -> None:
    page = written(refused(tmp_path))

    metrics = page.partition("Metrics against their margins")[2].partition("</section>")[0]
    assert "p95" not in metrics
    assert "p95" in page.partition("Latencies under load")[2].partition("</section>")[0]


def test_a_step_kept_from_yesterday_does_not_squeeze_the_others(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, run.read(Rollout), after=86_400, seconds=3.1)

    page = written(run)
    (graph,) = re.findall(r"<title>Timeline of the steps</title>.*?</svg>", page)

    width = place(graph, r'✔ rollout</text><rect x="[\d.]+%" y="\d+" width="([\d.]+)%"')
    assert width > 3
    assert "idle time, cut out" in page


def test_moments_of_a_rollout_are_told_with_their_time(tmp_path: Path) -> None:
    page = written(finished(tmp_path))

    assert re.search(r">\+2\.100 s</time><span>switched</span>", page)


def test_a_moment_whose_time_nobody_can_read_is_shown_as_it_stands(tmp_path: Path) -> None:
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


def test_a_first_release_says_that_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, msgspec.structs.replace(run.read(Plan), baseline=None))

    assert "a first release" in written(run)
