"""`config explain | check`."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ci_steps.cli import offers, options
from ci_steps.cli.screen import PlainLines, harmless, one_line
from ci_steps.errors import ExitCode
from ci_steps.model.told import Explanation, Problem, Setting
from ci_steps.rundir import RunDir
from ci_steps.wiring import Wiring

_WIDEST = 40
_REQUIRED = "required"


@click.group()
def config() -> None:
    """Explain release.yaml, and check it before a run."""


@config.command(short_help="Tell what KEY is set to, where, and what it means.")
@click.argument("key", default="", shell_complete=offers.keys)
@options.config
@options.as_json
def explain(key: str, config: Path, *, as_json: bool) -> None:
    """Tell what KEY is set to, the line that says so, the default, and what it means.

    KEY is written with dots: load.p95_ms, environments.production.replicas, metrics.0.floor. A section
    tells all of its keys (load), a list those of each item (metrics, or metrics.floor for one key of each).
    Without KEY it is the whole of release.yaml.
    """
    told = _wiring(config).release_yaml.explained(key)
    if as_json:
        for value in told.values:
            click.echo(one_line(_plain(value)))
        return
    for line in _one(told.values[0]) if told.values == (told.asked,) else _many(told):
        click.echo(harmless(line))


@config.command(short_help="Tell what is wrong with release.yaml before a run.")
@options.config
@options.as_json
def check(config: Path, *, as_json: bool) -> None:
    """Tell everything that is wrong with release.yaml and can be known before a run.

    No service is asked. It ends with exit code 2 where something would keep a release from starting or
    from ever passing; warnings alone do not.
    """
    release_yaml = _wiring(config).release_yaml
    # Only the scan knows what no list can allow, and only this command asks it before a run.
    from ci_steps.steps.scan_model.never_allowed import never_allowed

    found = release_yaml.problems(dt.datetime.now(dt.UTC).date())
    problems = sorted([*found, *never_allowed(release_yaml.written())])
    errors = [problem for problem in problems if not problem.warning]
    for problem in problems:
        click.echo(one_line(_flat(problem)) if as_json else harmless(_line(problem)))
    if not as_json:
        click.echo(_summary(config, len(errors), len(problems) - len(errors)))
    if errors:
        raise click.exceptions.Exit(int(ExitCode.BAD_INPUT))


def _wiring(config: Path) -> Wiring:
    return Wiring(run=RunDir(Path(".release")), config=config, progress=PlainLines())


def _one(told: Setting) -> list[str]:
    value = told.value if isinstance(told.value, list) else [told.value]
    first, *rest = [_word(each) for each in value] or ["none"]
    return [
        f"{told.key}: {told.means}",
        f"  value    {first}",
        *(f"           {each}" for each in rest),
        f"  from     {told.where or 'nowhere: the default holds'}",
        f"  default  {_default(told)}",
        f"  takes    {told.takes}",
    ]


def _many(told: Explanation) -> list[str]:
    asked = told.asked.key
    # Of the whole there is no room for what each key means; of one key of several rules it is said once.
    meanings = bool(asked) and len({value.means for value in told.values}) > 1
    head = ("key", "value", "from", "default", "means")
    rows = [head, *map(_row, told.values)]
    return [
        f"{asked or 'release.yaml'}: {told.asked.means}",
        *_table([row if meanings else row[:-1] for row in rows]),
    ]


def _row(told: Setting) -> tuple[str, ...]:
    value = told.value
    text = _word(value)
    if isinstance(value, list) and len(text) > _WIDEST:
        text = f"{len(value)} items"
    return told.key, text, told.where or "default", _default(told), told.means


def _default(told: Setting) -> str:
    return _REQUIRED if told.required else _word(told.default)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _word(value: Any) -> str:
    """Return a value as a person writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_word, value)) or "none"
    return "nothing" if value in (None, "") else str(value)


def _plain(told: Setting) -> dict[str, Any]:
    return {
        "key": told.key,
        "value": told.value,
        "where": told.where or None,
        "default": told.default,
        "required": told.required,
        "means": told.means,
        "takes": told.takes,
    }


def _line(problem: Problem) -> str:
    kind = "warning" if problem.warning else "error"
    return f"{problem.where}: {kind}: {problem.what}; {problem.next}"


def _flat(problem: Problem) -> dict[str, Any]:
    kind = "warning" if problem.warning else "error"
    return {"kind": kind, "where": problem.where, "what": problem.what, "next": problem.next}


def _summary(config: Path, errors: int, warnings: int) -> str:
    counted = [
        f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((errors, "error"), (warnings, "warning")) if n
    ]
    return f"{config}: {', '.join(counted) or 'nothing wrong'}"
