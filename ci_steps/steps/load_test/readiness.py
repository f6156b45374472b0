"""Whether a container comes up to be loaded."""

import time

from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.ports import Container

_STOPPED = 143
"""128 + SIGTERM: somebody stopped it. A kernel that lacks memory kills (137), and that is the image's."""


def readiness(container: Container, settings: IntegrationSettings, log: str) -> Finding:
    """Wait until it is ready, has ended, or has used up its time."""
    import requests

    began = time.monotonic()
    while time.monotonic() - began < settings.ready_seconds and container.exited() is None:
        if not container.address:
            seen = "it runs, but no port of it is published here"
            return _finding(Verdict.INCONCLUSIVE, seen, settings, "see whether the engine publishes ports")
        try:
            if requests.get(f"{container.address}/health/ready", timeout=2).status_code == 200:
                return _finding(Verdict.PASSED, "ready", settings, "")
        except requests.RequestException:
            pass
        time.sleep(0.05)
    code = container.exited()
    if code == _STOPPED:
        seen = f"stopped from outside (exit code {code})"
        return _finding(Verdict.INCONCLUSIVE, seen, settings, "see who stops containers, and run it again")
    seen = "not ready" if code is None else f"ended with exit code {code}"
    return _finding(Verdict.REFUSED, seen, settings, f"read load-test/{log}")


def _finding(verdict: Verdict, seen: str, settings: IntegrationSettings, hint: str) -> Finding:
    return Finding(
        check="load-test.ready",
        subject="the container",
        verdict=verdict,
        observed=seen,
        rule=f"ready within {settings.ready_seconds:g} s",
        where=settings.where,
        next=hint,
    )
