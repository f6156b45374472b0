"""The page, from the verdict down to the last finding."""

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from ci_steps.documents import Document, Plan, Rollback
from ci_steps.report.ending import Ending, Reason, ending, last_deed, state
from ci_steps.report.findings import counted, findings
from ci_steps.report.latencies import latencies
from ci_steps.report.live import live
from ci_steps.report.markup import Html, code, facts, section, table, tag
from ci_steps.report.metrics import metrics
from ci_steps.report.origin import image, origin
from ci_steps.report.reading import ORDER, Reading
from ci_steps.report.style import STYLE
from ci_steps.report.timeline import timeline
from ci_steps.report.waivers import waivers

_MOST_REASONS = 12
_MOST_OF_A_CHECK = 2
_MOST_BYTES = 290_000
_ROOMS = (20_000, 8_000, 2_000)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(reading: Reading) -> str:
    """Return the whole page; it loads nothing, runs nothing and stays below 300 kB."""
    for room in _ROOMS:
        whole = _page(replace(reading, room=room))
        if len(whole.encode()) < _MOST_BYTES:
            break
    return whole


def _page(reading: Reading) -> str:
    end = ending(reading)
    plan = reading.get(Plan)
    what = _gone_back(reading) or (
        f"{plan.model}@{plan.sha.short} to {plan.environment}" if plan else "a run"
    )
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", f"{end.tone.sign} {what}: {end.said}"),
        Html(f"<style>{STYLE}</style>"),
    )
    rooms = (
        _banner(end, reading),
        _steps(reading),
        metrics(reading),
        latencies(reading),
        live(reading),
        timeline(reading),
        findings(reading),
        waivers(reading),
        origin(reading),
        image(reading),
        _foot(plan),
    )
    return f'<!doctype html>\n<html lang="en">{head}{tag("body", tag("main", *rooms))}</html>\n'


def _banner(end: Ending, reading: Reading) -> Html:
    plan = reading.get(Plan)
    who = facts(_wanted(plan)) if plan else Html("")
    said = tag("p", tag("span", end.tone.sign, class_="sign", aria_hidden="true"), tag("strong", end.said))
    code_ = tag("p", f"exit code {int(end.code)}", class_="quiet") if end.code is not None else Html("")
    first = list(_first_of_each(end.reasons))[:_MOST_REASONS]
    reasons = [_reason(reason, reading) for reason in first]
    left = len(end.reasons) - len(reasons)
    if left > 0:
        reasons.append(tag("li", f"and {left:,} more, below"))
    listed = tag("ul", *reasons) if reasons else Html("")
    box = tag("div", said, _strip(reading), listed, code_, class_=f"ending {end.tone.value}")
    title = _gone_back(reading) or (f"{plan.model} to {plan.environment}" if plan else "Release")
    return tag("header", tag("h1", title), box, who)


def _strip(reading: Reading) -> Html:
    """Return each step by name with its sign: one look tells which of them stopped it."""
    parts = []
    for kind in ORDER:
        sign, _, tone, _ = state(kind, reading)
        parts.append(tag("span", f"{sign} {kind.name} ", class_=tone))
    return tag("p", *parts, class_="gates") if reading.documents else Html("")


def _first_of_each(reasons: tuple[Reason, ...]) -> Iterator[Reason]:
    """Give no more than two reasons of one check: ten of one must not hide the one of another."""
    seen: Counter[str] = Counter()
    for reason in reasons:
        if reason.finding:
            seen[reason.finding.check] += 1
        if reason.finding is None or seen[reason.finding.check] <= _MOST_OF_A_CHECK:
            yield reason


def _gone_back(reading: Reading) -> str:
    """Return what serves after a rollback, where that is known; the model of the plan was left by it."""
    last, plan = last_deed(reading), reading.get(Plan)
    if not isinstance(last, Rollback):
        return ""
    place = f" in {plan.environment}" if plan else ""
    restored = last.before if last.result == "rolled-back" else None
    now = last.release if last.verdict.lets_go_on else restored
    return f"{now.model}@{now.sha.short}{place}" if now else f"Rollback{place}"


def _wanted(plan: Plan) -> tuple[tuple[str, str], ...]:
    baseline = plan.baseline
    beside = f"{baseline.model}@{baseline.sha.short} ({baseline.release})" if baseline else "nothing"
    made = plan.made
    dry = tag("strong", "yes: the platform is not touched", class_="warned") if plan.dry_run else ""
    return (
        ("planned model", code(f"{plan.model}@{plan.sha.hex}")),
        ("asked for as", code(plan.asked) if plan.asked else ""),
        ("service", plan.service),
        ("environment", plan.environment),
        ("live when planned", beside),
        ("dry run", dry),
        ("run", f"{plan.run}, by {made.by}, {made.at}, kit {made.kit}" if made else plan.run),
    )


def _reason(reason: Reason, reading: Reading) -> Html:
    finding = reason.finding
    name = finding.check if finding else reason.document
    where = tag("span", f" [{finding.where}]", class_="quiet") if finding and finding.where else Html("")
    sign = f"{finding.verdict.sign} " if finding else ""
    then = tag("div", "next: ", reason.next, class_="next") if reason.next else Html("")
    there = reason.document in reading.documents
    named = tag("strong", sign, tag("a", name, href=f"#{reason.document}") if there else name)
    return tag("li", named, where, tag("div", reason.said), then)


def _steps(reading: Reading) -> Html:
    kinds: tuple[type[Document], ...] = ORDER if reading.missing(Rollback) else (*ORDER, Rollback)
    rows = [_step(kind, reading) for kind in kinds]
    heads = ("step", "ended", "found", "took", "what it said")
    return section("Steps", table(heads, rows, rest="it", class_="steps"))


def _step(kind: type[Document], reading: Reading) -> tuple[str, ...]:
    sign, word, tone, line = state(kind, reading)
    document = reading.documents.get(kind.name)
    name = tag("a", kind.name, href=f"#{kind.name}") if document else tag("span", kind.name, class_=tone)
    took = f"{document.made.seconds:.1f} s" if document and document.made else ""
    found = counted(document, reading) if document else Html("")
    return name, tag("span", f"{sign} {word}", class_=tone), found, took, line


def _foot(plan: Plan | None) -> Html:
    kit = f", kit {plan.made.kit}" if plan and plan.made else ""
    said = f"Made from the documents beside this file{kit}. They are the record; this page is a view of them."
    return tag("footer", tag("p", said, class_="quiet"))
