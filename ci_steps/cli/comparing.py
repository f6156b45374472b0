"""`models diff` and `models merge`."""

import re
from pathlib import Path

import click

from ci_steps.cli import offers, options
from ci_steps.cli.screen import JsonLines, PlainLines, harmless, one_line
from ci_steps.errors import ExitCode, InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from ci_steps.model.wire import plain
from ci_steps.rundir import RunDir
from ci_steps.trace.difference import compared, is_code_untold, named
from ci_steps.trace.merging import Conflict, Merged, merged, started
from ci_steps.wiring import Wiring

_LONG = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")
_code = click.option(
    "--code",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="A git checkout that has the commits of the models; here by default.",
)


@click.command(short_help="Show what differs between two models.")
@click.argument("old", shell_complete=offers.models)
@click.argument("new", shell_complete=offers.models)
@_code
@options.config
@options.as_json
def diff(old: str, new: str, *, code: Path, config: Path, as_json: bool) -> None:
    """Show what differs between two models, ingredient by ingredient.

    That is code, data, configuration, environment with every package, modules, origin, metrics and files.
    Where --code has both commits, the files between them are told too. OLD and NEW may be addresses.
    """
    wiring = _wiring(config, as_json=as_json)
    one, other = _model(wiring, old), _model(wiring, new)
    lines = compared(one, other, wiring.store(), wiring.checkout(code))
    if as_json:
        for line in lines:
            click.echo(one_line(line))
        return
    for line in lines:
        click.echo(_short(f"{line.kind:<12} {line.what}: {line.old} -> {line.new}"))
    if not lines:
        click.echo("no difference")
    elif is_code_untold(lines):
        told = f"{code.resolve()} is no checkout that has both commits: --code names one"
        click.echo(f"what changed in the code is not told: {harmless(told)}", err=True)


@click.command(short_help="Merge the ingredients of two models that come from one.")
@click.argument("base", shell_complete=offers.models)
@click.argument("a", shell_complete=offers.models)
@click.argument("b", shell_complete=offers.models)
@_code
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False), help="Write them as part of a model.yaml."
)
@options.config
@options.as_json
def merge(base: str, a: str, b: str, *, code: Path, to: Path | None, config: Path, as_json: bool) -> None:
    """Merge the ingredients of the models A and B, which both come from BASE, and name each conflict.

    What one of them changed, added or took away since BASE is taken over: each key of the configuration, each
    URI of the data, the Python version, each package and each module. The code is merged by git in --code.
    What both changed, and not to the same, is a conflict: it is told with its three values, and nothing is
    written.

    The exit code is 0 where all was merged, and 4 where there are conflicts.
    """
    wiring = _wiring(config, as_json=as_json)
    sides = [_model(wiring, each) for each in (base, a, b)]
    result = merged(sides[0], sides[1], sides[2], wiring.store(), wiring.checkout(code))
    if as_json:
        click.echo(one_line(plain(result)))
    else:
        _tell(result)
    if result.conflicts:
        if not as_json:
            click.echo(f"{len(result.conflicts)} in conflict; nothing was written", err=True)
        click.get_current_context().exit(ExitCode.REFUSED)
    if to:
        try:
            to.write_text("".join(started(result, sides[1].name)), encoding="utf-8")
        except OSError as error:
            raise InputError(f"{to} cannot be written: {error.strerror}", hint="name another --to") from error


def _tell(result: Merged) -> None:
    for conflict in result.conflicts:
        click.echo(_short(_line(conflict)))
    code = result.code
    if code.commit:
        click.echo(harmless(f"code         {code.commit[:12]} {code.repository}".rstrip()))
    elif code.tree:
        click.echo(
            f"code         both merge cleanly, into the tree {code.tree[:12]}: merge them, and train there"
        )
    for source in result.data:
        click.echo(_short(f"data         {named(source)} {source.uri}"))
    for key, value in result.config.items():
        click.echo(harmless(f"config       {key}: {one_line(value)}"))
    click.echo(f"environment  Python {result.python}")
    for name, version in result.packages.items():
        click.echo(harmless(f"package      {name}: {version}"))
    for name, sha in result.modules.items():
        click.echo(f"module       {name}@{sha[:12]}")


def _line(conflict: Conflict) -> str:
    sides = f"was {conflict.base}, A has {conflict.a}, B has {conflict.b}"
    return f"conflict     {conflict.kind} {conflict.what}: {sides}"


def _short(line: str) -> str:
    """Return a line for a person: ids by their first twelve digits, and nothing that moves a cursor."""
    return harmless(_LONG.sub(r"\1", line))


def _model(wiring: Wiring, text: str) -> Manifest:
    if Address.is_one(text):
        return wiring.sourced().manifest(Address.parse(text))
    return wiring.store().manifest(ModelRef.parse(text))


def _wiring(config: Path, *, as_json: bool) -> Wiring:
    progress = JsonLines() if as_json else PlainLines()
    return Wiring(run=RunDir(Path(".release")), config=config, progress=progress)
