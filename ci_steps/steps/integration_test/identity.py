"""Whether the container says that it is the planned model."""

import json

from ci_steps import kit
from ci_steps.model.digest import Digest
from ci_steps.model.verdict import Finding
from ci_steps.steps.golden.differences import shown
from ci_steps.steps.golden.service import NoAnswer, Reply
from ci_steps.steps.integration_test.findings import passed, refused, undecided
from ci_steps.steps.integration_test.interface import compiled, violations

_SCHEMA = "serving-info.schema.json"


def identity(reply: Reply, sha: Digest) -> Finding:
    """Whether /info, in the form that `trace` reads, names the model's SHA."""
    rule, hint = f"/info says model {sha.short}", "build the image of this model again; this one is another's"
    outcome = reply.outcome
    if isinstance(outcome, NoAnswer) and outcome.silent:
        again = "run integration-test again; if it stays silent, read why in the container's log"
        return undecided("identity", f"/info: {outcome.why}", rule, hint=again)
    if isinstance(outcome, NoAnswer):
        return refused("identity", f"/info: {outcome.why}", rule, hint=hint)
    schema = compiled(json.loads((kit.schemas() / _SCHEMA).read_bytes()), where=_SCHEMA)
    if broken := next(violations(schema, outcome.value), None):
        shape = f"/info as {_SCHEMA} describes it, which trace reads"
        return refused("identity", broken, shape, hint="use the server that comes with this kit")
    said = outcome.value["model"]["sha256"]
    if said != sha.hex:
        return refused("identity", f"it says {shown(said[:12])}", rule, hint=hint)
    return passed("identity", f"it says {said[:12]}", rule)
