"""`trace`, `history` and `report`."""

from pathlib import Path

import click

from ci_steps.cli import options
from ci_steps.cli.screen import PlainLines, aligned, one_line
from ci_steps.errors import InputError
from ci_steps.model.guess import among
from ci_steps.model.ledger import LedgerEntry
from ci_steps.report import write_all, write_page
from ci_steps.rundir import RunDir
from ci_steps.trace.tracer import first_release
from ci_steps.wiring import Wiring


@click.command()
@options.environment
@options.config
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@options.as_json
def history(environment: str, config: Path, last: int, *, as_json: bool) -> None:
    """Tell what was rolled out where, by whom, and how it ended; the newest last.

    The chain of digests is checked while it is read.
    """
    wiring = Wiring(run=RunDir(Path(".release")), config=config, progress=PlainLines())
    known = wiring.settings.environments
    if environment and environment not in known:
        raise InputError(f"{environment!r} is not an environment", hint=among(environment, known))
    for name in (environment,) if environment else tuple(known):
        chain = wiring.ledger(wiring.settings.service, name).history()
        entries = chain.entries[-last:]
        if as_json:
            for entry in entries:
                click.echo(one_line(entry))
            continue
        live = f"{chain.live.id}, {chain.live.model}@{chain.live.sha.short}" if chain.live else "nothing"
        click.echo(f"{wiring.settings.service} in {name}: {live} is live by the ledger")
        # An intent is told by its outcome; one that is still open is what someone at night looks for.
        told = [entry for entry in entries if entry.kind == "outcome" or entry is chain.open_intent]
        for line in aligned([_cells(entry, chain.withdrawn) for entry in told]):
            click.echo(f"  {line}")
        if not chain.live:
            click.echo(f"  {first_release(chain, name)}")


def _cells(entry: LedgerEntry, withdrawn: frozenset[str]) -> list[str]:
    release = entry.release
    gone = " (withdrawn)" if release and release.id in withdrawn else ""
    why = f" - {entry.reason}" if entry.reason else ""
    return [
        f"{entry.number:>3}",
        f"{entry.at[:19].replace('T', ' ')}Z",
        entry.action,
        release.id if release else "nothing",
        f"{release.model}@{release.sha.short}" if release else "",
        entry.ending.value if entry.ending else "begun",
        f"by {entry.by}{gone}{why}",
    ]


@click.command()
@options.run_dir
def report(run_dir: Path) -> None:
    """Write the page of a run, also of one that failed, and print where it is.

    Beside it come findings.xml, JUnit with a test case a finding, and ending.txt, the ending in one line.
    """
    run = RunDir(run_dir)
    page = write_page(run)
    write_all(run)
    click.echo(page)


@click.command()
@click.argument("what")
@options.config
@options.as_json
def trace(what: str, config: Path, *, as_json: bool) -> None:
    """Answer which model, code, data, configuration and environment stand behind WHAT, and who let it live.

    WHAT is a container (name or id), an image (reference or digest), or a service (as release.yaml names
    it; or service/environment).
    """
    wiring = Wiring(run=RunDir(Path(".release")), config=config, progress=PlainLines())
    for traced in wiring.tracer().traced(what):
        click.echo(one_line(traced) if as_json else "\n".join(traced.lines()))
