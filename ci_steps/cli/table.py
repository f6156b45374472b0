"""The live table of a terminal."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ci_steps.cli.screen import SIGNS, Pace, harmless, headline_of, waiver_lines
from ci_steps.documents import Plan
from ci_steps.errors import StepError
from ci_steps.model.verdict import Verdict
from ci_steps.pipeline import Ran

_LAST = 4
"""So many lines of the step that runs stand below the table."""


class LiveTable:
    """One row a step: what became of it, how long it took, and the line that says why."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        self._console = Console(highlight=False)
        self._steps = list(steps)
        self._ran: dict[str, Ran] = {}
        self._now, self._since, self._said = "", time.monotonic(), ""
        self._told: list[str] = []
        self._stopped, self._pace = "", Pace()
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(get_renderable=self._drawn, console=self._console, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._stopped, self._now = self._now, ""
        self._live.stop()

    def began(self, step: str) -> None:
        if step not in self._steps:
            self._steps.append(step)
        self._now, self._since, self._said, self._told = step, time.monotonic(), "", []

    def ended(self, ran: Ran) -> None:
        self._ran[ran.step] = ran
        self._now = ""
        if ran.step == Plan.name:  # what an address was found to be is wanted afterwards too
            for line in self._told:
                self._print(line)

    def say(self, text: str) -> None:
        self._said = harmless(text)
        if self._now:
            self._told.append(self._said)
        else:
            self._print(self._said)

    def _print(self, line: str) -> None:
        """Print above the table, a line as one: the terminal wraps it so that it can be copied whole."""
        self._console.print(Text(line), soft_wrap=True)

    def advance(self, done: int, total: int, unit: str) -> None:
        self._said = self._pace.told(done, total, unit)

    def failed(self, error: StepError) -> None:
        self._stopped, self._now = self._now, ""
        self._live.stop()
        self._console.print()
        self._console.print(Text.assemble(("error: ", "bold red"), harmless(str(error))))
        if error.hint:
            self._console.print(Text.assemble(("  next: ", "bold"), error.hint))

    def close(self, text: str) -> None:
        self._live.stop()
        if any(ran.waived for ran in self._ran.values()):
            self._console.print()
        for ran in self._ran.values():
            self._explain(ran)
        worst = max((ran.verdict for ran in self._ran.values()), default=Verdict.PASSED)
        self._console.print()
        self._console.print(Text(text, style=f"bold {SIGNS[worst][1]}"))

    def _explain(self, ran: Ran) -> None:
        """Say, below the table, why it stopped and what was waived, in full."""
        for line in waiver_lines(ran):
            self._console.print(Text.assemble(("! ", "yellow"), harmless(line)))
        for finding in ran.stops:
            sign, colour = SIGNS[finding.verdict]
            self._console.print()
            self._console.print(
                Text.assemble((f"{sign} {finding.check}", f"bold {colour}"), f"  {finding.where}")
            )
            self._indented(Text(harmless(finding.sentence)))
            if finding.next:
                self._indented(Text.assemble(("next: ", "bold"), harmless(finding.next)))
            if finding.witness:
                self._indented(Text.assemble(("witness: ", "bold"), finding.witness))

    def _indented(self, line: Text) -> None:
        self._console.print(Padding(line, (0, 0, 0, 2), expand=False))

    def _drawn(self) -> RenderableType:
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(width=1)
        grid.add_column(no_wrap=True)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        for step in self._steps:
            grid.add_row(*self._row(step))
        if not self._now:
            return Group(grid)
        below = [line for line in self._told if line != self._said][-_LAST:]
        lines = (Text(f"  {line}", style="dim", overflow="fold") for line in below)
        # A terminal echoes ^C where the cursor is; at the end of a full line it would push down what follows.
        return Group(grid, *lines, Text())

    def _row(self, step: str) -> tuple[RenderableType, ...]:
        if step == self._now:
            seconds = f"{time.monotonic() - self._since:.0f} s"
            return self._spinner, Text(step, style="bold cyan"), Text(seconds, style="cyan"), Text(self._said)
        if step == self._stopped:
            sign, colour = SIGNS[Verdict.INCONCLUSIVE]
            return Text(sign, style=f"bold {colour}"), Text(step), "", Text("stopped", style=colour)
        ran = self._ran.get(step)
        if ran is None:
            return Text("·", style="dim"), Text(step, style="dim"), "", ""
        if ran.blocked:
            return Text("-", style="dim"), Text(step, style="dim"), "", Text(headline_of(ran), style="dim")
        sign, colour = SIGNS[ran.verdict]
        took = "kept" if ran.kept else f"{ran.seconds:.1f} s"
        why = Text(headline_of(ran), style="" if ran.verdict.lets_go_on else colour)
        return Text(sign, style=f"bold {colour}"), Text(step), Text(took, style="dim"), why
