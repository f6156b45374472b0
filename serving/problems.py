"""Refusals and failures as RFC 9457 problem documents, with the request's id and no traceback."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, detail: str, request_id: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """Return a response that says in one line what is wrong; ``more`` are members of this one kind."""
    return JSONResponse(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "request_id": request_id,
            **more,
        },
        status_code=status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )
