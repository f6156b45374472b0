"""Every command, its one line of help, and where it is. Importing it costs nothing."""

from collections.abc import Mapping
from importlib import import_module

import click

_STEPS = {
    "plan": "Decide which model goes where, beside which live release",
    "unit-tests": "Run the repository's tests in the model's environment",
    "fetch-model": "Copy the model and the baseline's evidence, verified",
    "scan-model": "Refuse files that could run code that nobody allowed",
    "check-metrics": "Hold the metrics to their floors, ceilings and margins",
    "check-interface": "Refuse an interface that breaks its callers, by witness",
    "build-image": "Put the serving image together, the same bits every time",
    "push-image": "Send what the registry lacks, and read the digest back",
    "integration-test": "Hold the running container to the raw model",
    "load-test": "Send planned load and count latency from the plan",
    "rollout": "Put the image before its users, or leave them as they were",
    "rollback": "Go back to the newest verified release not withdrawn",
}
_WHOLE = {
    "release": "Run all steps, go on where an earlier try stopped",
    "check": "Run the three gates on a fetched model",
}
_MODELS = {"models": "Publish, list, show, diff, merge, tag, export and import models"}
_LOOK = {
    "trace": "From a container, service or image back to everything",
    "history": "What was rolled out where, by whom, and how it ended",
    "report": "Write the page of a run",
}
_WATCH = {"watch": "Trigger a build for each new model somewhere"}
_LOAD = {"load-worker": "Send requests for a load-test on another machine"}
_TRY = {"selftest": "Show that each gate refuses what it must"}
_SET_UP = {
    "init": "Write a small project to start from",
    "config": "Explain release.yaml, and check it before a run",
    "completion": "Print the script that completes commands in a shell",
}

CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "Release": (*_WHOLE, *_WATCH, *_LOAD),
    "Steps": tuple(_STEPS),
    "Models": tuple(_MODELS),
    "Look": (*_LOOK, *_TRY),
    "Set up": tuple(_SET_UP),
}
EVERY: Mapping[str, str] = _WHOLE | _WATCH | _LOAD | _STEPS | _MODELS | _LOOK | _TRY | _SET_UP


def command(name: str) -> click.Command | None:
    """Return the command of that name, imported now."""
    if name in _STEPS:
        return import_module("ci_steps.cli.steps").step_command(name, _STEPS[name])  # type: ignore[no-any-return]
    if name in _WHOLE:
        return getattr(import_module("ci_steps.cli.steps"), name)  # type: ignore[no-any-return]
    if name in _MODELS:
        return import_module("ci_steps.cli.models").models  # type: ignore[no-any-return]
    if name in _LOOK:
        return getattr(import_module("ci_steps.cli.look"), name)  # type: ignore[no-any-return]
    if name in _WATCH or name in _LOAD or name in _TRY or name in _SET_UP:
        own = name.replace("-", "_")
        return getattr(import_module(f"ci_steps.cli.{own}"), own)  # type: ignore[no-any-return]
    return None
