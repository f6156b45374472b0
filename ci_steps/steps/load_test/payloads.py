"""What is sent: the requests of golden rows, or requests that interface.json allows."""

from typing import Any

import msgspec

from ci_steps.documents import FetchedModel, Plan
from ci_steps.model.settings import LoadSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import decoded
from ci_steps.rundir import RunDir
from ci_steps.steps.load_test.decisions import FEWEST_PAYLOADS, is_varied

_GOLDEN, _INTERFACE = "golden.jsonl", "interface.json"
_WANTED = 200


def payloads(run: RunDir, plan: Plan) -> tuple[list[str], Finding]:
    """Return the bodies to send, in their order, and whether they are enough."""
    if plan.load.payloads == "interface":
        return _of_interface(run, plan)
    bodies = _of_golden(run)
    verdict = Verdict.PASSED if bodies else Verdict.INCONCLUSIVE
    seen = f"{len(bodies):,} requests of {_GOLDEN}" if bodies else f"no request in {_GOLDEN}"
    hint = "publish the model with golden rows, or send `payloads: interface`"
    return bodies, _finding(verdict, seen, "requests are those of the golden rows", plan.load, hint)


def _of_golden(run: RunDir) -> list[str]:
    rows = [
        decoded(line, dict[str, Any], where=_GOLDEN)
        for line in _content(run, _GOLDEN).splitlines()
        if line.strip()
    ]
    return [msgspec.json.encode(row["request"]).decode() for row in rows if "request" in row]


def _of_interface(run: RunDir, plan: Plan) -> tuple[list[str], Finding]:
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    from ci_steps.steps.load_test.instances import different

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
