"""The outermost layer: every request gets an id, is counted, timed and logged."""

from __future__ import annotations

import logging
import re
import time
import uuid
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.logs import OneASecond, log
from serving.metrics import Metrics
from serving.service import Phase, Service

ROUTES = frozenset({"/predict", "/health/live", "/health/ready", "/metrics", "/info", "/openapi.json"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Observed:
    """An ASGI application that watches another.

    A success is logged once a second at most, with the number it stands for; a refusal or failure of
    /predict always. Health checks and the metrics page are logged at DEBUG.
    """

    app: ASGIApp
    service: Service
    metrics: Metrics
    successes: OneASecond = field(default_factory=OneASecond)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                if self.service.phase is Phase.STOPPING:
                    headers["connection"] = "close"  # kept-alive connections go elsewhere before we end
            await send(message)

        began = time.perf_counter()
        try:
            await self.app(scope, receive, answer)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - began)

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        # Only known routes: any other path is the client's text, for the log as for the label.
        route = scope["path"] if scope["path"] in ROUTES else "other"
        self.metrics.requests.labels(route, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        fields = {"request_id": request_id, "route": route, "status": status, "ms": round(seconds * 1000, 2)}
        if status >= 500 and route == "/predict":
            log(logging.ERROR, "request", **fields)
        elif status >= 400 and route == "/predict":
            log(logging.WARNING, "request", **fields)
        elif route == "/predict" and not logging.getLogger().isEnabledFor(logging.DEBUG):
            if stands_for := self.successes.admits():
                log(logging.INFO, "request", **fields, stands_for=stands_for)
        else:
            log(logging.DEBUG, "request", **fields)
