"""`release`, `check`, and each step by itself."""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ci_steps.cli import options
from ci_steps.cli.proposing import or_propose
from ci_steps.cli.screen import Screen, screen
from ci_steps.documents import Plan, Rollout
from ci_steps.errors import ExitCode, StepError
from ci_steps.pipeline import Ran, Runner, exit_code
from ci_steps.report import write_all
from ci_steps.rundir import RunDir
from ci_steps.wiring import GATES, RELEASE, Wiring, kind

_ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    "plan": options.of_a_plan,
    "scan-model": or_propose,
    "rollback": options.several(
        options.environment,
        options.config,
        click.option("--reason", default="", help="Why; it stands in the ledger."),
    ),
}


def step_command(name: str, summary: str) -> click.Command:
    """Return the command of one step; its help is the step's docstring."""

    def run(run_dir: Path, *, as_json: bool, keep: bool = False, **arguments: Any) -> None:
        _run((name,), run_dir, lambda runner: [runner.alone(name, keep=keep)], as_json=as_json, **arguments)

    own = _ARGUMENTS.get(name) or (options.several() if kind(name).settles else options.keep)
    for decorate in (options.as_json, options.run_dir, own):
        run = decorate(run)
    return click.command(name, help=inspect.getdoc(kind(name)), short_help=summary)(run)


@click.command()
@options.of_a_plan
@options.run_dir
@options.as_json
def release(run_dir: Path, *, as_json: bool, **arguments: Any) -> None:
    """Run all steps, from the plan to the rollout, and write the page of the run.

    What an earlier try has done and what still holds is not done again; another model or environment
    starts a fresh run. Every gate has its say, also where another one refuses.
    """
    _run(RELEASE, run_dir, lambda runner: runner.all(RELEASE), as_json=as_json, **arguments)


@click.command()
@options.keep
@options.run_dir
@options.as_json
def check(run_dir: Path, *, keep: bool, as_json: bool) -> None:
    """Run the three gates on the fetched model and exit with the worst of them."""
    _run(
        GATES,
        run_dir,
        lambda runner: [runner.alone(name, keep=keep) for name in GATES],
        as_json=as_json,
    )


def _run(
    names: tuple[str, ...],
    run_dir: Path,
    work: Callable[[Runner], Sequence[Ran]],
    *,
    as_json: bool,
    config: Path = Path("release.yaml"),
    **asked: Any,
) -> None:
    run = RunDir(run_dir)
    with screen(names, as_json=as_json) as shown:
        wiring = Wiring(run=run, config=config, progress=shown, **asked)
        try:
            with run.held():
                try:
                    ran = work(wiring.runner(shown))
                except BaseException as error:
                    _left(run, shown, stopped=_why(error))
                    raise
                page = _left(run, shown)
        except StepError as error:
            shown.failed(error)
            raise click.exceptions.Exit(int(error.exit_code)) from error
        _close(shown, run, ran, page)
    raise click.exceptions.Exit(int(exit_code(ran)))


def _left(run: RunDir, shown: Screen, *, stopped: str = "") -> Path | None:
    """Write the page and its kin; where that fails it is told, and the run keeps the ending that it had."""
    try:
        return write_all(run, stopped=stopped)
    except StepError as error:
        shown.say(f"the page was not written: {error}")
        return None


def _why(error: BaseException) -> str:
    if isinstance(error, StepError):
        return f"stopped: {error}" + (f"; next: {error.hint}" if error.hint else "")
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; what was whole is kept, run it again to go on"
    return f"crashed: {type(error).__name__}"


def _close(shown: Screen, run: RunDir, ran: Sequence[Ran], page: Path | None) -> None:
    code = exit_code(ran)
    words = {
        ExitCode.GO_ON: "passed",
        ExitCode.BAD_INPUT: "nothing to do",
        ExitCode.REFUSED: "refused",
        ExitCode.INCONCLUSIVE: "inconclusive",
        ExitCode.ROLLED_BACK: "rolled back: the service is as it was before",
        ExitCode.ROLLBACK_FAILED: "ROLLBACK FAILED: look at the service now",
        ExitCode.STALE: "stale: a later plan is live",
    }
    last = ran[-1].document
    if isinstance(last, Rollout) and last.result in {"live", "already-live"}:
        words[code] = f"passed, serving at http://{run.read(Plan).target.address}"
    where = f", see {page}" if page else ""
    shown.close(f"{words[code]} (exit {int(code)}){where}")
