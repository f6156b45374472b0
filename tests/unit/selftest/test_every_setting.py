"""What `release.yaml` can ask of a gate, a case asks: a new key without cases turns this red."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from ci_steps.model.metrics import METRICS
from ci_steps.model.settings import (
    EvidenceSettings,
    IntegrationSettings,
    InterfaceSettings,
    LoadSettings,
    MetricRule,
    ScanSettings,
    Section,
    Settings,
    Stage,
    UnitTestSettings,
)
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.table import CASES
from tests.unit.selftest.set_in import sections_of

Kind = tuple[str, str]

TRIED: Mapping[type[Section], Mapping[str, Kind]] = {
    UnitTestSettings: {
        "path": ("unit-tests", "failed"),
        "lock": ("unit-tests", "failed"),
        "timeout_seconds": ("unit-tests", "timeout"),
    },
    ScanSettings: {
        "allow": ("scan-model", "global"),
        "code": ("scan-model", "code"),
    },
    MetricRule: {
        "metric": ("check-metrics", "metric"),
        "direction: higher": ("check-metrics", "floor"),
        "direction: lower": ("check-metrics", "ceiling"),
        "floor": ("check-metrics", "floor"),
        "ceiling": ("check-metrics", "ceiling"),
        "versus": ("check-metrics", "non-inferiority"),
        "worse_by_at_most": ("check-metrics", "non-inferiority"),
        "better_by_at_least": ("check-metrics", "superiority"),
        "confidence": ("check-metrics", "confidence"),
        "min_n": ("check-metrics", "min_n"),
        "slices": ("check-metrics", "floor by slice"),
        "guard": ("check-metrics", "guard"),
        "positive": ("check-metrics", "positive"),
    },
    InterfaceSettings: {
        "policy: backward": ("check-interface", "input"),
        "policy: forward": ("check-interface", "forward input"),
        "policy: full": ("check-interface", "full input"),
        "unknown_fields: count": ("check-interface", "input"),
        "unknown_fields: ignore": ("check-interface", "unknown fields ignored"),
    },
    IntegrationSettings: {
        "rows": ("integration-test", "rows"),
        "tolerance": ("integration-test", "tolerance"),
        "absolute": ("integration-test", "absolute"),
    },
    LoadSettings: {
        "rate": ("load-test", "p95"),
        "seconds": ("load-test", "p95"),
        "stages": ("load-test", "stages"),
        "arrivals: constant": ("load-test", "p95"),
        "arrivals: poisson": ("load-test", "arrivals"),
        "payloads: golden": ("load-test", "p95"),
        "payloads: interface": ("load-test", "payload"),
        "workers": ("load-test", "workers"),
        "remote": ("load-test", "remote"),
        "p50_ms": ("load-test", "p50"),
        "p95_ms": ("load-test", "p95"),
        "p99_ms": ("load-test", "p99"),
        "versus: baseline": ("load-test", "versus"),
        "slower_by_at_most_ms": ("load-test", "versus"),
        "errors": ("load-test", "errors"),
    },
    Stage: {
        "rate": ("load-test", "stages"),
        "seconds": ("load-test", "stages"),
    },
}
"""Each key, or each value that a key can have, and the kind of rule whose cases set it."""

NAMED: Mapping[type[Section], Mapping[str, Kind]] = {
    # Evidence is planned: a case lays out the file and its digest.
    EvidenceSettings: {
        "model": ("check-metrics", "evidence"),
        "evaluations": ("fetch-model", "evidence"),
    },
    # What is waited for, and what room there is, is the same rule whatever the number.
    IntegrationSettings: {
        "replay_seconds": ("rollout", "parity"),
        "ready_seconds": ("integration-test", "health"),
        "memory_mb": ("integration-test", "raw"),
    },
    LoadSettings: {
        "warmup_seconds": ("load-test", "warmup"),
        "warmup_at_most_seconds": ("load-test", "warmup"),
        # Any other than the usual share is asked in few of its cases: the usual one is asked in all.
        "achieved": ("load-test", "achieved"),
    },
}
"""Keys whose kind has its cases, which keep to the default or set it where a case does not show it."""

NO_GATE = {"environments", "image", "model", "plain_http", "registry", "service", "store", "waivers"}
"""Sections and keys that say what is released and where; admission's cases are about waivers."""


