from typing import Any

import pytest

from ci_steps.errors import InputError
from ci_steps.model.metrics import METRICS, refuse_bad_rules
from ci_steps.model.settings import MetricRule

VERSUS = {"versus": "baseline", "worse_by_at_most": 0.01}


def rule(**parts: Any) -> MetricRule:
    return MetricRule(**{"metric": "accuracy", "direction": "higher", "where": "release.yaml:9"} | parts)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (rule(metric="acuracy", floor=0.5), "metric 'acuracy' is not known"),
        (rule(direction="lower", floor=0.5), "direction of accuracy is 'lower'"),
        (rule(metric="rmse", ceiling=3.0), "direction of rmse is 'higher'"),
        (rule(), "asks nothing"),
        (rule(versus="baseline"), "has no margin"),
        (rule(floor=0.5, worse_by_at_most=0.1), "compared with nothing"),
        (rule(floor=0.9, ceiling=0.8), "above its ceiling"),
        (rule(**VERSUS, confidence=0.9999), "finer than the comparison can tell"),
        (rule(versus="baseline", worse_by_at_most=float("inf")), "worse_by_at_most of accuracy is inf"),
        (rule(floor=float("nan")), "floor of accuracy is nan"),
        (rule(floor=0.0), "could never fail"),
        (rule(ceiling=1.0), "could never fail"),
        (rule(versus="baseline", worse_by_at_most=1.0), "could never fail"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_bad_input_and_says_where(wrong: MetricRule, message: str) -> None:
    with pytest.raises(InputError, match=rf"^release.yaml:9: .*{message}") as refused:
        refuse_bad_rules((rule(floor=0.5), wrong))

    assert refused.value.hint


def test_a_misspelt_metric_is_met_with_a_guess() -> None:
    with pytest.raises(InputError) as refused:
        refuse_bad_rules((rule(metric="acuracy", floor=0.5),))

    assert refused.value.hint.startswith("did you mean 'accuracy'?")


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_metric_may_have_a_margin(metric: Any) -> None:
    refuse_bad_rules((rule(metric=metric.name, direction=metric.direction, **VERSUS),))
