"""The routes: what each URL answers."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from serving.answering import BadRows
from serving.bodies import BodyError
from serving.errors import AnswerError, PredictorError
from serving.logs import log, places, said
from serving.metrics import Metrics
from serving.problems import problem
from serving.service import OverloadError, Phase, Service
from serving.settings import Settings

Handlers = Mapping[Any, Callable[[Request, Any], Awaitable[Response]]]


def make_app(
    service: Service, metrics: Metrics, settings: Settings, document: dict[str, Any], about: dict[str, Any]
) -> Starlette:
    """Return the application that answers for ``service``; ``document`` is its OpenAPI document."""

    async def predict(request: Request) -> Response:
        answered = await service.answer(await _requests(request, settings))
        metrics.answers.inc(answered.rows)
        return Response(answered.content, media_type="application/json")

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        is_ready = service.phase is Phase.READY
        return JSONResponse({"ready": is_ready, "phase": service.phase.value}, 200 if is_ready else 503)

    async def page(_: Request) -> Response:
        return Response(metrics.page(), media_type=CONTENT_TYPE_LATEST)

    async def info(_: Request) -> Response:
        return JSONResponse(about)

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    pages = {
        "/health/live": live, "/health/ready": ready,
        "/metrics": page, "/info": info, "/openapi.json": openapi,
    }  # fmt: skip
    return Starlette(
        routes=[Route("/predict", predict, methods=["POST"]), *(Route(path, pages[path]) for path in pages)],
        exception_handlers={**_REFUSALS, **_failures(metrics, settings)},
    )


async def _requests(request: Request, settings: Settings) -> bytes:
    """Return the body of a request to predict, where it is one that is taken."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise BodyError(
            415,
            "the content type is not application/json: send the header Content-Type: application/json",
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BodyError(
            415, "the body has a content encoding, which is not taken: send it without Content-Encoding"
        )
    try:
        async with asyncio.timeout(settings.body_seconds):
            return await _body(request, settings.max_body_bytes)
    except TimeoutError as error:
        raise BodyError(408, f"the body did not come within {settings.body_seconds:g} s") from error


async def _body(request: Request, most: int) -> bytes:
    """Return the whole body; one too big is refused by its announced length, or while it comes."""
    body = bytearray()
    announced = int(request.headers.get("content-length", 0))  # the HTTP parser refuses what is not a number
    if announced <= most:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                break
    if max(announced, len(body)) > most:
        raise BodyError(413, f"the body has more than {most} bytes")
    return bytes(body)


async def _bad_body(request: Request, error: BodyError) -> Response:
    return problem(error.status, error.reason, request.state.request_id)


async def _bad_rows(request: Request, error: BadRows) -> Response:
    problems = [{"index": row.index, "pointer": row.pointer, "reason": row.reason} for row in error.rows]
    first = f"request {error.rows[0].index} at {error.rows[0].pointer or '/'}: {error.rows[0].reason}"
    return problem(422, first, request.state.request_id, problems=problems)


async def _gone(request: Request, _: ClientDisconnect) -> Response:
    return problem(400, "the connection ended before the body did", request.state.request_id)


async def _refused(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    return problem(error.status_code, str(error.detail), request.state.request_id, headers)


_REFUSALS: Handlers = {
    BodyError: _bad_body,
    BadRows: _bad_rows,
    ClientDisconnect: _gone,
    HTTPException: _refused,
}
"""What the caller did wrong, or should try again."""


def _failures(metrics: Metrics, settings: Settings) -> Handlers:
    """Return what went wrong on this side: counted, logged under an id, told without a word of detail."""

    def named(error: BaseException) -> dict[str, str]:
        words = {"message": said(error)} if settings.log_messages else {}
        return {"exception": type(error).__qualname__, **words}

    async def overload(request: Request, error: OverloadError) -> Response:
        metrics.errors.labels("overload").inc()
        return problem(503, str(error), request.state.request_id, {"retry-after": "1"})

    async def failure(
        request: Request, kind: str, detail: str, error: BaseException, **more: Any
    ) -> Response:
        error_id = uuid.uuid4().hex
        request_id = request.state.request_id
        metrics.errors.labels(kind).inc()
        fields = {"error_id": error_id, "request_id": request_id, "at": places(error), **more}
        log(logging.ERROR, detail, **fields)
        return problem(500, detail, request_id, error_id=error_id)

    async def raised(request: Request, error: PredictorError) -> Response:
        cause = error.__cause__ or error
        return await failure(request, "predictor", "the model failed", cause, **named(cause))

    async def wrong(request: Request, error: AnswerError) -> Response:
        detail = "the model gave an answer that it may not give"
        return await failure(request, "answer", detail, error, reason=str(error))

    async def crash(request: Request, error: Exception) -> Response:
        return await failure(request, "crash", "the server failed", error, **named(error))

    return {OverloadError: overload, PredictorError: raised, AnswerError: wrong, Exception: crash}
