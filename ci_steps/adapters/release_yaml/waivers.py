"""Waivers that hold no longer, not for long, or for nothing."""

from collections.abc import Iterator
from datetime import date

from msgspec import UNSET

from ci_steps.model.checks import CHECKS, NEVER_WAIVED, RUN_AGAIN
from ci_steps.model.guess import did_you_mean
from ci_steps.model.told import Problem
from ci_steps.model.verdict import LONGEST_WAIVER, Waiver
from ci_steps.model.written import Written

SOON_DAYS = 14


def in_force(written: Written, today: date) -> frozenset[str]:
    """Return the checks that somebody answers for today, in whichever environment."""
    waivers = [waiver for _, waiver in written.sound_items(Waiver, ("waivers",))]
    return frozenset(w.check for w in waivers if w.holds(today) and w.environment is UNSET)


def wrong_waivers(written: Written, today: date) -> Iterator[Problem]:
    """Give what is wrong with each waiver; one for nothing that there is, or for too long, is an error."""
    environments = written.value(("environments",))
    known = [str(name) for name in environments] if isinstance(environments, dict) else []
    for place, waiver in written.sound_items(Waiver, ("waivers",)):
        check, left = waiver.check, (waiver.until - today).days
        found = written.line(place), written.where(place)
        if check not in CHECKS:
            steps = sorted({known.partition(".")[0] for known in CHECKS})
            hint = did_you_mean(check, CHECKS) or f"checks are named after their step: {', '.join(steps)}"
            yield Problem(*found, f"no check is called {check!r}: the waiver covers nothing", hint)
        elif check in NEVER_WAIVED:
            what = f"{check} is never inconclusive, and a refusal is never waived: the waiver covers nothing"
            yield Problem(*found, what, "take it away", warning=True)
        elif check in RUN_AGAIN:
            what = f"{check} is inconclusive only where nothing could be asked: the waiver covers nothing"
            yield Problem(*found, what, "take it away, and run the step again", warning=True)
        if waiver.environment is not UNSET and waiver.environment not in known:
            what = f"no environment is called {waiver.environment!r}: the waiver of {check} covers nothing"
            hint = did_you_mean(waiver.environment, known) or f"there are {', '.join(known)}"
            yield Problem(*found, what, hint)
        if too_long := waiver.too_long(today):
            yield Problem(*found, too_long, f"let it end, until {today + LONGEST_WAIVER} at the latest")
        if left < 0:
            what = f"the waiver of {check} ended on {waiver.until}"
            yield Problem(*found, what, "take it away, or answer for it anew", warning=True)
        elif left <= SOON_DAYS:
            days = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days, on {waiver.until}")
            what = f"the waiver of {check} ends {days}"
            yield Problem(*found, what, "bring what it waits for, or answer for it anew", warning=True)
