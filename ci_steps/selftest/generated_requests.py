"""Requests made from an input schema, sent to services that answer all of them, most of them, or none."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.documents import Report
from ci_steps.model.settings import InterfaceSettings
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.integrated import case, of
from ci_steps.selftest.loopback import LoopbackService, Reply, specimen_answer, specimen_takes
from ci_steps.selftest.specimen import INTERFACE, Specimen, evaluations, golden, jsonl, model_files
from ci_steps.selftest.spoilt_services import other_shape, serving

_TAKES_NAMES = {**INTERFACE["input"], "properties": {"text": {"type": "string", "pattern": "^[A-Z]{9}$"}}}


def stumbles(request: Any) -> Any:
    """Fail at a text that is empty."""
    if not request["text"]:
        raise ValueError("empty vocabulary")
    return specimen_answer(request)


def strict(request: Any) -> bool:
    """Take no text that is empty."""
    return specimen_takes(request) and request["text"] != ""


def laconic(request: Any) -> Any:
    """Answer an empty text in another shape."""
    return specimen_answer(request) if request["text"] else {"label": "neither"}


def to_empty_texts(status: int) -> LoopbackService:
    """Answer an empty text with this status; 0 stands for no reply at all."""

    def predict(body: bytes) -> Reply:
        try:
            asked = msgspec.json.decode(body)
        except (ValueError, RecursionError):
            return Reply(400, b"")
        rows = asked if isinstance(asked, list) else [asked]
        if not rows or not all(map(specimen_takes, rows)):
            return Reply(422, b"")
        if any(not row["text"] for row in rows):
            if not status:
                raise ConnectionAbortedError
            return Reply(status, b"")
        answers = [specimen_answer(row) for row in rows]
        return Reply.json(answers if isinstance(asked, list) else answers[0])

    return LoopbackService(routes={"POST /predict": predict})


def first(service: LoopbackService) -> Callable[[Path], Report]:
    """Run the gate on a first release."""
    return of(_few(), service)


def beside(
    live: LoopbackService, service: LoopbackService, *, policy: Any = "backward"
) -> Callable[[Path], Report]:
    """Run the gate where ``live`` serves a model with the same interface."""
    reference = f"127.0.0.1:5000/specimen@sha256:{'1' * 64}"
    specimen = replace(_few(), baseline=model_files(), plan={"interface": InterfaceSettings(policy=policy)})
    return of(specimen, replace(service, others={reference: live}))


def _few() -> Specimen:
    """Return a model with few golden rows: they need not be waited for."""
    return Specimen(files=model_files(**{"golden.jsonl": jsonl(golden(evaluations(), 3))}))


def patterned(rows: int) -> Callable[[Path], Report]:
    """Run the gate on a model of whose requests none can be made, with so many golden ones."""
    named = [
        row
        | {
            "request": {"text": f"GOODA{number:04}".translate(_LETTERS)},
            "answer": specimen_answer({"text": ""}),
        }
        for number, row in enumerate(golden(evaluations(), rows))
    ]
    interface = json.dumps(INTERFACE | {"input": _TAKES_NAMES}).encode()
    specimen = Specimen(files=model_files(**{"interface.json": interface, "golden.jsonl": jsonl(named)}))
    return of(specimen, serving(specimen))


_LETTERS = str.maketrans("0123456789", "QRSTUVWXYZ")
SOUND = LoopbackService()

CASES: tuple[Case, ...] = (
    case("generated", Verdict.PASSED, "a first release that answers all", first(SOUND)),
    case(
        "generated",
        Verdict.PASSED,
        "a candidate that answers all, and a live image that does not",
        beside(LoopbackService(absent="gone"), SOUND),
    ),
    *(
        case("generated", wanted, title, first(service))
        for wanted, title, service in (
            (
                Verdict.REFUSED,
                "a first release that fails at an empty text",
                LoopbackService(answers=stumbles),
            ),
            (
                Verdict.REFUSED,
                "a first release that answers an empty text in another shape",
                LoopbackService(answers=laconic),
            ),
            (Verdict.WARNED, "a first release that turns an empty text down", LoopbackService(takes=strict)),
            (Verdict.WARNED, "status 499 to an empty text", to_empty_texts(499)),
            (Verdict.REFUSED, "status 500 to an empty text", to_empty_texts(500)),
            (Verdict.INCONCLUSIVE, "status 503 to an empty text", to_empty_texts(503)),
            (Verdict.INCONCLUSIVE, "silence to an empty text", to_empty_texts(0)),
            (
                Verdict.INCONCLUSIVE,
                "a first release that turns all down",
                LoopbackService(takes=lambda _: False),
            ),
        )
    ),
    *(
        case("generated", wanted, title, beside(live, LoopbackService(takes=strict)))
        for wanted, title, live in (
            (Verdict.REFUSED, "an empty text that the live release answers", SOUND),
            (
                Verdict.REFUSED,
                "an empty text that the live release answers somehow",
                LoopbackService(answers=laconic),
            ),
            (
                Verdict.WARNED,
                "an empty text that the live release turns down as well",
                LoopbackService(takes=strict),
            ),
            (
                Verdict.WARNED,
                "an empty text that the live release fails at",
                LoopbackService(answers=stumbles),
            ),
            (Verdict.INCONCLUSIVE, "an empty text to a live release that is too busy", to_empty_texts(503)),
            (
                Verdict.INCONCLUSIVE,
                "an empty text, and a live image that is gone",
                LoopbackService(absent="gone"),
            ),
        )
    ),
    case(
        "generated",
        Verdict.REFUSED,
        "other answers than the live release's",
        beside(SOUND, LoopbackService(answers=other_shape)),
    ),
    case(
        "generated",
        Verdict.REFUSED,
        "a failure at what its own schema allows, where callers may be left behind",
        beside(LoopbackService(answers=stumbles), LoopbackService(answers=stumbles), policy="forward"),
    ),
    case("generated", Verdict.INCONCLUSIVE, "texts of a pattern that nobody can make", patterned(19)),
    case(
        "generated", Verdict.WARNED, "golden requests in place of those that nobody can make", patterned(20)
    ),
)
