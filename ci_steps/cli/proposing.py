"""`scan-model --propose`: the scan section for a model that somebody trusts."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ci_steps.cli import options
from ci_steps.cli.screen import harmless, one_line
from ci_steps.errors import ExitCode, InputError
from ci_steps.model.verdict import Verdict
from ci_steps.rundir import RunDir

_CODES = {Verdict.REFUSED: ExitCode.REFUSED, Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE}


def or_propose(step: Callable[..., None]) -> Callable[..., None]:
    """Let the command propose instead of judge, where it is asked to."""

    @click.option(
        "--propose",
        is_flag=True,
        help="Print the scan section that a model you trust needs, the fetched one or the one in FOLDER; "
        "write and judge nothing. Exits 4 where something can never be allowed, 5 where it cannot be read.",
    )
    @click.argument("folder", required=False, type=click.Path(path_type=Path))
    @options.keep
    @wraps(step)
    def either(*, propose: bool, folder: Path | None, **arguments: Any) -> None:
        if propose:
            _propose(folder, arguments["run_dir"], as_json=arguments["as_json"])
        elif folder is not None:
            raise InputError(
                "scan-model takes no folder",
                hint=f"did you mean `python -m ci_steps scan-model --propose {folder}`?",
            )
        else:
            step(**arguments)

    return either


def _propose(folder: Path | None, run_dir: Path, *, as_json: bool) -> None:
    from ci_steps.steps.scan_model.proposing import of_folder, of_run

    proposal = of_run(RunDir(run_dir)) if folder is None else of_folder(folder)
    if as_json:
        said = {"allow": proposal.allow, "code": proposal.code}
        click.echo(one_line(said | {"blocking": proposal.blocking, "verdict": proposal.verdict}))
    else:
        for line in proposal.section():
            click.echo(harmless(line))
        for finding in proposal.blocking:
            word = "never allowed" if finding.verdict is Verdict.REFUSED else "not read"
            click.echo(harmless(f"{word}: {finding.sentence}"), err=True)
            if finding.next:
                click.echo(harmless(f"  next: {finding.next}"), err=True)
        if proposal.allow or proposal.code:
            click.echo("these names run with whatever the model gives them: read the list first", err=True)
    if proposal.verdict in _CODES:
        raise click.exceptions.Exit(int(_CODES[proposal.verdict]))
