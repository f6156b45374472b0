"""`completion`: the script that lets a shell complete commands, options and their values."""

import os
from typing import ClassVar

import click
from click.shell_completion import (
    BashComplete,
    ShellComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

PROGRAM, VARIABLE = "ci-steps", "_CI_STEPS_COMPLETE"

_BASH = """\
%(complete_func)s() {
    local line=${COMP_LINE:0:COMP_POINT} word breaks before= type value
    # Readline breaks words at the : and the @ of a model, and wants only what comes after the last of them.
    word=${line##*[[:space:]]}
    [[ $word == -*=* ]] && word=${word#*=}
    breaks=${COMP_WORDBREAKS//[^:@]/}
    [[ -n $breaks ]] && before=${word%%"${word##*[$breaks]}"}
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done < <(COMP_WORDS=$line COMP_CWORD=$COMP_CWORD %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@add_completion_class
class Bash(BashComplete):
    """Bash, asked with the line as it was typed: its own words are broken inside a model's name."""

    source_template: ClassVar[str] = _BASH

    def source(self) -> str:
        # Click's own starts a bash to ask for its version; whoever evaluates this has one.
        return ShellComplete.source(self)

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        begun = "" if not words or line[-1].isspace() else words.pop()
        return words[1:], begun


_HELP = """\
Print the script that lets a shell complete commands, options, environments, models and keys.

It completes the command ci-steps. Write one of these into the file that your shell reads at its start:

\b
bash, in ~/.bashrc:
    eval "$(ci-steps completion bash)"
zsh, in ~/.zshrc, after compinit:
    eval "$(ci-steps completion zsh)"
fish, in ~/.config/fish/config.fish:
    ci-steps completion fish | source
"""


@click.command(help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None, shell
    click.echo(kind(context.find_root().command, {}, PROGRAM, VARIABLE).source())
