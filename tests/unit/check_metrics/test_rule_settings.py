from typing import Any

import pytest

from ci_steps.errors import InputError
from ci_steps.model.metrics import METRICS, Metric, refuse_bad_rules
from ci_steps.model.settings import MetricRule

VERSUS = {"versus": "baseline", "worse_by_at_most": 0.01}


def rule(**parts: Any) -> MetricRule:
    return MetricRule(**{"metric": "accuracy", "direction": "higher", "where": "release.yaml:9"} | parts)


LIMITED = {"floor": 0.5}
ERROR = {"metric": "mae", "direction": "lower"}
R2, SPEARMAN = {"metric": "r2"}, {"metric": "spearman"}


@pytest.mark.parametrize(
    ("wrong", "message", "then"),
    [
        (rule(metric="acuracy", floor=0.5), "metric 'acuracy' is not known", "did you mean 'accuracy'?"),
        (rule(metric="neg_log_loss", floor=0.5), "is not known", "did you mean 'log_loss'?"),
        (rule(metric="neg_mean_absolute_error", floor=0.5), "is not known", "did you mean 'mae'?"),
        (rule(metric="brier", floor=0.5), "is not known", "did you mean 'brier_score'?"),
        (rule(metric="zebra", floor=0.5), "is not known", "the kit computes accuracy, "),
        (rule(direction="lower", floor=0.5), "direction of accuracy is 'lower'", "higher is better"),
        (rule(metric="rmse", ceiling=3.0), "direction of rmse is 'higher'", "lower is better"),
        (rule(), "the rule for accuracy asks nothing", "give it a floor"),
        (rule(versus="baseline"), "versus baseline has no margin", "add worse_by_at_most"),
        (rule(floor=0.5, worse_by_at_most=0.1), "worse_by_at_most .* compared with nothing", "add versus"),
        (rule(floor=0.5, better_by_at_least=0.1), "better_by_at_least .* with nothing", "add versus"),
        (rule(**VERSUS, better_by_at_least=0.0), "has both worse_by_at_most and better", "keep one"),
        (rule(floor=0.9, ceiling=0.8), "above its ceiling", "swap them"),
        (rule(**VERSUS, confidence=0.9999), "finer than the comparison can tell", "write at most"),
        (
            rule(versus="baseline", worse_by_at_most=float("inf")),
            "worse_by_at_most of accuracy is inf",
            "number",
        ),
        (rule(versus="baseline", better_by_at_least=float("inf")), "better_by_at_least .* is inf", "number"),
        (rule(floor=float("nan")), "floor of accuracy is nan", "write a number"),
        (rule(ceiling=float("inf")), "ceiling of accuracy is inf", "write a number"),
        (rule(**VERSUS | {"versus": "Baseline"}), "'Baseline' is not a model", "versus: baseline"),
        (rule(**VERSUS | {"versus": "tweets"}), "'tweets' is not a model", "like tweets@9f2c41d"),
        (rule(**VERSUS | {"versus": "tweets@9f2c"}), "too short: 4 characters", "like tweets@9f2c41d"),
        (rule(**VERSUS | {"versus": "tweets:v1"}), "'tweets:v1' is a tag, which moves", "tweets@9f2c41d"),
        (rule(**LIMITED, slices=("*", "length")), "are all .* and length", "keep either"),
        (rule(**LIMITED, slices=("*", "*")), "are all .* and ", "keep either"),
        (rule(**LIMITED, slices=("length", "age", "length")), "'length' .* is named twice", "leave one"),
        (rule(**LIMITED, guard=True), "guard of accuracy is about nothing", "add slices"),
        (rule(**VERSUS, guard=False), "guard of accuracy is about nothing", "add slices"),
        (
            rule(**LIMITED, positive="yes"),
            "accuracy has no positive label",
            "it is for precision, recall, f1",
        ),
        (rule(**LIMITED, positive="yes", metric="f1_macro"), "f1_macro has no positive label", "leave"),
        (rule(**ERROR, ceiling=1.0, positive="1"), "mae has no positive label", "leave positive out"),
        (rule(floor=0.0), "floor 0.0 of accuracy could never fail", "must be able to fail"),
        (rule(floor=-0.5), "floor -0.5 of accuracy could never fail", "must be able to fail"),
        (rule(ceiling=1.0), "ceiling 1.0 of accuracy could never fail", "must be able to fail"),
        (rule(versus="baseline", worse_by_at_most=1.0), "worse_by_at_most 1.0 .* never fail", "another"),
        (rule(**ERROR, floor=0.0), "floor 0.0 of mae could never fail", "must be able to fail"),
        (rule(**SPEARMAN, floor=-1.0), "floor -1.0 of spearman could never fail", "must be able to fail"),
        (rule(**SPEARMAN, versus="baseline", worse_by_at_most=2.0), "worse_by_at_most 2.0", "able to fail"),
        (rule(**R2, ceiling=1.0), "ceiling 1.0 of r2 could never fail", "must be able to fail"),
        (rule(floor=1.01), "floor 1.01 of accuracy could never pass", "lies between 0 and 1"),
        (rule(**R2, floor=1.01), "floor 1.01 of r2 could never pass", "lies between -inf and 1"),
        (rule(**ERROR, ceiling=-0.1), "ceiling -0.1 of mae could never pass", "lies between 0 and inf"),
        (rule(versus="baseline", better_by_at_least=1.0), "better_by_at_least 1.0 .* never pass", "0 and 1"),
        (rule(**SPEARMAN, versus="baseline", better_by_at_least=2.0), "better_by_at_least 2.0", "-1 and 1"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_bad_input_and_says_where_and_what_to_do(
    wrong: MetricRule, message: str, then: str
) -> None:
    with pytest.raises(InputError, match=rf"^release.yaml:9: .*{message}") as refused:
        refuse_bad_rules((rule(floor=0.5), wrong))

    assert then in refused.value.hint
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "sound",
    [
        rule(floor=1.0),
        rule(floor=0.5, ceiling=0.5),
        rule(**VERSUS, slices=("*",), guard=True),
        rule(**LIMITED, slices=("length", "age"), guard=False),
        rule(**VERSUS | {"versus": "tweets@9f2c41d"}),
        rule(**VERSUS | {"versus": f"tweets@{'0' * 64}"}),
        rule(versus="baseline", better_by_at_least=0.0),
        rule(versus="baseline", better_by_at_least=0.99),
        rule(**R2, floor=0.0),
        rule(**R2, floor=-3.0),
        rule(**R2, versus="baseline", worse_by_at_most=5.0),
        rule(**SPEARMAN, floor=-0.5),
        rule(**SPEARMAN, versus="baseline", worse_by_at_most=1.5),
        rule(**ERROR, ceiling=12.0, versus="baseline", better_by_at_least=3.0),
        rule(metric="recall", floor=0.5, positive="yes"),
        rule(metric="roc_auc", floor=0.5, positive="yes"),
        rule(metric="brier_score", direction="lower", ceiling=0.99),
    ],
)
def test_a_rule_that_can_be_meant_is_taken(sound: MetricRule) -> None:
    refuse_bad_rules((sound,))


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_every_metric_may_have_a_margin(metric: Metric) -> None:
    refuse_bad_rules((rule(metric=metric.name, direction=metric.direction, **VERSUS),))
