"""Metrics from rows, with numpy only. Each also says how much each row moves it, for its interval."""

from ci_steps.steps.check_metrics.values.classes import ClassScore
from ci_steps.steps.check_metrics.values.measures import Mean, Measure, UndefinedError
from ci_steps.steps.check_metrics.values.numbers import RankCorrelation, Variance
from ci_steps.steps.check_metrics.values.of_rows import measure, refuse_other_positives, value_of
from ci_steps.steps.check_metrics.values.ranking import Area, AveragePrecision

__all__ = [
    "Area",
    "AveragePrecision",
    "ClassScore",
    "Mean",
    "Measure",
    "RankCorrelation",
    "UndefinedError",
    "Variance",
    "measure",
    "refuse_other_positives",
    "value_of",
]
