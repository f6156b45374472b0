"""What is sent: the requests of golden rows, or requests that interface.json allows."""

from typing import Any

import msgspec

from ci_steps.documents import FetchedModel, Plan
from ci_steps.model.settings import LoadSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import decoded
from ci_steps.rundir import RunDir
from ci_steps.steps.load_test.decisions import FEWEST_PAYLOADS, is_varied
from ci_steps.steps.load_test.judgement import counted

_GOLDEN, _INTERFACE = "golden.jsonl", "interface.json"
_WANTED = 200


def payloads(run: RunDir, plan: Plan) -> tuple[list[str], Finding]:
    """Return the bodies to send, in their order, and whether they are enough."""
    if plan.load.payloads == "interface":
        return _of_interface(run, plan)
    return _of_golden(run, plan)


def _of_golden(run: RunDir, plan: Plan) -> tuple[list[str], Finding]:
    rows = [
        decoded(line, dict[str, Any], where=_GOLDEN)
        for line in _content(run, _GOLDEN).splitlines()
        if line.strip()
    ]
    asked = [row["request"] for row in rows if "request" in row]
    # Equal requests, however their keys are ordered, would measure a cache.
    different = len({msgspec.json.encode(request, order="sorted") for request in asked})
    verdict = Verdict.PASSED if is_varied(different) else Verdict.INCONCLUSIVE
    seen = f"{counted(different, 'different ')} in {_GOLDEN}, of {counted(len(asked))}"
    rule = f"{FEWEST_PAYLOADS} or more different requests in {_GOLDEN}"
    hint = "publish the model with more golden rows, or send `payloads: interface`"
    bodies = [msgspec.json.encode(request).decode() for request in asked]
    return bodies, _finding(verdict, seen, rule, plan.load, hint)


def _of_interface(run: RunDir, plan: Plan) -> tuple[list[str], Finding]:
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    from ci_steps.steps.made_requests.valid import different

    rule = f"{FEWEST_PAYLOADS} or more different requests that {_INTERFACE} allows"
    hint = "send `payloads: golden`, or give examples in the interface's schema"
    schema = decoded(_content(run, _INTERFACE) or b"{}", dict[str, Any], where=_INTERFACE).get("input")
    if not isinstance(schema, dict):
        return [], _finding(Verdict.INCONCLUSIVE, f"no input schema in {_INTERFACE}", rule, plan.load, hint)
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        seen = f"its input is no JSON schema: {error.message}"
        return [], _finding(Verdict.INCONCLUSIVE, seen, rule, plan.load, hint)
    made = list(different(schema, f"{plan.sha.hex}/payloads", _WANTED))
    verdict = Verdict.PASSED if is_varied(len(made)) else Verdict.INCONCLUSIVE
    seen = f"{len(made)} different valid requests could be made"
    bodies = [msgspec.json.encode(value).decode() for value in made]
    return bodies, _finding(verdict, seen, rule, plan.load, hint)


def _content(run: RunDir, path: str) -> bytes:
    """Return the bytes of a model's file; none where the model has no such file."""
    fetched = run.read(FetchedModel)
    file = next((file for file in fetched.files if file.path == path), None)
    return run.verified(fetched.folder, file).read_bytes() if file else b""


def _finding(verdict: Verdict, seen: str, rule: str, load: LoadSettings, hint: str) -> Finding:
    return Finding(
        check="load-test.payload",
        subject="requests to send",
        verdict=verdict,
        observed=seen,
        rule=rule,
        where=load.where,
        next="" if verdict is Verdict.PASSED else hint,
    )
