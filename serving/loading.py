"""From a verified model folder to a model that has predicted once."""

from __future__ import annotations

import gc
import logging
from pathlib import Path
from typing import Any

import orjson

from serving.answering import Answering, BadRows
from serving.contract import Contract
from serving.errors import AnswerError, PredictorError
from serving.logs import log, places, said
from serving.manifest import Manifest
from serving.predictors import load_predictor


def load(
    folder: Path, manifest: Manifest, contract: Contract, *, max_rows: int, check_answers: bool
) -> Answering:
    """Return the model in ``folder``, its bytes verified, loaded and warm; raises ModelError and says why."""
    manifest.verify(folder)
    answering = Answering(contract, load_predictor(folder, manifest), max_rows, check_answers)
    warm_up(answering)
    gc.collect()
    gc.freeze()  # the model lives as long as the process: the collector need not walk over it again
    return answering


def warm_up(answering: Answering) -> None:
    """Predict once, with a request made from the schema: the first caller should not pay for lazy imports.

    It proves nothing and refuses nothing: a made-up request may be one that no caller would send.
    """
    request = sample(answering.contract.request)
    if any(answering.contract.bad_rows([request])):
        log(logging.INFO, "warm-up skipped", reason="the input schema shows no request that it would take")
        return
    try:
        answering.answer(orjson.dumps([request]))
    except (AnswerError, PredictorError, BadRows) as error:
        cause = error.__cause__ or error
        reason = str(error) if cause is error else f"{type(cause).__qualname__}: {said(cause)}"
        log(logging.WARNING, "warm-up failed", reason=reason, at=places(cause))


def sample(schema: Any) -> Any:
    """Return a value that ``schema`` may take: its own example, else the least that its keywords ask for.

    >>> sample({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 3}}})
    {'n': 3}
    """
    if not isinstance(schema, dict):
        return {}
    own = [*schema.get("examples", ()), *schema.get("enum", ())]
    own += [schema[name] for name in ("const", "default") if name in schema]
    return own[0] if own else _least(schema)


def _least(schema: dict[str, Any]) -> Any:
    match schema.get("type"):
        case "string":
            return "a" * _count(schema, "minLength")
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
        case "array":
            return [sample(schema.get("items"))] * _count(schema, "minItems")
        case _:
            properties = schema.get("properties", {})
            return {name: sample(properties.get(name)) for name in schema.get("required", ())}


def _count(schema: dict[str, Any], keyword: str) -> int:
    return min(int(schema.get(keyword, 0)), 10_000)  # 3.0 is a whole number too, and 1e12 fills the memory
