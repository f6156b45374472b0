"""How a run ended, in one line, and why."""

from ci_steps.documents import Document, Plan, Report, Rollback, Rollout, Stopped
from ci_steps.errors import ExitCode
from ci_steps.model.release import Release
from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.report.reading import ORDER, Reading

_RESULTS = {
    "live": "live",
    "already-live": "already live",
    "rolled-back": "rolled back: the service is as it was before",
    "rollback-failed": "ROLLBACK FAILED: look at the service now",
    "moved": "not rolled out: what is live changed since the plan",
    "stale": "not rolled out: a release that was planned later is live",
    "dry-run": "dry run: it may serve; nothing was changed",
    "nothing-to-do": "nothing to do",
}


_MOST_OF_A_LINE = 500


class Reason(Value, frozen=True):
    """One thing that decided, and what to do about it."""

    document: str
    said: str
    next: str = ""
    finding: Finding | None = None


class Ending(Value, frozen=True):
    """The verdict of the whole run."""

    tone: Verdict
    said: str
    reasons: tuple[Reason, ...] = ()
    code: ExitCode | None = None


def ending(reading: Reading) -> Ending:
    """Return how it ended; evidence that cannot be read is never passed over."""
    if reading.unreadable:
        reasons = tuple(Reason(name, why) for name, why in reading.unreadable.items())
        beside = _done(reading) or _blocked(reading)
        others = beside.reasons if beside else ()
        said = "nobody can tell: the evidence cannot be read"
        return Ending(Verdict.INCONCLUSIVE, said, (*reasons, *others), ExitCode.BAD_INPUT)
    return _stopped(reading) or _done(reading) or _blocked(reading) or _unfinished(reading)


def in_one_line(reading: Reading) -> str:
    """Return how it ended and the first reason, for the one line that a CI server has room for."""
    end = ending(reading)
    parts = [end.said]
    if end.reasons and (end.tone > Verdict.WARNED or end.code not in {None, ExitCode.GO_ON}):
        first, more = end.reasons[0], len(end.reasons) - 1
        name = first.finding.check if first.finding else first.document
        parts += [f"{name} {first.said}".strip(), f"and {more} more" if more else ""]
    return one_line("; ".join(part for part in parts if part))


def one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MOST_OF_A_LINE else f"{line[: _MOST_OF_A_LINE - 1]}…"


def _stopped(reading: Reading) -> Ending | None:
    stopped = reading.get(Stopped)
    if stopped is None:
        return None
    why = "bad input" if stopped.code == ExitCode.BAD_INPUT else "something outside failed"
    known = _codes().get(stopped.code)
    reason = Reason(stopped.step, stopped.message, stopped.hint)
    blocked = _blocked(reading)
    others = blocked.reasons if blocked else ()
    said = f"stopped in {stopped.step}: {why}"
    return Ending(Verdict.INCONCLUSIVE, said, (reason, *others), known)


def _codes() -> dict[int, ExitCode]:
    return {int(code): code for code in ExitCode}


def _done(reading: Reading) -> Ending | None:
    last = last_deed(reading)
    if last is None:
        return None
    tone, said = reading.verdict(last), _RESULTS[last.result]
    back = isinstance(last, Rollback)
    if last.release and last.result in {"live", "already-live"}:
        # After a rollback the run's own model is the one that was left: name the other.
        said = f"{said}: {_named(last.release) if back else last.release.id} serves"
    said = f"rollback: {said}" if back else said
    # What was found at the live address comes first: it is why the release was taken back.
    reasons = list(_reasons(last, last.blocking)) if last.blocking else []
    reasons += [Reason(last.name, line) for line in (last.reason, _left(last), _seen(last)) if line]
    reasons += _waived(last)
    for document in reading.documents.values():
        for name in reading.outdated(document):
            tone = max(tone, Verdict.WARNED)
            reasons.append(Reason(document.name, f"was made from a {name}.json that was made anew since"))
    return Ending(tone, said, tuple(reasons), last.exit_code)


