"""The load test, stage by stage: the latency curve against its limits, the seconds, and the live release."""

from collections.abc import Iterator

from ci_steps.documents import LatencyQuantile, LoadReport, LoadStage, WarmUp
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.report.curves import Line, curve, legend
from ci_steps.report.intervals import Row, figure, undrawn
from ci_steps.report.markup import Html, facts, folded, joined, section, tag
from ci_steps.report.reading import Reading
from ci_steps.report.seconds import seconds
from ci_steps.report.workers import workers

_A_STAGE = 2_500
"""How much of the room for one table makes room for one more stage."""
_HOW = (
    "Latency (ms, up) that so large a share of the requests kept (to the right), counted from each request's "
    "planned moment; both scales are logarithmic. Whiskers: 95 % bounds, one-sided, dashed where too few "
    "requests are there for one. Shaded: past the limit."
)


def latencies(reading: Reading) -> Html:
    """Return a picture for each stage, the worst where there are too many, in the order they were sent."""
    report = reading.get(LoadReport)
    if report is None:
        return Html("")
    if not report.stages:
        return section("Latencies under load", _nothing(report))
    found = [_found(report, number) for number in range(len(report.stages))]
    worst = sorted(range(len(found)), key=lambda number: _worst(found[number]), reverse=True)
    worst = worst[: max(1, reading.room // _A_STAGE)]
    stages = [_stage(report.stages[number], found[number], reading) for number in sorted(worst)]
    left = len(found) - len(worst)
    more = tag("p", f"… and {left:,} more stages, in load-test.json", class_="quiet") if left else Html("")
    how = tag("p", _HOW, class_="quiet")
    return section("Latencies under load", _numbers(report), workers(report), how, *stages, more)


def _nothing(report: LoadReport) -> Html:
    """Return that no picture is there, and what stands in its place: whatever kept it from being sent."""
    why = [f for f in report.findings if not f.verdict.lets_go_on]
    said = [tag("li", f"{f.verdict.sign} ", f"{f.subject}: {f.observed}".removeprefix(": ")) for f in why]
    nothing = tag("p", "no latencies were recorded", ":" if said else "", class_="quiet")
    return joined((nothing, tag("ul", *said) if said else Html("")))


def _numbers(report: LoadReport) -> Html:
    sent = f"{report.sent:,} of {report.planned:,} planned; {report.failed:,} failed"
    by = f", {report.workers} processes" if report.workers > 1 else ""
    late = f"{report.lag_p99_ms:.1f} ms late (p99){by}"
    warm = "; ".join(_warm(each) for each in report.warm_ups)
    return facts((("requests", sent), ("the generator sent", late), ("warm-up", warm)))


def _warm(up: WarmUp) -> str:
    medians = ", ".join(f"{ms:.1f}" for ms in up.medians_ms[-4:])
    sign = Verdict.PASSED.sign if up.steady else Verdict.INCONCLUSIVE.sign
    how = "steady" if up.steady else "not steady"
    return f"{sign} the {up.side} image: {how}, {up.requests:,} requests, last medians {medians} ms"


def _found(report: LoadReport, number: int) -> tuple[Finding, ...]:
    """Return a stage's findings; stages of the same rate and length are told apart by their order."""
    names = [f"{stage.rate:g}/s for {stage.seconds:g} s" for stage in report.stages]
    name, before = names[number], names[:number].count(names[number])
    mine: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        subject = finding.subject
        if subject == name or subject.startswith(f"{name}, ") or subject.endswith(f" at {name}"):
            mine.setdefault((finding.check, subject), []).append(finding)
    return tuple(each[before] for each in mine.values() if before < len(each))


def _worst(findings: tuple[Finding, ...]) -> Verdict:
    return max((f.verdict for f in findings), default=Verdict.PASSED)


def _stage(stage: LoadStage, findings: tuple[Finding, ...], reading: Reading) -> Html:
    verdict = max((reading.verdict_of(f) for f in findings), default=Verdict.PASSED)
    title = f"{verdict.sign} {stage.rate:g} requests a second for {stage.seconds:g} s"
    by_name = {f.check.rpartition(".")[2]: reading.verdict_of(f) for f in findings if "," not in f.subject}
    marks = {q: by_name.get(q.name) for q in stage.alone.quantiles}
    alone = Line(name="the pushed image alone", side=stage.alone)
    return joined(
        (
            tag("h3", title, class_=verdict.value),
            tag("p", _achieved(stage), class_="quiet"),
            tag("div", *(_quantile(*item) for item in marks.items()), class_="chips"),
            tag("figure", curve("Latency curve", [alone], marks), class_="load"),
            seconds("Second by second", stage.alone),
            *_in_turns(stage, findings, reading),
        )
    )


def _achieved(stage: LoadStage) -> str:
    idle = f", the machine {stage.idle:.0%} idle" if stage.idle is not None else ""
    return (
        f"{stage.alone.requests:,} of {stage.planned:,} planned requests, {stage.alone.failed:,} failed; "
        f"{stage.achieved:.1%} of the rate was answered; the generator was {stage.lag_p99_ms:.1f} ms late "
        f"(p99) and used {stage.cpu:.0%} of a core{idle}"
    )


def _quantile(quantile: LatencyQuantile, verdict: Verdict | None) -> Html:
    sign = f"{verdict.sign} " if verdict else ""
    name = tag(
        "strong", f"{sign}{quantile.name} {quantile.ms:.1f} ms", class_=verdict.value if verdict else ""
    )
    low, high = (f"{ms:.1f}" if ms is not None else "?" for ms in (quantile.lower_ms, quantile.upper_ms))
    held_to = f"limit {quantile.limit_ms:g} ms" if quantile.limit_ms is not None else "no limit"
    return tag("span", name, " ", tag("span", f"[{low}, {high}], {held_to} ", class_="figures"))


def _in_turns(stage: LoadStage, findings: tuple[Finding, ...], reading: Reading) -> Iterator[Html]:
    """Give both sides' curves, the differences that decide, and, folded, the seconds of both."""
    if stage.turns is None or stage.live is None:
        return
    ours, live = "the pushed image, in turns", "the live release's image, in turns"
    lines = [Line(name=ours, side=stage.turns), Line(name=live, side=stage.live, live=True)]
    caption = tag("figcaption", "Beside the live release")
    yield tag("figure", caption, legend(lines), curve("Latency curves in turns", lines, {}), class_="load")
    asked = [f for f in findings if f.check.endswith(".versus")]
    bare = [undrawn(f, reading) for f in asked if f.interval is None and not f.verdict.lets_go_on]
    rows = [row for f in asked if (row := _difference(f, reading))]
    yield from [figure("Slower than the live release by", rows, *bare)] if rows else bare
    yield folded("second by second, in turns", seconds(ours, stage.turns), seconds(live, stage.live))


def _difference(finding: Finding, reading: Reading) -> Row | None:
    if finding.interval is None:
        return None
    return Row(
        finding=finding,
        interval=finding.interval,
        verdict=reading.verdict_of(finding),
        label=finding.subject.partition(" ")[0],
        wrong_below=False,
        differs=True,
        unit=" ms",
    )
