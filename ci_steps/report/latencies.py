"""The latencies of the load test, against their limits."""

from collections.abc import Sequence

from ci_steps.documents import LatencyBin, LoadReport, Plan
from ci_steps.report.axes import GREY, Axis, percent, picture, words
from ci_steps.report.marks import PLAIN, limit, point
from ci_steps.report.markup import Html, facts, section, tag
from ci_steps.report.reading import Reading

_HEIGHT = 150


def latencies(reading: Reading) -> Html:
    """Return the histogram, and below it, on the same axis, each quantile beside its limit."""
    report, plan = reading.get(LoadReport), reading.get(Plan)
    if report is None:
        return Html("")
    limits = _limits(plan)
    asked = f"{plan.load.plan[0].rate:g} a second for {plan.load.plan[0].seconds:g} s" if plan else ""
    sent = f"{report.sent:,} of {report.planned:,} planned; {report.failed:,} failed"
    late = f"{report.lag_p99_ms:.1f} ms late (p99)"
    numbers = facts((("planned load", asked), ("requests", sent), ("the generator sent", late)))
    return section("Latencies under load", numbers, _figure(report, limits))


def _limits(plan: Plan | None) -> dict[str, float]:
    load = plan.load if plan else None
    asked = {"p50": load.p50_ms, "p95": load.p95_ms, "p99": load.p99_ms} if load else {}
    return {name: limit for name, limit in asked.items() if limit is not None}


def _figure(report: LoadReport, limits: dict[str, float]) -> Html:
    bins = [bar for bar in report.histogram if bar.up_to_ms > 0]
    quantiles = {name: value for name, value in report.quantiles_ms.items() if value > 0}
    if not bins or not quantiles:
        return tag("p", "no latencies were recorded", class_="quiet")
    edges = [_first_edge(bins), *(bar.up_to_ms for bar in bins)]
    axis = Axis.around([*edges, *quantiles.values(), *limits.values()], log=True)
    rows = [_quantile(report, name, value, limits.get(name), axis) for name, value in quantiles.items()]
    heading = tag("div", tag("strong", f"{report.sent:,} requests"), tag("span", "how many took how long"))
    histogram = tag("div", heading, _histogram(bins, edges, axis, quantiles), class_="strip tall")
    scale = tag("svg", axis.drawn(unit=" ms"), width="100%", height=24, aria_hidden="true")
    legend = tag("div", "counted from each request's planned moment; logarithmic", class_="quiet")
    return tag("figure", histogram, *rows, tag("div", legend, scale, class_="strip foot"))


def _first_edge(bins: Sequence[LatencyBin]) -> float:
    factor = bins[1].up_to_ms / bins[0].up_to_ms if len(bins) > 1 else 1.2
    return bins[0].up_to_ms / max(factor, 1.01)


def _histogram(
    bins: Sequence[LatencyBin], edges: Sequence[float], axis: Axis, quantiles: dict[str, float]
) -> Html:
    most = max(bar.requests for bar in bins) or 1
    floor, drawn = _HEIGHT - 1, []
    for bar, left in zip(bins, edges, strict=False):
        x, width = axis.share(left), axis.share(bar.up_to_ms) - axis.share(left)
        height = bar.requests / most * (_HEIGHT - 30)
        # A bin of one request beside one of a thousand must still be seen.
        height = max(height, 1.5) if bar.requests else 0
        hover = tag("title", f"{bar.requests:,} requests of {left:.3g} to {bar.up_to_ms:.3g} ms")
        drawn.append(
            tag(
                "rect",
                hover,
                x=percent(x),
                y=round(floor - height, 1),
                width=percent(max(width - 0.002, 0.001)),
                height=round(height, 1),
                fill=PLAIN,
                class_="bar",
            )
        )
    base = tag("line", x1="0%", x2="100%", y1=floor, y2=floor, stroke=GREY)
    top = words(f"most in one bar: {most:,}", x="0%", y=12)
    said = ", ".join(f"{name} {value:.1f} ms" for name, value in quantiles.items())
    return picture("Histogram of latencies", said, *drawn, base, top, height=_HEIGHT)


def _quantile(report: LoadReport, name: str, value: float, bound: float | None, axis: Axis) -> Html:
    found = next((f.verdict for f in report.findings if f.check == f"{report.name}.{name}"), None)
    sign = f"{found.sign} " if found else ""
    held_to = f"limit {bound:g} ms" if bound is not None else "no limit"
    label = tag(
        "div",
        tag("strong", f"{sign}{name} {value:.1f} ms", class_=found.value if found else ""),
        " ",
        tag("span", held_to, class_="figures"),
    )
    drawn = [tag("line", x1="0%", x2="100%", y1=13, y2=13, stroke=GREY, stroke_dasharray="1 4")]
    if bound is not None:
        drawn.append(limit(axis, bound, wrong_below=False, height=26))
    drawn.append(point(found, axis, value, y=13))
    return tag("div", label, picture(name, f"{value:.1f} ms, {held_to}", *drawn, height=26), class_="strip")
