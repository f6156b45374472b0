"""What to type after `init`: from the files that it wrote to a service that answers."""

from dataclasses import dataclass
from pathlib import Path

from ci_steps.start.project import SETTINGS, TRAINING, Begun

PYTHON = "3.11"


@dataclass(frozen=True, slots=True)
class Next:
    """One line for a shell, and what it is for."""

    command: str
    what: str


def next_commands(project: Begun, *, folder: Path, python: str, production: int) -> tuple[Next, ...]:
    """Return the commands in their order; ``python`` is how one calls the interpreter that has the kit."""
    repository = any((each / ".git").exists() for each in (folder, *folder.parents))
    commit = 'git add -A && git commit -qm "A model to start from"'
    train = Next("environment/bin/python train.py --table data/table.csv --target diagnosis", "train")
    if project.trains_otherwise:
        yours = "train: let it write models/v1 with write_folder of folder.py"
        train = Next("environment/bin/python train.py", yours)
    # Not --json, which curl has since 7.82 only.
    body = "-H 'Content-Type: application/json' -d @models/request.json"
    ask = Next(f"curl {body} http://127.0.0.1:{production}/predict", "ask it")
    # Only what was written now is known to leave the request, and to have the address.
    known = {TRAINING, SETTINGS} <= set(project.written)
    return (
        Next(
            f"{python} -m uv pip compile -q --universal --python-version {PYTHON} --generate-hashes"
            " requirements.in -o requirements.lock",
            "pin what trains and serves",
        ),
        Next(
            commit if repository else f"git init -q && {commit}", "a model stands for the commit that made it"
        ),
        Next(
            f"{python} -m uv venv -q --python {PYTHON} environment &&"
            f" {python} -m uv pip sync -q --python environment --require-hashes requirements.lock",
            "set up what trains",
        ),
        train,
        Next(f"{python} -m ci_steps models publish models/v1 --tag candidate", "publish"),
        Next(f"{python} -m ci_steps release --environment production", "release"),
        *([ask] if known else []),
    )
