"""The id of every check that a gate makes, which a waiver may name."""

CAN_BE_WAIVED = frozenset(
    """
    unit-tests.commit unit-tests.none
    fetch-model.evidence
    scan-model.joblib scan-model.polyglot scan-model.unreadable
    check-metrics.baseline check-metrics.baseline-evaluations check-metrics.ceiling check-metrics.claim
    check-metrics.evaluations check-metrics.evidence check-metrics.examples check-metrics.floor
    check-metrics.golden check-metrics.guard check-metrics.reference check-metrics.rules check-metrics.slice
    check-metrics.truth check-metrics.versus
    check-interface.baseline check-interface.golden check-interface.input check-interface.output
    check-interface.schema
    integration-test.evaluations integration-test.generated integration-test.golden integration-test.interface
    integration-test.metrics integration-test.raw
    load-test.achieved load-test.baseline load-test.errors load-test.generator load-test.p50 load-test.p95
    load-test.p99 load-test.payload load-test.requests load-test.versus load-test.warmup
    """.split()  # noqa: SIM905
)
"""Those that may end inconclusive: nobody could decide, so somebody may answer for it."""

NEVER_WAIVED = frozenset(
    """
    unit-tests.failed unit-tests.timeout
    scan-model.code scan-model.files scan-model.global scan-model.predictor scan-model.trailing
    scan-model.trick
    push-image.digest push-image.promoted
    """.split()  # noqa: SIM905
)
"""Those that pass or refuse, and a refusal is never waived."""

RUN_AGAIN = frozenset(
    """
    fetch-model.bytes
    integration-test.bad-requests integration-test.health integration-test.identity
    integration-test.isolation integration-test.witness
    load-test.ready
    rollout.parity
    """.split()  # noqa: SIM905
)
"""Those that end inconclusive only where what runs could not be asked, or what is stored was not there:
another try decides, and no waiver."""

CHECKS = CAN_BE_WAIVED | NEVER_WAIVED | RUN_AGAIN
