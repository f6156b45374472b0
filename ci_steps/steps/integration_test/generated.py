"""Requests made from the input schema that callers go by, sent to the candidate.

check-interface proves what schemas promise each other; what a schema promises, a server may still not keep.
About forty different requests at the ends of what the schema allows are sent for real.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ci_steps.errors import InputError
from ci_steps.model.value import Value
from ci_steps.rundir import RunDir
from ci_steps.steps.golden.promises import promises
from ci_steps.steps.golden.rows import GoldenRow
from ci_steps.steps.golden.service import NoAnswer, Outcome, Service
from ci_steps.steps.integration_test.asking import body_of, sent
from ci_steps.steps.integration_test.interface import Interface, compiled
from ci_steps.steps.integration_test.witnesses import breaks
from ci_steps.steps.made_requests.valid import different

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

REQUESTS = "integration-test/requests.jsonl"
_WANTED = 40
_LONGEST_BODY = 512 * 1024
_GIVE_UP_AFTER = 3


class Generated(Value, frozen=True):
    """The requests, whose schema they keep to, and how many of the golden rows keep to it as well."""

    requests: tuple[Any, ...]
    of_live: bool
    golden: int

    @property
    def rule(self) -> str:
        whose = "the live release's interface.json" if self.of_live else "interface.json"
        return f"requests that {whose} allows are answered, in the promised shape"

    def keep(self, run: RunDir) -> None:
        """Write them to the run directory, a line each."""
        run.write_view(REQUESTS, b"".join(msgspec.json.encode(each) + b"\n" for each in self.requests))


class Broken(Value, frozen=True):
    """A request that the candidate does not answer as promised."""

    number: int
    request: Any
    candidate: Outcome
    why: str

    @property
    def line(self) -> str:
        return f"{REQUESTS}:{self.number}"

    @property
    def body(self) -> bytes:
        return body_of(self.request)


def generated(live: Path | None, own: Path, rows: Sequence[GoldenRow], seed: str) -> Generated:
    """Make requests from the live release's interface.json; where there is none to read, from the own one."""
    schema = _readable(live)
    of_live = schema is not None
    if schema is None:
        schema = promises(own).input
    takes = compiled(schema, where="interface.json: input")
    real = [request for row in rows if _keeps(takes, request := msgspec.json.decode(row.body))]
    found = different(schema, f"{seed}/requests", _WANTED, seen=real, ends=True)
    short = tuple(each for each in found if len(body_of(each)) <= _LONGEST_BODY)
    return Generated(short, of_live, len({msgspec.json.encode(each) for each in real}))


def broken_by(service: Service, requests: Sequence[Any], interface: Interface) -> Iterator[Broken]:
    """Send each, and give those that are not answered as promised; after three silences no more is sent."""
    silent = 0
    for number, request in enumerate(requests, start=1):
        given_up = silent >= _GIVE_UP_AFTER
        outcome = NoAnswer("not sent", status=0) if given_up else sent(service, body_of(request))
        silent = silent + 1 if isinstance(outcome, NoAnswer) and outcome.silent else 0
        if why := breaks(outcome, interface):
            yield Broken(number, request, outcome, why)


def _readable(live: Path | None) -> Any:
    """Return the input schema of the live release's interface.json; None where that cannot be applied."""
    try:
        schema = promises(live).input if live else None
        if schema is not None:
            compiled(schema, where="the live release's interface.json: input")
    except InputError:
        return None
    return schema


def _keeps(takes: "Validator", request: Any) -> bool:
    from referencing.exceptions import Unresolvable

    try:
        return bool(takes.is_valid(request))
    except (Unresolvable, RecursionError, re.error):
        return False  # a schema that cannot be applied; other requests may not meet that part of it
