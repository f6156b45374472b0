"""What a person, or a machine, sees while steps run: a live table, plain lines, or JSON lines."""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import click

from ci_steps.documents import Report
from ci_steps.errors import StepError
from ci_steps.model.verdict import Verdict
from ci_steps.model.wire import plain
from ci_steps.pipeline import Ran

SIGNS = {
    Verdict.PASSED: (Verdict.PASSED.sign, "green"),
    Verdict.WARNED: (Verdict.WARNED.sign, "yellow"),
    Verdict.INCONCLUSIVE: (Verdict.INCONCLUSIVE.sign, "magenta"),
    Verdict.REFUSED: (Verdict.REFUSED.sign, "red"),
}


_CONTROLS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]")


class Screen(Protocol):
    """A watcher of steps that also takes their progress, errors and closing words."""

    def began(self, step: str) -> None: ...

    def ended(self, ran: Ran) -> None: ...

    def say(self, text: str) -> None: ...

    def advance(self, done: int, total: int, unit: str) -> None: ...

    def failed(self, error: StepError) -> None: ...

    def close(self, text: str) -> None: ...


def headline_of(ran: Ran) -> str:
    if ran.blocked:
        return f"not started: {ran.blocked.document} is {ran.blocked.verdict.value}"
    if ran.document is None:
        return ""
    # Each finding that stops it has a line of its own below.
    told = counted(ran.document) if ran.stops and isinstance(ran.document, Report) else ran.document.headline
    left = len(ran.document.not_checked) if isinstance(ran.document, Report) else 0
    return harmless(told) + (f"; {left:,} not checked" if left else "")


def counted(report: Report) -> str:
    """Return how many findings of each verdict there are, the worst first."""
    found = Counter(finding.verdict for finding in report.findings)
    return ", ".join(f"{found[each]:,} {each.value}" for each in sorted(found, reverse=True))


def waiver_lines(ran: Ran) -> tuple[str, ...]:
    """Return who answers for what, each once: several findings may stand under one check."""
    lines = []
    for waived in ran.waived:
        what = f"{waived.finding.check} {waived.finding.subject}".strip()
        waiver = waived.waiver
        lines.append(f"waived by {waiver.by} until {waiver.until}: {what} ({waiver.reason})")
    return tuple(dict.fromkeys(lines))


class PlainLines:
    """One line for each thing that happens, with the seconds since the start; for CI logs."""

    def __init__(self, steps: int = 0) -> None:
        self._began = self._told = time.monotonic()
        self._steps, self._number = steps, 0
        self._pace = Pace()

    def began(self, step: str) -> None:
        self._number += 1
        count = f" ({self._number} of {self._steps})" if self._steps > 1 else ""
        self._line(f"{step}{count} …")

    def ended(self, ran: Ran) -> None:
        kept = ", kept from an earlier try" if ran.kept else ""
        took = f" in {ran.seconds:.1f} s" if ran.seconds else ""
        sign = "-" if ran.blocked else SIGNS[ran.verdict][0]
        word = "not started" if ran.blocked else ran.verdict.value
        headline = headline_of(ran).removeprefix("not started: ")
        self._line(f"{sign} {ran.step}: {word}{kept}{took}" + (f" - {headline}" if headline else ""))
        for line in waiver_lines(ran):
            self._line(f"  {line}")
        for finding in ran.stops:
            where = f" [{finding.where}]" if finding.where else ""
            self._line(f"  {finding.verdict.value} {finding.check}{where} {finding.sentence}")
            if finding.next:
                self._line(f"    next: {finding.next}")
            if finding.witness:
                self._line(f"    witness: {finding.witness}")

    def say(self, text: str) -> None:
        self._line(f"  {text}")

    def advance(self, done: int, total: int, unit: str) -> None:
        told = self._pace.told(done, total, unit)
        # A log is told every few seconds; what is done at once needs no line.
        if time.monotonic() - self._told > 3:
            self._line(f"  {told}")

    def failed(self, error: StepError) -> None:
        sys.stdout.flush()
        click.echo(f"error: {harmless(str(error))}", err=True)
        if error.hint:
            click.echo(f"  next: {error.hint}", err=True)

    def close(self, text: str) -> None:
        self._line(text)

    def _line(self, text: str) -> None:
        self._told = time.monotonic()
        click.echo(f"[{self._told - self._began:6.1f}s] {harmless(text)}")


class JsonLines:
    """One JSON object a line; for machines."""

    def began(self, step: str) -> None:
        self._line(event="began", step=step)

    def ended(self, ran: Ran) -> None:
        self._line(
            event="ended",
            step=ran.step,
            verdict=ran.verdict.value,
            exit_code=int(ran.exit_code),
            kept=ran.kept,
            blocked_by=ran.blocked.document if ran.blocked else None,
            headline=headline_of(ran),
            findings=[plain(finding) for finding in ran.stops],
            waived=[plain(waived) for waived in ran.waived],
            seconds=ran.seconds,
        )

    def say(self, text: str) -> None:
        self._line(event="said", text=text)

    def advance(self, done: int, total: int, unit: str) -> None:
        self._line(event="advanced", done=done, total=total, unit=unit)

    def failed(self, error: StepError) -> None:
        self._line(event="failed", message=str(error), hint=error.hint, exit_code=int(error.exit_code))

    def close(self, text: str) -> None:
        self._line(event="closed", text=text)

    def _line(self, **values: object) -> None:
        click.echo(one_line(values))


def harmless(text: str) -> str:
    """Return text that moves no cursor and hides nothing: names in it may be a model author's."""
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Give rows as lines whose columns begin below each other; an empty column takes no room."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        yield "  ".join(cells).rstrip()


def one_line(value: object) -> str:
    """Return a value as one line of JSON, for machines."""
    return json.dumps(plain(value), ensure_ascii=False)


def amount(number: float, unit: str) -> str:
    """Return a number with its unit as people read it; bytes in kB or MB."""
    if unit != "bytes":
        return f"{number:,.0f} {unit}"
    return f"{number / 1e3:,.1f} kB" if number < 1e6 else f"{number / 1e6:,.1f} MB"


def share(done: int, total: int, unit: str) -> str:
    """Return how far something is: ``37 of 100 rows``."""
    return f"{amount(done, unit) if unit == 'bytes' else f'{done:,}'} of {amount(total, unit)}"


class Pace:
    """How fast something goes on, from what is told of it again and again."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._what: tuple[int, str] = (0, "")
        self._since, self._first, self._last = 0.0, 0, 0

    def told(self, done: int, total: int, unit: str) -> str:
        """Return how far it is and, after a second, at which rate and for how long still."""
        now = self._now()
        if self._what != (total, unit) or done < self._last:
            self._what, self._since, self._first = (total, unit), now, done
        self._last = done
        text, took, came = share(done, total, unit), now - self._since, done - self._first
        if took < 1 or not came:
            return text
        rate = came / took
        left = f", {_clock((total - done) / rate)} left" if done < total else ""
        return f"{text}, {amount(rate, unit)}/s{left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


@contextmanager
def screen(steps: tuple[str, ...], *, as_json: bool) -> Iterator[Screen]:
    """Give the screen that fits where the output goes."""
    if as_json:
        yield JsonLines()
    elif sys.stdout.isatty():
        # Rich takes 60 ms to import; a log does not need it.
        from ci_steps.cli.table import LiveTable

        with LiveTable(steps) as table:
            yield table
    else:
        yield PlainLines(len(steps))
