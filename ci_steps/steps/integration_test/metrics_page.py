"""Whether the metrics page counts what is sent."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from ci_steps.model.verdict import Finding
from ci_steps.steps.golden.service import OK, Reply
from ci_steps.steps.integration_test.findings import passed, refused, undecided

COUNTER = "serving_requests_total"
_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?"
    r" (?P<value>[-+]?(?:[\d.]+(?:[eE][-+]?\d+)?|Inf|NaN))(?: -?\d+)?",
    re.ASCII,
)
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)",?', re.ASCII)
_SETTLED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a metrics page."""

    name: str
    labels: dict[str, str]
    value: float


def samples(page: str) -> list[Sample]:
    """Read a page in Prometheus's text format; :class:`ValueError` names the first line that is not in it."""
    found = []
    for number, line in enumerate(page.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _SAMPLE.fullmatch(line.strip())
        if not match or _LABEL.sub("", match["labels"] or ""):
            raise ValueError(f"line {number} is no sample: {line[:60]!r}")
        labels = dict(_LABEL.findall(match["labels"] or ""))
        found.append(Sample(match["name"], labels, float(match["value"])))
    return found


def counted(reply: Reply) -> float:
    """Return how many requests to /predict were counted; :class:`ValueError` where it is no such page."""
    if reply.status != OK:
        raise ValueError(f"/metrics: {reply.in_words}")
    if not reply.content_type.startswith(("text/plain", "application/openmetrics-text")):
        raise ValueError(f"/metrics is {reply.content_type or 'of no content type'}")
    page = samples(reply.content.decode(errors="replace"))
    if not any(sample.name == COUNTER for sample in page):
        raise ValueError(f"/metrics has no {COUNTER}")
    return sum(s.value for s in page if s.name == COUNTER and s.labels.get("route") == "/predict")


def counting(before: Reply, look: Callable[[], Reply], sent: int) -> Finding:
    """Whether the counter of requests moved by ``sent``; it may take a moment to."""
    rule = f"{COUNTER} moves by every request to /predict"
    hint = "use the server that comes with this kit"
    deadline = time.monotonic() + _SETTLED_SECONDS
    pages = [before]
    try:
        start = counted(before)
        while True:
            pages.append(look())
            if (moved := counted(pages[-1]) - start) == sent or time.monotonic() >= deadline:
                break
            time.sleep(0.05)
    except ValueError as error:
        if not pages[-1].status:
            again = "run integration-test again; if it stays silent, read why in the container's log"
            return undecided("metrics", str(error), rule, hint=again)
        return refused("metrics", str(error), rule, hint=hint)
    observed = f"it moved by {moved:g} while {sent} requests were sent"
    if not sent:
        return undecided("metrics", "nothing was sent", rule, hint="publish a golden.jsonl to send")
    if moved != sent:
        return refused("metrics", observed, rule, hint=hint)
    return passed("metrics", observed, rule)
