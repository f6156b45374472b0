"""Whether the container says that it is the planned model."""

import json

from ci_steps import kit
from ci_steps.model.digest import Digest
from ci_steps.model.verdict import Finding
from ci_steps.steps.integration_test.differences import shown
from ci_steps.steps.integration_test.findings import passed, refused
from ci_steps.steps.integration_test.interface import compiled, violations
from ci_steps.steps.integration_test.service import NoAnswer, Reply

_SCHEMA = "serving-info.schema.json"


def identity(reply: Reply, sha: Digest) -> Finding:
    """Whether /info, in the form that `trace` reads, names the model's SHA."""
    rule, hint = f"/info says model {sha.short}", "build the image of this model again; this one is another's"
    outcome = reply.outcome
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
