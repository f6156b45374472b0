"""Everything about `release.yaml` that can be known before a run, without asking any service."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ci_steps.adapters.release_yaml.contradictions import contradictions
from ci_steps.adapters.release_yaml.references import wrong_references
from ci_steps.adapters.release_yaml.waivers import in_force, wrong_waivers
from ci_steps.model.metrics import wrong_with
from ci_steps.model.settings import (
    MOST_REQUESTS,
    QUANTILES,
    LoadSettings,
    MetricRule,
    Settings,
    fewest_requests,
)
from ci_steps.model.told import Problem
from ci_steps.model.written import Written


def problems(written: Written, project: Path, today: date) -> list[Problem]:
    """Return all of them in the order of their lines; ``project`` is the folder of release.yaml."""
    waived = in_force(written, today)
    found = [
        *_of_its_types(written),
        *contradictions(written),
        *_with_its_rules(written),
        *_with_its_load(written, waived),
        *wrong_references(written, project, waived),
        *wrong_waivers(written, today),
    ]
    return sorted(found)


def _of_its_types(written: Written) -> Iterator[Problem]:
    for mistake in written.mistakes(Settings):
        place = mistake.place
        yield Problem(written.line(place), written.where(place), mistake.what, mistake.hint)


def _with_its_rules(written: Written) -> Iterator[Problem]:
    for place, rule in written.sound_items(MetricRule, ("metrics",)):
        if wrong := wrong_with(rule):
            what, then = wrong
            yield Problem(written.line(place), written.where(place), what, then)


def _with_its_load(written: Written, waived: frozenset[str]) -> Iterator[Problem]:
    """Give the limits that the planned requests cannot decide."""
    load = written.sound(LoadSettings, ("load",))
    if load is None or load.planned > MOST_REQUESTS:
        return
    for name in QUANTILES:
        fewest = fewest_requests(name)
        if getattr(load, f"{name}_ms") is None or load.planned >= fewest:
            continue
        place = ("load", f"{name}_ms")
        planned = f"{load.planned:,} planned requests cannot decide {name}, {fewest:,} can"
        seconds = -(-fewest // load.plan[0].rate)
        yield Problem(
            written.line(place),
            written.where(place),
            planned,
            f"send for {seconds:g} seconds or more, or leave {name}_ms out",
            warning=f"load-test.{name}" in waived,
        )
