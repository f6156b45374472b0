"""`init`: a small project to start from."""

import datetime as dt
import shlex
import shutil
import sys
from pathlib import Path

import click

from ci_steps.cli.screen import PlainLines
from ci_steps.rundir import RunDir
from ci_steps.start import Begun, Values, begun, free_ports, next_commands
from ci_steps.wiring import Wiring

_WAIVED_FOR = dt.timedelta(days=30)


@click.command()
@click.argument("name")
@click.option("--ci", is_flag=True, help="Also Jenkinsfile, .gocd/ and the Makefile that they call.")
def init(name: str, *, ci: bool) -> None:
    """Write a small project to start from into this folder, for a service called NAME.

    It trains a scikit-learn pipeline on a table, and runs as it is: replace the table, then the pipeline.
    A file that is there is never touched. What to type next is printed.
    """
    folder = Path.cwd()
    staging, production = free_ports(2)
    who = Wiring(run=RunDir(Path(".release")), config=Path("release.yaml"), progress=PlainLines()).who
    until = dt.datetime.now(dt.UTC).date() + _WAIVED_FOR
    project = begun(folder, Values(name, staging, production, who, until), ci=ci)
    _tell(project)
    click.echo("\nnext, here, line by line:\n")
    for each in next_commands(project, python=_python(), production=production, folder=folder):
        click.echo(f"  # {each.what}\n  {each.command}")


def _tell(project: Begun) -> None:
    for name in project.written:
        click.echo(f"wrote  {name}")
    for name in project.kept:
        click.echo(f"kept   {name}, which was there")
    if project.unignored:
        click.echo(f"add to .gitignore: {' '.join(project.unignored)}")


def _python() -> str:
    """Return how one calls the interpreter that has the kit: `python` where the shell finds it."""
    found, here = shutil.which("python"), Path(sys.executable)
    if found and Path(found).absolute().parent == here.parent:
        return "python"
    return shlex.quote(str(here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here))
