"""`watch`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ci_steps.cli import offers, options
from ci_steps.cli.screen import harmless, one_line
from ci_steps.errors import ExitCode, InputError
from ci_steps.model.wire import plain
from ci_steps.watch import Happening, Hints
from ci_steps.wiring.watching import Watching

_UNITS = {"s": 1, "m": 60, "h": 3600}


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(value))
        if not found:
            self.fail(f"{value!r} is no duration; write it like 60s, 5m or 1h", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


@click.command(short_help="Trigger a build for each new model somewhere.")
@click.argument("what", shell_complete=offers.models)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--every", type=_Duration(), default="60s", show_default=True, help="How often it looks.")
@click.option("--jenkins", default="", metavar="URL", help="A job: https://ci.example.org/job/NAME.")
@click.option("--gocd", nargs=2, metavar="URL PIPELINE", help="A pipeline of a GoCD server.")
@options.environment
@click.option("--once", is_flag=True, help="Look once, and end when what is new then is built.")
@click.option("--from-now", is_flag=True, help="What is there when it is watched first is not triggered.")
@click.option(
    "--retry", is_flag=True, help="A model whose build failed is triggered once more when it is seen."
)
@click.option(
    "--listen", default="", metavar="HOST:PORT", help="Take MLflow's webhooks, and pings, as hints to look."
)
@click.option(
    "--settle",
    type=_Duration(),
    help="What must stay the same for so long to count; 10s for s3, gs, azure and file, else 0s.",
)
@click.option(
    "--lease",
    type=_Duration(),
    default="20s",
    show_default=True,
    help="After so much silence of a watcher another takes over.",
)
@click.option(
    "--state", default="", metavar="PLACE", help="Where it notes what it did; release.yaml's store."
)
@options.config
@options.as_json
def watch(
    what: str,
    *,
    command: tuple[str, ...],
    every: float,
    jenkins: str,
    gocd: tuple[str, str] | None,
    environment: str,
    once: bool,
    from_now: bool,
    retry: bool,
    listen: str,
    settle: float | None,
    lease: float,
    state: str,
    config: Path,
    as_json: bool,
) -> None:
    """Trigger a build for each new model that WHAT stands for: an address, or a tag of the store.

    The build is a Jenkins job's (parameter MODEL, and ENVIRONMENT where --environment is given), a GoCD
    pipeline's (variable MODEL), or a COMMAND behind `--`, in whose arguments {model} stands for the model,
    as CI_STEPS_MODEL does in its environment. Each model is built once, also across restarts and where
    several watch the same: they meet in the store. How the build ends is told and noted; one that failed
    is not triggered again, but by a `watch` that is started with --retry (`--once --retry` for one try).

    Credentials come from JENKINS_USER, JENKINS_TOKEN, JENKINS_JOB_TOKEN, GOCD_TOKEN and
    MLFLOW_WEBHOOK_SECRET. With --once it exits with 4 where the build failed.
    """
    _refuse_odd(every, lease)
    watching = Watching(
        what=what,
        config=config,
        progress=_Quiet(),
        tell=_as_json if as_json else _as_line,
        every=every,
        jenkins=jenkins,
        gocd=gocd,
        command=command,
        environment=environment,
        state=state,
        lease=lease,
        settle=settle,
        from_now=from_now,
        retry=retry,
    )
    hints = Hints()
    watcher = watching.watch(hints)
    with _listening(watching, listen, hints):
        where = watcher.claims.trigger.place
        watching.tell(Happening("watching", f"watching {what} every {every:g} s, for {where}"))
        builds = watcher.run(once=once)
    if not all(build.sound for build in builds):
        raise click.exceptions.Exit(ExitCode.REFUSED)


def _refuse_odd(every: float, lease: float) -> None:
    if every <= 0 or lease < 1:
        raise InputError("--every 0 or a --lease below a second", hint="give --every 60s and --lease 20s")


@contextmanager
def _listening(watching: Watching, listen: str, hints: Hints) -> Iterator[None]:
    if not listen:
        yield
        return
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise InputError(f"--listen {listen!r} is no place", hint="write it like 127.0.0.1:8090")
    with watching.listener(host.strip("[]"), int(port), hints).listening() as taken:
        watching.tell(Happening("listening", f"listening on {host}:{taken} for /webhook and /ping"))
        yield


class _Quiet:
    """Says nothing of what each look takes: a log would hold nothing else."""

    def say(self, text: str) -> None: ...

    def advance(self, done: int, total: int, unit: str) -> None: ...


def _as_line(happening: Happening) -> None:
    click.echo(f"{_now()} {harmless(happening.text)}")


def _as_json(happening: Happening) -> None:
    click.echo(one_line({"at": _now(), **plain(happening)}))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
