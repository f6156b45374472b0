"""What `check-metrics` must refuse, must not decide, and must let pass."""

from functools import partial

from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    FLOOR,
    FLOOR_OF_HALF,
    INCONCLUSIVE,
    PASSED,
    REFUSED,
    VERSUS,
    case,
    judged,
    model,
)
from ci_steps.selftest.metric_claims import EVIDENCE
from ci_steps.selftest.metric_comparisons import COMPARISONS
from ci_steps.selftest.metric_fewness import FEW
from ci_steps.selftest.metric_guards import GUARDS
from ci_steps.selftest.metric_limits import LIMITS
from ci_steps.selftest.metric_settings import SETTINGS
from ci_steps.selftest.metric_sources import SOURCES
from ci_steps.selftest.metric_values import VALUES
from ci_steps.selftest.specimen import evaluations

_ROWS, _BETTER, _WORSE = evaluations(), evaluations(wrong=90), evaluations(wrong=150)

CASES: tuple[Case, ...] = (
    case("rules", PASSED, "a rule", FLOOR),
    case("rules", INCONCLUSIVE, "no rule at all"),
    case(
        "versus",
        REFUSED,
        "worse than the margin allows, beside a floor that holds",
        FLOOR_OF_HALF,
        VERSUS,
        files=model(_WORSE),
        baseline=model(_ROWS),
        kind="rules",
    ),
    *LIMITS,
    *VALUES,
    *SETTINGS,
    *COMPARISONS,
    *FEW,
    *GUARDS,
    *SOURCES,
    *EVIDENCE,
    Case(
        "check-metrics",
        "check-metrics",
        PASSED,
        "a sound model",
        partial(judged, (FLOOR, VERSUS), model(_ROWS), model(_BETTER)),
    ),
)
