"""What the warm-up says: whether anything was measured before the service was warm."""

from ci_steps.documents import WarmUp
from ci_steps.model.settings import LoadSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.load_test.records import WarmUpSeen
from ci_steps.steps.load_test.steady import NEAR_MS, NEAR_SHARE, is_steady

_SHOWN = 6


def finding(seen: WarmUpSeen, side: str, limits: LoadSettings) -> Finding:
    """Pass where the last two windows agree; its requests count for nothing else, its failures are told."""
    verdict = Verdict.PASSED if is_steady(seen.medians_ms) else Verdict.INCONCLUSIVE
    medians = ", ".join(f"{median:.1f}" for median in seen.medians_ms[-_SHOWN:])
    because = f"; {seen.failed:,} of {seen.requests:,} failed" if seen.failed else ""
    after = seen.window_s * len(seen.medians_ms)
    return Finding(
        check="load-test.warmup",
        subject=side,
        verdict=verdict,
        observed=f"after {after:g} s medians of {medians} ms in windows of {seen.window_s:g} s{because}",
        rule=f"the medians of two windows agree within {NEAR_SHARE:.0%} or {NEAR_MS:g} ms"
        f" before anything counts, within {limits.warmup_at_most_seconds:g} s",
        where=limits.where,
        next=""
        if verdict is Verdict.PASSED
        else "see why its latency goes on changing, or give it longer: load.warmup_at_most_seconds",
    )


def told(seen: WarmUpSeen, number: int) -> WarmUp:
    return WarmUp(
        side="live" if number else "pushed",
        window_s=seen.window_s,
        medians_ms=seen.medians_ms,
        requests=seen.requests,
        failed=seen.failed,
        steady=is_steady(seen.medians_ms),
    )