def last_deed(reading: Reading) -> Rollout | Rollback | None:
    """Return the newer of rollout and rollback: what it came to is how the run ended."""
    deeds = [deed for deed in (reading.get(Rollout), reading.get(Rollback)) if deed]
    return max(deeds, key=lambda deed: deed.made.at if deed.made else "", default=None)


def _named(release: Release) -> str:
    return f"{release.id} ({release.model}@{release.sha.short})"


def _left(deed: Rollout | Rollback) -> str:
    went_back = isinstance(deed, Rollback) and deed.result == "live"
    return f"{_named(deed.before)} was left" if went_back and deed.before else ""


def _waived(deed: Rollout | Rollback) -> list[Reason]:
    waivers = {w.waiver.what: w.waiver for w in deed.waived} if isinstance(deed, Rollout) else {}
    return [
        Reason(check.partition(".")[0], f"{check} was waived by {w.by} until {w.until}: {w.reason}")
        for check, w in waivers.items()
    ]


def _seen(deed: Rollout | Rollback) -> str:
    """Return what the platform was seen to run at the end, in one line."""
    if deed.observed is None or deed.result == "dry-run":
        return ""
    serving = [replica for replica in deed.observed.replicas if replica.serving]
    healthy = sum(replica.healthy for replica in serving)
    who = f"{deed.observed.answering} answers" if deed.observed.answering else "no release answers"
    return f"read back from the platform: {healthy} of {len(serving)} serving replicas are healthy, {who}"


def _blocked(reading: Reading) -> Ending | None:
    stops = [(report, why) for report in reading.reports if (why := reading.admitted(report)[1])]
    if not stops:
        return None
    worst = max(why.verdict for _, why in stops)
    reasons = [reason for report, why in stops for reason in _reasons(report, why.findings)]
    reasons.sort(key=lambda r: r.finding.verdict if r.finding else Verdict.INCONCLUSIVE, reverse=True)
    said = {
        Verdict.REFUSED: "refused: the model may not serve",
        Verdict.INCONCLUSIVE: "inconclusive: there is too little evidence for the model to serve",
    }[worst]
    return Ending(worst, said, tuple(reasons), worst.exit_code)


def _reasons(document: Document, findings: tuple[Finding, ...]) -> tuple[Reason, ...]:
    if not findings:
        return (Reason(document.name, document.headline),)
    return tuple(Reason(document.name, f.sentence, f.next, f) for f in findings)


def _unfinished(reading: Reading) -> Ending:
    missing = [kind.name for kind in ORDER if reading.missing(kind)]
    if not reading.documents:
        return Ending(Verdict.INCONCLUSIVE, "nothing was run here")
    if Plan.name in missing:
        reason = Reason(Plan.name, "plan.json is missing, so nobody can tell what was wanted")
        return Ending(Verdict.INCONCLUSIVE, "unfinished", (reason,))
    said = f"unfinished: {len(missing)} of {len(ORDER)} steps were not run"
    then = f"run `python -m ci_steps {missing[0]}`, or `release` for all"
    reason = Reason(missing[0], f"not run: {', '.join(missing)}", then)
    return Ending(Verdict.INCONCLUSIVE, said, (reason,))


def state(kind: type[Document], reading: Reading) -> tuple[str, str, str, str]:
    """Return of one step: its sign, its word, the class of its colour, and its line."""
    stopped = reading.get(Stopped)
    if kind.name in reading.unreadable:
        return "?", "cannot be read", "inconclusive", reading.unreadable[kind.name]
    document = reading.documents.get(kind.name)
    if document is None:
        if stopped and stopped.step == kind.name:
            return "?", "stopped", "inconclusive", stopped.message
        return "·", "not run", "quiet", ""
    verdict = reading.verdict(document)
    waived = not document.verdict.lets_go_on and verdict is Verdict.WARNED
    word = "waived" if waived else "done" if not isinstance(document, Report) else verdict.value
    if isinstance(document, Rollout | Rollback):
        word = document.result
    old = ", ".join(reading.outdated(document))
    line = f"{document.headline}; made from an older {old}" if old else document.headline
    return verdict.sign, word, verdict.value, line
