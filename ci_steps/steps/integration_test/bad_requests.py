"""Requests that the interface does not allow, and whether they are refused without harm."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from ci_steps.model.verdict import Finding
from ci_steps.steps.golden.service import Reply
from ci_steps.steps.integration_test.findings import passed, refused, undecided
from ci_steps.steps.integration_test.interface import Interface

_OTHER_VALUES: tuple[Any, ...] = (None, True, 17.5, "text", [], {})
_PROPERTIES = 10
_GARBAGE_BYTES = 2 * 1024 * 1024
_EXTRA = "a property that nobody asked for"


@dataclass(frozen=True, slots=True)
class BadRequest:
    """A body, and in which way it is bad."""

    name: str
    body: bytes


def bad_requests(sound: bytes, interface: Interface) -> Iterator[BadRequest]:
    """Yield bodies that must be refused, each one spoilt copy of ``sound``, a request that is answered.

    Whatever is JSON is held to the input schema first: what that allows is not bad.
    """
    yield BadRequest("an empty body", b"")
    yield BadRequest("half an object", b'{"a":')
    yield BadRequest("two requests without a list", sound + b" " + sound)
    yield BadRequest("NaN, which is not JSON", b'{"a":NaN}')
    yield BadRequest("bytes that are not UTF-8", b'{"a":"\xff\xfe"}')
    yield BadRequest("100,000 open brackets", b"[" * 100_000)
    yield BadRequest("an empty list", b"[]")
    yield BadRequest("2 MiB of garbage", b"\x9d\x00{" * (_GARBAGE_BYTES // 3))
    for name, value in _spoilt(msgspec.json.decode(sound)):
        if not interface.takes(value):
            body = msgspec.json.encode(value)
            yield BadRequest(name, body)
            yield BadRequest(f"a list with {name}", b"[" + sound + b"," + body + b"]")


def refusals(answered: list[tuple[BadRequest, Reply]]) -> Finding:
    """Whether each was refused with a status that blames the caller: 2xx lets nonsense in, 5xx is harm.

    A connection that was cut without a reply is neither shown nor disproved to be harm.
    """
    rule = "requests that the interface does not allow get a 4xx status"
    wrong = [one for one in answered if is_wrong(one[1])]
    if wrong:
        observed = f"{len(wrong)} of {len(answered)} did not: {_named(wrong)}"
        hint = "let the server refuse it, or allow it in interface.json if the model can answer it"
        return refused("bad-requests", observed, rule, hint=hint)
    silent = [one for one in answered if not one[1].status]
    if silent:
        observed = f"{len(silent)} of {len(answered)} got no reply at all: {_named(silent)}"
        hint = "run integration-test again; if it stays so, let the server reply before it hangs up"
        return undecided("bad-requests", observed, rule, hint=hint)
    statuses = Counter(reply.status for _, reply in answered)
    told = ", ".join(f"{count} with {status}" for status, count in sorted(statuses.items()))
    return passed("bad-requests", f"{len(answered)} of {len(answered)} refused: {told}", rule)


def is_wrong(reply: Reply) -> bool:
    """Whether there is a status, and it does not blame the caller."""
    return reply.status != 0 and not 400 <= reply.status < 500


def _named(answered: list[tuple[BadRequest, Reply]]) -> str:
    return "; ".join(f"{bad.name}: {reply.in_words}" for bad, reply in answered[:5])


def _spoilt(request: Any) -> Iterator[tuple[str, Any]]:
    for value in _OTHER_VALUES:
        if type(value) is not type(request):
            yield f"a {_kind(value)} for a request", value
    if not isinstance(request, dict):
        return
    yield "one property too many", {**request, _EXTRA: 1}
    for key in sorted(request)[:_PROPERTIES]:
        yield f"no {key!r}", {name: value for name, value in request.items() if name != key}
        for value in _OTHER_VALUES:
            if type(value) is not type(request[key]):
                yield f"a {_kind(value)} for {key!r}", {**request, key: value}


def _kind(value: Any) -> str:
    names = {bool: "boolean", float: "number", str: "string", list: "list", dict: "object"}
    return names.get(type(value), "null")
