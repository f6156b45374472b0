"""One request put to a service, and some put to the live image, which is started for them alone."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from ci_steps.documents.plan import Baseline
from ci_steps.errors import OutsideError
from ci_steps.model.settings import IntegrationSettings
from ci_steps.ports import Container, Containers
from ci_steps.steps.golden.service import OK, Answer, NoAnswer, Outcome, Service, calling

_LOOK_AGAIN_SECONDS = 0.05


def body_of(request: Any) -> bytes:
    """Return the body that asks it: what is no object goes as a list of one, as the server wants it."""
    return msgspec.json.encode(request if isinstance(request, dict) else [request])


def sent(service: Service, body: bytes) -> Outcome:
    """Send a body of :func:`body_of`, and take the answer out of its list."""
    outcome = service.predict(body).outcome
    if not body.startswith(b"[") or isinstance(outcome, NoAnswer):
        return outcome
    match outcome.value:
        case [answer]:
            return Answer(answer)
    return NoAnswer("a list of one was sent and none came back", status=OK)


def asked_live(
    containers: Containers, live: Baseline, bodies: Mapping[str, bytes], settings: IntegrationSettings
) -> dict[str, Outcome]:
    """Send bodies to a container of the live image; where it cannot be asked, say so for each."""
    env = {"IMAGE_DIGEST": str(live.image)}
    try:
        with (
            containers.started(live.reference, env=env, memory_mb=settings.memory_mb) as container,
            calling(container.address) as service,
        ):
            if why := _unready(container, service, settings.ready_seconds):
                return dict.fromkeys(bodies, NoAnswer(f"the live image is not ready: {why}", status=0))
            return {name: sent(service, body) for name, body in bodies.items()}
    except OutsideError as error:
        return dict.fromkeys(bodies, NoAnswer(f"the live image does not start: {error}", status=0))


def _unready(container: Container, service: Service, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while True:
        reply = service.page("/health/ready")
        if reply.status == OK:
            return ""
        if (code := container.exited()) is not None:
            return f"it ended with exit code {code}"
        if time.monotonic() >= deadline:
            return reply.in_words
        time.sleep(_LOOK_AGAIN_SECONDS)
