"""Rules for metrics that cannot be meant, that are told twice, or that are not there."""

from collections.abc import Iterator

from msgspec.structs import replace

from ci_steps.model.metrics import wrong_with
from ci_steps.model.settings import MetricRule
from ci_steps.model.told import Problem
from ci_steps.model.written import Written

_PLACE = ("metrics",)


def wrong_rules(written: Written, waived: frozenset[str]) -> Iterator[Problem]:
    """Give what is wrong with each rule, and that there is none."""
    if written.value(_PLACE) in (None, []):
        what = "no rule for metrics: check-metrics could not conclude"
        then = "write what the model must keep under `metrics:`, as a floor"
        yield Problem(written.line(_PLACE), written.where(_PLACE), what, then, _is_waived(waived))
    seen: dict[MetricRule, str] = {}
    for place, rule in written.sound_items(MetricRule, _PLACE):
        line, where = written.line(place), written.where(place)
        if wrong := wrong_with(rule):
            what, then = wrong
            yield Problem(line, where, what, then)
        asked = replace(rule, where="")
        if asked in seen:
            yield Problem(line, where, f"this rule for {rule.metric} is that of {seen[asked]}", "keep one")
        seen.setdefault(asked, where)


def _is_waived(waived: frozenset[str]) -> bool:
    return "check-metrics.rules" in waived
