"""What each worker on another machine sent, how late, and what its way there cost."""

from ci_steps.documents import LoadReport, RemoteWorker
from ci_steps.model.verdict import Verdict
from ci_steps.report.markup import Html, joined, table, tag

_HEADS = ("worker", "requests", "sent late (p99)", "way there and back", "clock off by", "of its core")
_HOW = (
    "Each latency has in it how late its request was sent, and its way to the container. Where the two are "
    "too long, the load test says nothing of the service: it is inconclusive."
)


def workers(report: LoadReport) -> Html:
    """Return a row for each worker, marked where it went away, and the most late where that is too much."""
    if not report.remote:
        return Html("")
    kept = all(f.verdict.lets_go_on for f in report.findings if f.check.endswith(".generator"))
    latest = None if kept else max(map(_lateness, report.remote))
    rows = [_row(worker, latest) for worker in report.remote]
    shown = table(_HEADS, rows, rest="load-test.json", class_="workers")
    return joined((tag("h3", "Sent from other machines"), tag("p", _HOW, class_="quiet"), shown))


def _row(worker: RemoteWorker, latest: float | None) -> tuple[str, ...]:
    unknown = worker.gone and not worker.requests
    late = "unknown" if unknown else f"{worker.lag_p99_ms:,.1f} ms"
    way = "not measured"
    if worker.way_p50_ms is not None and worker.way_p99_ms is not None:
        way = f"{worker.way_p50_ms:,.1f} ms, p99 {worker.way_p99_ms:,.1f} ms"
    clock = "not measured" if worker.clock_ms is None else f"{worker.clock_ms:,.2f} ms"
    core = "unknown" if unknown else f"{100 * worker.cpu:.0f} %"
    is_latest = not worker.gone and _lateness(worker) == latest
    return _name(worker, is_latest=is_latest), f"{worker.requests:,}", late, way, clock, core


def _name(worker: RemoteWorker, *, is_latest: bool) -> Html:
    why = "ended before its share was sent" if worker.gone else "the most late" if is_latest else ""
    if not why:
        return tag("span", worker.name)
    said = tag("span", f"{Verdict.INCONCLUSIVE.sign} {worker.name}", class_=Verdict.INCONCLUSIVE.value)
    return tag("div", said, tag("div", why, class_="quiet"))


def _lateness(worker: RemoteWorker) -> float:
    return worker.lag_p99_ms + (worker.way_p99_ms or 0.0)
