"""The OpenAPI document of one model's server, with the schemas of its interface.json as they stand."""

from __future__ import annotations

from typing import Any

from serving.contract import Contract
from serving.manifest import Manifest

PROBLEM = {
    "type": "object",
    "description": "An RFC 9457 problem document.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, in one line."},
        "request_id": {"type": "string", "description": "Names the request in the server's log."},
        "error_id": {"type": "string", "description": "Names the failure in the server's log (status 500)."},
        "problems": {
            "type": "array",
            "description": "One for each bad row, the first hundred (status 422).",
            "items": {
                "type": "object",
                "required": ["index", "pointer", "reason"],
                "properties": {
                    "index": {"type": "integer", "description": "The row's place in the list, from 0."},
                    "pointer": {"type": "string", "description": "JSON pointer into the row."},
                    "reason": {"type": "string"},
                },
            },
        },
    },
}
REFUSALS = {
    "400": "The body is not JSON.",
    "408": "The body did not come in time.",
    "413": "The body is too big, or the list too long.",
    "415": "The content type is not application/json.",
    "422": "A row breaks the input schema.",
    "500": "The model failed, or broke its output schema.",
    "503": "The model is being loaded, or too many requests wait.",
}


def openapi(manifest: Manifest, contract: Contract) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document: `/predict` takes and gives what interface.json says, one or many."""
    request = _named(contract.request, manifest, "input")
    answer = _named(contract.answer, manifest, "output")
    predict = {
        "summary": "Answer one request, or a list of them in their order.",
        "operationId": "predict",
        "requestBody": {"required": True, "content": _one_or_many("Request")},
        "responses": {
            "200": {"description": "One answer, or one for each request.", "content": _one_or_many("Answer")},
            **{status: _refusal(text) for status, text in REFUSALS.items()},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": manifest.name, "version": manifest.sha256},
        "paths": {
            "/predict": {"post": predict},
            "/health/live": {"get": _get("live", "Whether the process answers.")},
            "/health/ready": {"get": _get("ready", "Whether to send requests here; 503 if not.")},
            "/metrics": {"get": _get("metrics", "Metrics for Prometheus.")},
            "/info": {"get": _get("about", "Which model, image and release answer here.")},
        },
        "components": {"schemas": {"Request": request, "Answer": answer, "Problem": PROBLEM}},
    }


def _named(schema: Any, manifest: Manifest, which: str) -> Any:
    """Return ``schema`` with an id of its own: its `#/$defs` lead into it inside the bigger document."""
    if not isinstance(schema, dict):
        return schema
    return {"$id": f"urn:sha256:{manifest.sha256}:{which}", **schema}


def _one_or_many(name: str) -> dict[str, Any]:
    one = {"$ref": f"#/components/schemas/{name}"}
    return {"application/json": {"schema": {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]}}}


def _refusal(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}


def _get(operation: str, text: str) -> dict[str, Any]:
    return {"summary": text, "operationId": operation, "responses": {"200": {"description": text}}}
