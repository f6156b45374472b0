"""Loads that contradict themselves, or cannot decide what they are held to, are told before anything runs."""

from datetime import date
from pathlib import Path

import pytest

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.errors import InputError

START = """\
service: tweets
model: tweets@9f2c41d
store: store
registry: 127.0.0.1:5000/tweets
image: {base: python:3.11-slim-bookworm}
unit_tests: {path: tests}
load: LOAD
metrics: [{metric: accuracy, floor: 0.7, direction: higher}]
environments:
  production: {target: docker, address: "127.0.0.1:8081"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    (tmp_path / "tests").mkdir()
    return tmp_path


def written(project: Path, load: str) -> ReleaseYaml:
    path = project / "release.yaml"
    path.write_text(START.replace("LOAD", load), encoding="utf-8")
    return ReleaseYaml(path)


@pytest.mark.parametrize(
    ("load", "what", "then"),
    [
        ("{}", "load plans no request", "give rate and seconds, or stages"),
        ("{stages: []}", "load plans no request", "give rate and seconds, or stages"),
        ("{rate: 9}", "load.rate without load.seconds", "give rate and seconds, or stages"),
        ("{seconds: 9}", "load.seconds without load.rate", "give rate and seconds, or stages"),
        (
            "{rate: 9, seconds: 9, stages: [{rate: 9, seconds: 9}]}",
            "load gives stages, and rate and seconds beside them",
            "leave one of the two out",
        ),
        ("{rate: 9999, stages: [{rate: 9, seconds: 9}]}", "stages, and rate beside them", "leave one"),
        ("{rate: 9, seconds: 9, warmup_seconds: 60}", "longer than the 30 s that it may be", "raise"),
        (
            "{rate: 9, seconds: 9, p50_ms: 9, workers: 2, remote: {workers: 2, listen: '0.0.0.0:7070'}}",
            "load.workers: 2 of this machine, and load.remote, where others send instead",
            "leave load.workers out",
        ),
        ("{rate: 9, seconds: 9, p50_ms: 9, versus: baseline}", "without load.slower_by_at_most_ms", "by how"),
        ("{rate: 9, seconds: 9, p50_ms: 9, slower_by_at_most_ms: 1}", "without load.versus", "versus: base"),
        (
            "{rate: 9, seconds: 9, versus: baseline, slower_by_at_most_ms: 1}",
            "load limits no latency",
            "give p50_ms, p95_ms or p99_ms",
        ),
        ("{rate: 1, seconds: 1}", "load limits no latency", "give p50_ms, p95_ms or p99_ms"),
        (
            "{rate: 9, seconds: 99, p50_ms: 900, p95_ms: 500}",
            "p50_ms: 900 is above p95_ms: 500, which would be missed first",
            "lower p50_ms, or leave it out",
        ),
        (
            "{rate: 9, seconds: 999, p50_ms: 900, p99_ms: 500}",
            "p50_ms: 900 is above p99_ms: 500, which would be missed first",
            "lower p50_ms, or leave it out",
        ),
        (
            "{rate: 9, seconds: 999, p95_ms: 900, p99_ms: 500}",
            "p95_ms: 900 is above p99_ms: 500, which would be missed first",
            "lower p95_ms, or leave it out",
        ),
        ("{rate: 9, seconds: 9, p50_ms: 9, errors: 0.5}", "expected `float` < 0.5 in load.errors", ""),
        ("{rate: 9, seconds: 9, p50_ms: 9, achieved: 0.49}", "expected `float` >= 0.5 in load.achieved", ""),
        ("{stages: [{rate: 1.0e+9, seconds: 9}]}", "more than 10,000,000 planned requests", "or fewer"),
    ],
)
def test_a_load_that_contradicts_itself_is_refused_with_its_line(
    project: Path, load: str, what: str, then: str
) -> None:
    with pytest.raises(InputError) as raised:
        written(project, load).settings()

    assert "release.yaml:7: " in str(raised.value)
    assert what in str(raised.value)
    assert then in raised.value.hint


@pytest.mark.parametrize(
    ("load", "what", "then"),
    [
        (
            "{stages: [{rate: 100, seconds: 20}, {rate: 50, seconds: 10}], p99_ms: 100}",
            "stage 2: 500 planned requests cannot decide p99, 1,000 can",
            "send for 20 seconds or more, or leave p99_ms out",
        ),
        (
            "{rate: 10, seconds: 10, p50_ms: 9, errors: 0.01}",
            "100 planned requests cannot decide errors, 299 can",
            "send for 30 seconds or more, or allow errors: 0",
        ),
    ],
)
def test_a_stage_too_short_for_its_limits_is_told(project: Path, load: str, what: str, then: str) -> None:
    [problem] = written(project, load).problems(date(2026, 1, 1))

    assert (problem.line, problem.what, problem.next, problem.warning) == (7, what, then, False)


def test_stages_and_a_comparison_are_read(project: Path) -> None:
    load = "{stages: [{rate: 50, seconds: 20}], p95_ms: 9, versus: baseline, slower_by_at_most_ms: 2}"

    settings = written(project, load).settings().load

    assert [(stage.rate, stage.planned) for stage in settings.plan] == [(50, 1000)]
    assert written(project, load).problems(date(2026, 1, 1)) == []


def test_one_limit_for_all_quantiles_is_no_contradiction(project: Path) -> None:
    load = "{rate: 100, seconds: 10, p50_ms: 9, p95_ms: 9, p99_ms: 9}"

    assert written(project, load).problems(date(2026, 1, 1)) == []


def test_a_load_without_a_limit_is_told_once(project: Path) -> None:
    load = "{rate: 9, seconds: 9, versus: baseline, slower_by_at_most_ms: 1}"

    [problem] = written(project, load).problems(date(2026, 1, 1))

    assert (problem.line, problem.where, problem.warning) == (7, "release.yaml:7", False)
