"""Every case of every gate."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from ci_steps.model.verdict import Verdict
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

CASES: tuple[Case, ...] = (
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


def tried(gate: str = "") -> Iterator[tuple[Case, Verdict | None]]:
    """Give each case, of one gate or of all, with what the gate answered."""
    for case in CASES:
        if gate in {"", case.gate}:
            with tempfile.TemporaryDirectory(prefix="selftest-") as folder:
                yield case, case.answered(Path(folder))
