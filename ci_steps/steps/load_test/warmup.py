"""What the warm-up says: whether anything was measured before the service was warm."""

from ci_steps.documents import WarmUp
from ci_steps.model.settings import LoadSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.load_test.decisions import fails_often
from ci_steps.steps.load_test.records import WarmUpSeen
from ci_steps.steps.load_test.sending.steady import NEAR_MS, NEAR_SHARE, is_steady

_SHOWN = 6


def finding(seen: WarmUpSeen, side: int, limits: LoadSettings) -> Finding:
    """Pass where the last two windows agree and nothing failed: it had said that it is ready before.

    Failures of the last window are held to the limit of errors, as those that count are; earlier ones are
    warned of. For the live release's the pushed image is not to blame: then nothing can be compared.
    """
    medians = ", ".join(f"{median:.1f}" for median in seen.medians_ms[-_SHOWN:])
    after = seen.window_s * len(seen.medians_ms)
    verdict, hint = _verdict(seen, side, limits)
    return Finding(
        check="load-test.warmup",
        subject=("the pushed image", "the live release")[side],
        verdict=verdict,
        observed=f"after {after:g} s medians of {medians} ms in windows of {seen.window_s:g} s"
        + _failures(seen),
        rule=f"the medians of two windows agree within {NEAR_SHARE:.0%} or {NEAR_MS:g} ms"
        f" before anything counts, within {limits.warmup_at_most_seconds:g} s; no request fails, and of the"
        f" last window's a share of at most {limits.errors:g}",
        where=limits.where,
        next=hint,
    )


def _verdict(seen: WarmUpSeen, side: int, limits: LoadSettings) -> tuple[Verdict, str]:
    log = f"read load-test/{('container.log', 'live.log')[side]}"
    if fails_often(seen.last_failed, seen.last_requests, limits.errors):
        return Verdict.INCONCLUSIVE if side else Verdict.REFUSED, f"{log}: it still fails when it is warm"
    if not is_steady(seen.medians_ms):
        return (
            Verdict.INCONCLUSIVE,
            "see why its latency goes on changing, or give it longer: load.warmup_at_most_seconds",
        )
    if seen.failed:
        return (
            Verdict.WARNED,
            f"{log}: it says that it is ready before it is, and callers would get these failures",
        )
    return Verdict.PASSED, ""


def _failures(seen: WarmUpSeen) -> str:
    if not seen.failed:
        return ""
    last = f"{seen.last_failed:,} of the last {seen.last_requests:,}"
    return f"; {seen.failed:,} of {seen.requests:,} requests failed, {last}"


def told(seen: WarmUpSeen, number: int) -> WarmUp:
    return WarmUp(
        side="live" if number else "pushed",
        window_s=seen.window_s,
        medians_ms=seen.medians_ms,
        requests=seen.requests,
        failed=seen.failed,
        steady=is_steady(seen.medians_ms),
    )
