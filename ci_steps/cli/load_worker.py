"""`load-worker`: another machine's share of a load test."""

from pathlib import Path

import click

from ci_steps.cli.screen import PlainLines
from ci_steps.rundir import RunDir
from ci_steps.wiring import Wiring


@click.command("load-worker")
@click.option(
    "--master", required=True, metavar="HOST:PORT", help="Where load-test waits: load.remote.listen."
)
@click.option(
    "--wait",
    type=click.FloatRange(min=1),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for it.",
)
def load_worker(master: str, *, wait: float) -> None:
    """Send requests for a load-test on another machine, as its `load.remote` asks.

    It needs no project: install the same version of the kit, and set CI_STEPS_LOAD_SECRET to the same secret.
    Everything goes over one encrypted connection to MASTER. It ends when the load test does.
    """
    wiring = Wiring(run=RunDir(Path(".release")), config=Path("release.yaml"), progress=PlainLines())
    wiring.load_worker(master, wait).run()
