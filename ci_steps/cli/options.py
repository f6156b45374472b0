"""Options that commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ci_steps.cli import offers

F = TypeVar("F", bound=Callable[..., Any])

run_dir = click.option(
    "--run-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".release"),
    show_default=True,
    help="Where the documents of this release lie.",
)
config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("release.yaml"),
    show_default=True,
    help="What a model must show, and where it serves.",
)
model = click.option(
    "--model",
    default="",
    shell_complete=offers.models,
    help="tweets@9f2c41d, tweets:candidate, a SHA alone, @NAME.model, or an address: mlflow:…, s3://….",
)
environment = click.option(
    "--environment",
    default="",
    shell_complete=offers.environments,
    help="One of release.yaml's environments.",
)
dry_run = click.option("--dry-run", is_flag=True, help="The rollout prints what it would change.")
promote = click.option(
    "--promote",
    type=click.Path(path_type=Path, file_okay=False),
    help="Carry on the release of this run directory: the same model, the same image.",
)
keep = click.option("--keep", is_flag=True, help="Do nothing where what an earlier try left still holds.")
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")


def several(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return the decorators as one, in their order."""

    def decorated(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated


of_a_plan = several(model, environment, config, promote, dry_run)
