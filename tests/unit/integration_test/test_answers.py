import msgspec
import pytest

from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Verdict
from ci_steps.steps.golden.rows import GoldenRow
from ci_steps.steps.integration_test.answers import enough


@pytest.mark.parametrize(
    ("rows", "different", "verdict"),
    [(100, 100, Verdict.PASSED), (300, 99, Verdict.INCONCLUSIVE), (100, 1, Verdict.INCONCLUSIVE)],
)
def test_the_same_request_again_is_no_further_evidence(rows: int, different: int, verdict: Verdict) -> None:
    golden = [GoldenRow(f"t{n}", msgspec.Raw(b"%d" % (n % different)), None) for n in range(rows)]

    assert enough(golden, IntegrationSettings()).verdict is verdict