def kinds() -> Iterator[tuple[type[Section], str, Kind]]:
    for table in (TRIED, NAMED):
        for section, keys in table.items():
            yield from ((section, key, kind) for key, kind in keys.items())


def keys_of(section: type[Section]) -> Iterator[str]:
    """Give the keys that a section can have, and each value of one that allows but a few."""
    for name, hint in get_type_hints(section).items():
        if name == "where":
            continue
        values = [value for literal in _literals(hint) for value in get_args(literal)]
        yield from (f"{name}: {value}" for value in values) if values else (name,)


def _literals(hint: Any) -> Iterator[Any]:
    if get_origin(hint) is Literal:
        yield hint
    for part in () if get_origin(hint) is Literal else get_args(hint):
        yield from _literals(part)


def sets(section: Section, key: str) -> bool:
    """Whether it has that value, or any but the default."""
    name, _, value = key.partition(": ")
    said = getattr(section, name)
    if value:
        return bool(said == value)
    default = {field.name: field.default for field in msgspec.structs.fields(type(section))}[name]
    return default is msgspec.NODEFAULT or bool(said != default)


def cases_of(kind: Kind) -> list[Case]:
    return [case for case in CASES if (case.gate, case.kind) == kind]


def test_every_section_that_a_gate_goes_by_is_looked_at() -> None:
    hints = get_type_hints(Settings)
    sections = {
        part for name, hint in hints.items() if name not in NO_GATE for part in (hint, *get_args(hint))
    }

    found = {part for part in sections if isinstance(part, type) and issubclass(part, Section)}

    assert found == {*TRIED, *NAMED} - {Stage}
    assert {*hints} >= NO_GATE


@pytest.mark.parametrize(
    "section", list(dict.fromkeys([*TRIED, *NAMED])), ids=lambda section: section.__name__
)
def test_every_key_names_a_kind_of_rule(section: type[Section]) -> None:
    named = [*TRIED.get(section, {}), *NAMED.get(section, {})]

    assert sorted(keys_of(section)) == sorted(named)


@pytest.mark.parametrize("kind", sorted({kind for _, _, kind in kinds()}), ids=": ".join)
def test_every_kind_that_a_key_names_is_in_the_table(kind: Kind) -> None:
    wanted = {case.wanted for case in cases_of(kind)}

    assert wanted >= {Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.PASSED}


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.PASSED])
@pytest.mark.parametrize(
    ("section", "key"), [(section, key) for section, keys in TRIED.items() for key in keys]
)
def test_a_case_of_each_answer_sets_the_key(section: type[Section], key: str, verdict: Verdict) -> None:
    asked = [case for case in cases_of(TRIED[section][key]) if case.wanted is verdict]

    given = [part for case in asked for part in sections_of(case) if type(part) is section]

    assert any(sets(part, key) for part in given)


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_on_its_limit_in_one_case_and_beyond_it_in_another(metric: str) -> None:
    given = [
        (case.wanted, part) for case in cases_of(("check-metrics", "metric")) for part in sections_of(case)
    ]

    of_it = {wanted for wanted, rule in given if isinstance(rule, MetricRule) and rule.metric == metric}

    assert of_it >= {Verdict.REFUSED, Verdict.PASSED}


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.PASSED])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("guard", {"guard": True}),
        ("guard", {"guard": False}),
        ("floor by slice", {"slices": ("*",)}),
        ("non-inferiority by slice", {"slices": ("*",)}),
        ("non-inferiority", {"versus": "baseline"}),
        ("reference", {"versus": "a model by its SHA"}),
    ],
    ids=str,
)
def test_a_metric_s_rule_is_tried_in_each_of_its_forms(
    kind: str, value: dict[str, Any], verdict: Verdict
) -> None:
    asked = [case for case in cases_of(("check-metrics", kind)) if case.wanted is verdict]
    rules = [part for case in asked for part in sections_of(case) if isinstance(part, MetricRule)]
    [(name, wanted)] = value.items()

    said = [getattr(rule, name) for rule in rules]

    if kind == "reference":
        assert any("@" in (versus or "") for versus in said)
    else:
        assert wanted in said
