"""Whether the container comes up, and why not."""

import json
import time
from typing import Any

from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Finding
from ci_steps.ports import Container, Progress
from ci_steps.steps.golden.service import OK, Service
from ci_steps.steps.integration_test.findings import passed, refused, undecided

LOG = "integration-test/container.log"
_LOOK_AGAIN_SECONDS = 0.05
_ONE_LOOK_SECONDS = 2.0
_LOOK_AGAIN_AFTERWARDS_SECONDS = 1.0
_KILLED = 137
_LINE = 300


def readiness(
    container: Container, service: Service, settings: IntegrationSettings, progress: Progress
) -> Finding:
    """Wait until the service is ready, has ended or has used up its time, and say which."""
    rule = f"/health/ready answers 200 within {settings.ready_seconds:g} s"
    began = time.monotonic()
    if not container.address and container.exited() is None:
        hint = "run integration-test again; if it stays so, see why the engine publishes no port"
        observed = "it runs, and the engine published no port of it"
        return undecided("health", observed, rule, where=settings.where, hint=hint)
    progress.say(f"waiting for /health/ready, {settings.ready_seconds:g} s at most")
    while True:
        left = settings.ready_seconds - (time.monotonic() - began)
        reply = service.page("/health/ready", timeout=max(0.1, min(left, _ONE_LOOK_SECONDS)))
        if reply.status == OK:
            progress.say(f"ready after {time.monotonic() - began:.1f} s")
            return passed("health", "ready", rule, where=settings.where)
        if (code := container.exited()) is not None:
            ended = f"it ended with {exit_in_words(code)}: {reason(container.logs())}"
            return _not_ready(ended, rule, settings)
        if left <= 0:
            late = f"not ready: {reply.in_words}; its log: {reason(container.logs())}"
            return _not_ready(late, rule, settings)
        time.sleep(_LOOK_AGAIN_SECONDS)


def still_ready(container: Container, service: Service) -> Finding:
    """Whether the service is as ready after everything that it was sent; silence alone proves nothing."""
    rule = "still ready after every request of this test"
    deadline = time.monotonic() + _LOOK_AGAIN_AFTERWARDS_SECONDS
    while True:
        reply = service.page("/health/ready")
        if reply.status == OK:
            return passed("health", "ready", rule, subject="afterwards")
        code = container.exited()
        if reply.status or code is not None or time.monotonic() >= deadline:
            break
        time.sleep(_LOOK_AGAIN_SECONDS)
    if not reply.status and code is None:
        hint = "run integration-test again; it runs and cannot be asked"
        return undecided("health", reply.in_words, rule, subject="afterwards", hint=hint, witness=LOG)
    seen = reply.in_words if code is None else f"ended with {exit_in_words(code)}: {reason(container.logs())}"
    return refused(
        "health", seen, rule, subject="afterwards", hint=f"read {LOG}: a request stopped it", witness=LOG
    )


def reason(log: str) -> str:
    """Return the line of a log that says what went wrong: the last error of a JSON log, or its last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for line in reversed(lines):
        entry = _entry(line)
        if str(entry.get("level", "")).lower() in {"error", "critical"}:
            said = [str(entry[key]) for key in ("event", "reason", "exception") if entry.get(key)]
            return ": ".join(said)[:_LINE]
    return lines[-1][:_LINE] if lines else "it logged nothing"


def last_exception(log: str) -> str:
    """Return the type and message of the last exception in a log, or why an answer was held back; or nothing.

    The server logs what an exception says where it is asked to, as this step does.
    """
    for line in reversed(log.splitlines()):
        entry = _entry(line)
        said = [str(entry[key]) for key in ("exception", "message", "reason") if entry.get(key)]
        if said and str(entry.get("level", "")).lower() in {"error", "critical"}:
            return ": ".join(said)[:_LINE]
    return ""


def exit_in_words(code: int) -> str:
    killed = " (killed, as where memory runs out)" if code == _KILLED else ""
    return f"exit code {code}{killed}"


def _not_ready(observed: str, rule: str, settings: IntegrationSettings) -> Finding:
    hint = f"mend what the reason names; the whole log is {LOG}"
    return refused("health", observed, rule, where=settings.where, hint=hint, witness=LOG)


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
