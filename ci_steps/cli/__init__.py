"""The only place that reads arguments, prints and exits."""

import gc
import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING

import click

from ci_steps import __version__
from ci_steps.cli import commands
from ci_steps.errors import InputError, StepError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class _Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(commands.EVERY)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return commands.command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            # Click knows only commands that were imported, and has none to suggest.
            raise click.NoSuchCommand(error.command_name, possibilities=commands.EVERY, ctx=ctx) from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        from click.shell_completion import CompletionItem

        begun = [name for name in commands.EVERY if name.startswith(incomplete)]
        named = [CompletionItem(name, help=commands.EVERY[name]) for name in begun]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in commands.CHAPTERS.items():
            with formatter.section(title):
                formatter.write_dl([(name, commands.EVERY[name]) for name in names])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Release machine-learning models: gates that need evidence, images by digest, honest rollouts.

    `release` does it all; each step can be run by itself. Exit codes: 0 go on, 2 bad input, 3 outside
    failed, 4 refused, 5 inconclusive, 6 rolled back, 7 rollback failed, 8 stale.
    """


def main() -> None:
    """Run the command line; the process ends with the exit code that the README lists."""
    signal.signal(signal.SIGTERM, _interrupt)
    gc.freeze()  # what was imported stays: looking for garbage in it takes a short command 3 % of its time
    if "_CI_STEPS_COMPLETE" in os.environ:
        import_module("ci_steps.cli.completion")  # a shell asks, and bash is asked for in our own way
    try:
        _refuse_half_characters(sys.argv[1:])
        # Not standalone: click would show our errors with a traceback. It gives an Exit's code back.
        colour = False if os.environ.get("NO_COLOR") else None
        sys.exit(cli.main(standalone_mode=False, color=colour) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ninterrupted; what was whole is kept, run it again to go on", err=True)
        sys.exit(130)
    except StepError as error:
        _tell(error)
        sys.exit(int(error.exit_code))


def _refuse_half_characters(arguments: list[str]) -> None:
    """Refuse what no document of a run could hold."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(argument).decode(errors="backslashreplace")
            raise InputError(f"argument '{shown}' is not UTF-8", hint="name it in UTF-8") from None


def _tell(error: StepError) -> None:
    click.echo(f"error: {error}", err=True)
    if error.hint:
        click.echo(f"  next: {error.hint}", err=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # An aborted build ends its processes with SIGTERM; they clean up as after Ctrl-C.
    raise KeyboardInterrupt
