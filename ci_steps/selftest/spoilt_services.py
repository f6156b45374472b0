"""Services that answer otherwise than their model, models that cannot be decided on, and witnesses."""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.witness import Witness
from ci_steps.selftest.loopback import LoopbackService, Reply, specimen_answer, specimen_takes
from ci_steps.selftest.specimen import (
    INTERFACE,
    PREDICTOR,
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
OTHER_MODEL = PREDICTOR.replace("0.9 if", "0.8 if").encode()
NAN_MODEL = PREDICTOR.replace("0.9 if", 'float("nan") if').encode()
MIXING_MODEL = PREDICTOR.replace("for request in requests]", "for request in requests[::-1]]").encode()
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


def silence(body: bytes) -> Reply:
    """Hang up without a reply."""
    del body
    raise ConnectionAbortedError


def predicting(status: int) -> dict[str, Callable[[bytes], Reply]]:
    """Return a route that answers every request so; 0 stands for no reply at all."""
    return {"POST /predict": lambda body: Reply(status, b"") if status else silence(body)}


def silent_in_the_end() -> dict[str, Callable[[bytes], Reply]]:
    """Return routes of a service that does not say that it is ready once it was sent an empty body."""
    sent: list[bytes] = []

    def predict(body: bytes) -> Reply:
        sent.append(body)
        return Reply(422, b"")

    def ready(body: bytes) -> Reply:
        return silence(body) if sent else Reply.json({"ready": True})

    return {"POST /predict": predict, "GET /health/ready": ready}


def ready_later(silent: int, *, after: bytes | None = None) -> dict[str, Callable[[bytes], Reply]]:
    """Return routes of a service that is ready only when it was asked a few times more.

    With ``after`` that begins once such a body was sent, and it is silent until then.
    """
    sent: list[bytes] = []
    looks: list[int] = []

    def predict(body: bytes) -> Reply:
        sent.append(body)
        return to_bad_requests(422)["POST /predict"](body)

    def ready(body: bytes) -> Reply:
        if after is not None and after not in sent:
            return Reply.json({"ready": True})
        looks.append(1)
        if len(looks) > silent:
            return Reply.json({"ready": True})
        return Reply.json({"ready": False}, 503) if after is None else silence(body)

    return {"POST /predict": predict, "GET /health/ready": ready}


def late_counter() -> dict[str, Callable[[bytes], Reply]]:
    """Return a metrics page that shows the hundred rows and their list only at a second look."""
    looks: list[int] = []

    def page(body: bytes) -> Reply:
        del body
        looks.append(1)
        count = 101 if len(looks) > 2 else 0
        return Reply(200, b'serving_requests_total{route="/predict"} %d\n' % count, "text/plain")

    return {"GET /metrics": page}


def no_lists(status: int) -> dict[str, Callable[[bytes], Reply]]:
    """Return a route that takes no list of many rows."""

    def reply(body: bytes) -> Reply:
        many = body.startswith(b"[{") and body.count(b"text") > 2
        return Reply(status, b"") if many else to_bad_requests(422)["POST /predict"](body)

    return {"POST /predict": reply}


def to_bad_requests(status: int) -> dict[str, Callable[[bytes], Reply]]:
    """Return a route that answers as it should, but for the status of what it does not take."""

    def reply(body: bytes) -> Reply:
        try:
            asked = msgspec.json.decode(body)
        except (ValueError, RecursionError):
            return predicting(status)["POST /predict"](body)
        rows = asked if isinstance(asked, list) else [asked]
        if not rows or not all(map(specimen_takes, rows)):
            return predicting(status)["POST /predict"](body)
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


def absolute() -> Specimen:
    return Specimen(plan={"integration": IntegrationSettings(absolute=2e-6)})


_COUNT = 1_000_001


def counts(kind: str) -> Specimen:
    """Return a model that answers a count as well, of which the interface says that it is of this type."""
    rows = [row | {"answer": row["answer"] | {"count": _COUNT}} for row in golden(evaluations())]
    promised = {
        **INTERFACE["output"],
        "properties": {**INTERFACE["output"]["properties"], "count": {"type": kind}},
    }
    interface = json.dumps(INTERFACE | {"output": promised}).encode()
    predictor = PREDICTOR.replace("if good else 0.1}", f"if good else 0.1, 'count': {_COUNT}}}").encode()
    files = {"golden.jsonl": jsonl(rows), "interface.json": interface, "model/predictor.py": predictor}
    return Specimen(files=model_files(**files))


def counted_off(request: Any) -> Any:
    return specimen_answer(request) | {"count": _COUNT + 1.0}


def as_text(request: Any) -> Any:
    answer = specimen_answer(request)
    return answer | {"score": str(answer["score"])}


def unevaluated() -> Specimen:
    return Specimen(files=model_files(**{"evaluations.jsonl": jsonl(evaluations(20))}))


def other_evaluations() -> Specimen:
    """Golden rows that agree with the container, and evaluations that agree with neither."""
    files = model_files(**{"evaluations.jsonl": jsonl(evaluations(wrong=900))})
    return Specimen(files=files)


def other_shape(request: Any) -> Any:
    return specimen_answer(request) | {"label": "undecided"}


def serving(specimen: Specimen, **spoilt: Any) -> LoopbackService:
    files = {"files": specimen.files, **spoilt}
    return LoopbackService(manifest=manifest_of(specimen.files), **files)


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
