"""Requests that check-interface says would break, sent for real: to the live image and to the candidate."""

from ci_steps.errors import InputError
from ci_steps.model.sent import Made, Sent
from ci_steps.model.verdict import Finding
from ci_steps.model.wire import decoded, pretty
from ci_steps.model.witness import Witness
from ci_steps.rundir import RunDir
from ci_steps.steps.golden.differences import shown
from ci_steps.steps.golden.service import FAILED, OK, Answer, NoAnswer, Outcome, Service
from ci_steps.steps.integration_test.asking import body_of, sent
from ci_steps.steps.integration_test.findings import refused, undecided, warned
from ci_steps.steps.integration_test.interface import Interface

_RULE = "a request that the live release answers is answered, in the promised shape"


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


def proven(
    run: RunDir, name: str, witness: Witness, live: Outcome, service: Service, interface: Interface
) -> Finding:
    """Send a request that the baseline's schema accepts, and judge what came of it beside what is live."""
    candidate = sent(service, body_of(witness.value))
    broken = breaks(candidate, interface)
    both = f"live: {told(live)}; candidate: {broken or told(candidate)}"
    beside = _beside(name)
    outcomes = Sent(
        witness=name, request=witness.value, live=made_of(live), candidate=made_of(candidate, broken)
    )
    run.write_bytes(beside, pretty(outcomes))
    if not broken:
        looser = "the server takes more than interface.json promises; promise it there"
        return warned("witness", both, _RULE, subject=name, hint=looser, witness=beside)
    if is_answered(live):
        hint = "answer it as the live release does, or release under another service's name"
        return refused("witness", both, _RULE, subject=name, hint=hint, witness=beside)
    if is_turned_down(live):
        never = "nobody's call breaks: the live release's schema promised what its server never gave"
        return warned("witness", both, _RULE, subject=name, hint=never, witness=beside)
    hint = "bring the live image back to where it can be asked, and run integration-test again"
    return undecided("witness", both, _RULE, subject=name, hint=hint, witness=beside)


def breaks(candidate: Outcome, interface: Interface) -> str:
    """Return in which way a caller is let down; empty where it is answered as the interface promises."""
    if isinstance(candidate, NoAnswer):
        return candidate.why
    return next(interface.broken_by(candidate.value), "")


def is_answered(live: Outcome) -> bool:
    """Whether today's callers get an answer to it."""
    return isinstance(live, Answer)


def is_turned_down(live: Outcome) -> bool:
    """Whether the live release itself blames the caller; silence and its own failures prove nothing."""
    return isinstance(live, NoAnswer) and OK < live.status < FAILED


def _beside(name: str) -> str:
    return f"integration-test/{name.rpartition('/')[2]}"


def made_of(outcome: Outcome, broken: str = "") -> Made:
    """Return an outcome as it is kept in a file; ``broken`` says in which way it lets a caller down."""
    if isinstance(outcome, Answer):
        return Made(status=OK, answer=outcome.value, broken=broken)
    return Made(status=outcome.status, why=outcome.why, broken=broken)


def told(outcome: Outcome) -> str:
    """Say an outcome on one line."""
    return f"answered {shown(outcome.value)}" if isinstance(outcome, Answer) else outcome.why
