"""What it means that a generated request is not answered in the promised shape.

- The live image answers it: a call of today's breaks, refused.
- The live image turns it down, or fails as well: nobody's call breaks, warned; its schema says too much.
- The requests are made from the candidate's own schema (a first release, or a policy that lets it take
  less): refused where it fails or answers otherwise than promised. Where it blames the caller (4xx), warned:
  what a model takes cannot always be said in a schema.
- A side gives no reply, or is too busy: inconclusive.

Fewer than twenty answered, because no more can be made or the rest is turned down, are inconclusive; where
as many golden rows keep to the schema, those stand in, which is warned.
"""

from collections.abc import Iterator, Mapping, Sequence

from ci_steps.model.sent import Sent
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import pretty
from ci_steps.rundir import RunDir
from ci_steps.steps.golden.differences import shown
from ci_steps.steps.golden.service import TOO_BUSY, NoAnswer, Outcome
from ci_steps.steps.integration_test.findings import passed, refused, undecided, warned
from ci_steps.steps.integration_test.generated import Broken, Generated
from ci_steps.steps.integration_test.witnesses import is_answered, is_turned_down, made_of, told

_FEWEST = 20
_NOT_ASKED = NoAnswer("not asked", status=0)


def judged(
    run: RunDir,
    found: Generated,
    broken: Sequence[Broken],
    lives: Mapping[str, Outcome],
    exception: str,
) -> Iterator[Finding]:
    """Judge what is not answered, beside what the live image makes of it, and whether enough is.

    ``exception`` is the last one in the candidate's log.
    """
    groups: dict[Verdict, list[Broken]] = {}
    for each in broken:
        live = lives.get(each.line, _NOT_ASKED) if found.of_live else None
        groups.setdefault(verdict_of(each.candidate, live), []).append(each)
    for verdict, group in sorted(groups.items(), reverse=True):
        yield _broken(run, found, verdict, group, lives, exception)
    if groups.keys() <= {Verdict.WARNED}:
        yield from enough(found, len(found.requests) - len(broken))


def verdict_of(candidate: Outcome, live: Outcome | None) -> Verdict:
    """Say what it means that the candidate lets a caller down; ``live`` is None where it is not concerned."""
    if is_unsaid(candidate) or (live is not None and is_unsaid(live)):
        return Verdict.INCONCLUSIVE
    harmless = is_turned_down(candidate) if live is None else not is_answered(live)
    return Verdict.WARNED if harmless else Verdict.REFUSED


def is_unsaid(outcome: Outcome) -> bool:
    """Whether it says nothing about the request itself: no reply at all, or too busy for one."""
    return isinstance(outcome, NoAnswer) and outcome.status in {0, TOO_BUSY}


def enough(found: Generated, answered: int) -> Iterator[Finding]:
    """Whether so many are answered that it tells something; golden rows may stand in."""
    total = len(found.requests)
    observed = f"{answered} of {total} generated requests are answered as promised"
    if is_enough(answered):
        if answered == total:
            yield passed("generated", observed, found.rule)
        return
    observed = f"only {total} different requests could be made" if answered == total else observed
    hint = "give `examples` in the input schema, for what patterns, formats and rules of your own ask for"
    if is_enough(found.golden):
        observed += f"; {found.golden} golden requests that it allows stand in"
        yield warned("generated", observed, found.rule, subject="how many", hint=hint)
    else:
        yield undecided("generated", observed, found.rule, subject="how many", hint=hint)


def is_enough(requests: int) -> bool:
    return requests >= _FEWEST


def _broken(
    run: RunDir,
    found: Generated,
    verdict: Verdict,
    group: Sequence[Broken],
    lives: Mapping[str, Outcome],
    exception: str,
) -> Finding:
    """Show the shortest of those that mean the same, with what both sides made of it beside it."""
    first = min(group, key=lambda each: len(each.body))
    live = lives.get(first.line, _NOT_ASKED)
    path = f"integration-test/generated-{first.number}.json"
    candidate = made_of(first.candidate, first.why)
    run.write_bytes(
        path, pretty(Sent(witness=first.line, request=first.request, live=made_of(live), candidate=candidate))
    )
    beside = f"live: {told(live)}; candidate: " if found.of_live else ""
    observed = f"{len(group)} of {len(found.requests)} are not; {shown(first.request)}: {beside}{first.why}"
    failed = isinstance(first.candidate, NoAnswer) and first.candidate.failed
    cause = f" (the last failure in its log: {exception})" if exception and failed else ""
    if verdict is Verdict.REFUSED:
        hint = (
            "answer it as the live release does" if found.of_live else "answer it, or do not allow it there"
        )
        return refused("generated", observed, found.rule, subject="broken", hint=hint + cause, witness=path)
    if verdict is Verdict.WARNED:
        hint = "the schema allows more than is answered; let it say what is taken"
        return warned("generated", observed, found.rule, subject="allowed", hint=hint + cause, witness=path)
    hint = "run integration-test again: a side gave no reply to it"
    return undecided("generated", observed, found.rule, subject="silence", hint=hint, witness=path)
