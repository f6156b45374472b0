"""Requests that check-interface says would break, sent for real."""

import msgspec

from ci_steps.errors import InputError
from ci_steps.model.verdict import Finding
from ci_steps.model.wire import decoded
from ci_steps.model.witness import Witness
from ci_steps.rundir import RunDir
from ci_steps.steps.integration_test.differences import shown
from ci_steps.steps.integration_test.findings import refused, warned
from ci_steps.steps.integration_test.interface import Interface
from ci_steps.steps.integration_test.service import NoAnswer, Service


def read(run: RunDir, name: str) -> Witness:
    """Read a witness that check-interface left in the run directory."""
    try:
        content = (run.root / name).read_bytes()
    except OSError as error:
        raise InputError(
            f"witness {name} cannot be read: {error.strerror}",
            hint="run `python -m ci_steps check-interface` again",
        ) from error
    return decoded(content, Witness, where=name)


def can_be_sent(witness: Witness) -> bool:
    """Whether it is a request of today's callers; an answer is nothing that can be sent."""
    return witness.kind == "request" and witness.accepted_by == "baseline"


def proven(name: str, witness: Witness, service: Service, interface: Interface) -> Finding:
    """Send a request that the baseline answers: what is not answered as promised proves the break."""
    rule = "a request that the baseline answers is answered, in the promised shape"
    outcome = service.predict(msgspec.json.encode(witness.value)).outcome
    hint = "answer it as the baseline does, or release under another service's name"
    if isinstance(outcome, NoAnswer):
        return refused("witness", outcome.why, rule, subject=name, hint=hint, witness=name)
    if broken := next(interface.broken_by(outcome.value), None):
        return refused("witness", broken, rule, subject=name, hint=hint, witness=name)
    looser = "the server takes more than interface.json promises; promise it there"
    return warned("witness", f"answered: {shown(outcome.value)}", rule, subject=name, hint=looser)
