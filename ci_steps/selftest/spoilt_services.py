"""Services that answer otherwise than their model, models that cannot be decided on, and witnesses."""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from ci_steps.model.witness import Witness
from ci_steps.selftest.loopback import LoopbackService, Reply, specimen_answer, specimen_takes
from ci_steps.selftest.specimen import (
    INTERFACE,
    Specimen,
    evaluations,
    golden,
    jsonl,
    manifest_of,
    model_files,
)

SENT = Witness(
    kind="request",
    value={"text": "good", "lang": "en"},
    accepted_by="baseline",
    rejected_by="candidate",
    because="lang is no longer allowed",
    pointer="/input/additionalProperties",
)
NOT_SENT = (
    Witness(
        kind="answer",
        value={"label": "neutral"},
        accepted_by="baseline",
        rejected_by="candidate",
        because="no label neutral",
        pointer="/output/properties/label/enum",
    ),
    Witness(
        kind="request",
        value={"text": 1},
        accepted_by="candidate",
        rejected_by="baseline",
        because="numbers are taken",
        pointer="/input/properties/text/type",
    ),
)


def off_by(share: float) -> Callable[[Any], Any]:
    def answers(request: Any) -> Any:
        answer = specimen_answer(request)
        return answer | {"score": answer["score"] * (1 + share)}

    return answers


def flipped(request: Any) -> Any:
    return specimen_answer({"text": "bad" if "good" in request["text"] else "good"})


def crash(request: Any) -> Any:
    raise ValueError(f"no answer to {type(request).__name__}")


def lists_reversed(body: bytes) -> Reply:
    try:
        asked = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return Reply(400, b"")
    if not isinstance(asked, list):
        return Reply.json(specimen_answer(asked)) if specimen_takes(asked) else Reply(422, b"")
    taken = all(map(specimen_takes, asked)) and asked
    return Reply.json([specimen_answer(row) for row in asked[::-1]]) if taken else Reply(422, b"")


def to_bad_requests(status: int) -> dict[str, Callable[[bytes], Reply]]:
    """Return a route that answers as it should, but for the status of what it does not take."""

    def reply(body: bytes) -> Reply:
        try:
            asked = msgspec.json.decode(body)
        except (ValueError, RecursionError):
            return Reply(status, b"")
        rows = asked if isinstance(asked, list) else [asked]
        if not rows or not all(map(specimen_takes, rows)):
            return Reply(status, b"")
        answers = [specimen_answer(row) for row in rows]
        return Reply.json(answers if isinstance(asked, list) else answers[0])

    return {"POST /predict": reply}


def takes_more(request: Any) -> bool:
    return isinstance(request, dict) and isinstance(request.get("text"), str)


def few_rows() -> Specimen:
    return Specimen(files=model_files(**{"golden.jsonl": jsonl(golden(evaluations(), 40))}))


def no_rows() -> Specimen:
    return Specimen(files=model_files(**{"golden.jsonl": b"\n"}))


def just_enough() -> Specimen:
    return Specimen(files=model_files(**{"golden.jsonl": jsonl(golden(evaluations(), 100))}))


def whole(answer: dict[str, Any], one: float = 1) -> dict[str, Any]:
    return answer | {"score": one if answer["label"] == "positive" else 0}


def whole_scores() -> Specimen:
    rows = [row | {"answer": whole(row["answer"])} for row in golden(evaluations())]
    return Specimen(files=model_files(**{"golden.jsonl": jsonl(rows)}))


def nearly_whole(request: Any) -> Any:
    return whole(specimen_answer(request), 1.0000001)


def unevaluated() -> Specimen:
    return Specimen(files=model_files(**{"evaluations.jsonl": jsonl(evaluations(20))}))


def other_evaluations() -> Specimen:
    """Golden rows that agree with the container, and evaluations that agree with neither."""
    files = model_files(**{"evaluations.jsonl": jsonl(evaluations(wrong=900))})
    return Specimen(files=files)


def other_shape(request: Any) -> Any:
    return specimen_answer(request) | {"label": "undecided"}


def serving(specimen: Specimen, **spoilt: Any) -> LoopbackService:
    return LoopbackService(manifest=manifest_of(specimen.files), **spoilt)


def listing(pointer: str = "/label") -> Specimen:
    """Return a model that answers its label in a list as well; the interface says where it is."""
    rows = [row | {"answer": listed(row["answer"])} for row in golden(evaluations())]
    interface = json.dumps(INTERFACE | {"prediction": pointer}).encode()
    return Specimen(files=model_files(**{"golden.jsonl": jsonl(rows), "interface.json": interface}))


def listed(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"labels": [answer["label"]]}


def lists(request: Any) -> Any:
    """Answer as :func:`listing` does."""
    return listed(specimen_answer(request))


def lists_nothing(request: Any) -> Any:
    return specimen_answer(request) | {"labels": []}
