"""Every case of every gate; a gate or a kind of rule that is not proven able to refuse cannot be in it."""

from collections.abc import Sequence

from ci_steps.selftest import (
    admission,
    check_interface,
    check_metrics,
    fetch_model,
    integration_test,
    load_test,
    rollout,
    scan_model,
    unit_tests,
)
from ci_steps.selftest.case import Case
from ci_steps.selftest.proof import shortfalls


def proven(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return the cases; where they leave something unshown, that is an error, and there is no table."""
    if lacking := tuple(shortfalls(cases)):
        raise ValueError("; ".join(lacking))
    return tuple(cases)


CASES = proven(
    (
        *unit_tests.CASES,
        *fetch_model.CASES,
        *scan_model.CASES,
        *check_metrics.CASES,
        *check_interface.CASES,
        *integration_test.CASES,
        *load_test.CASES,
        *admission.CASES,
        *rollout.CASES,
    )
)
GATES = tuple(dict.fromkeys(case.gate for case in CASES))
