"""What is wrong with how `watch` was called is told before anything is looked at."""

from pathlib import Path
from typing import Any

import click
import pytest

from ci_steps.adapters.command_trigger import CommandTrigger
from ci_steps.cli.watch import watch
from ci_steps.errors import InputError
from ci_steps.ports.programs import Ended
from ci_steps.ports.triggers import Asked
from ci_steps.watch import Hints
from ci_steps.wiring.watching import Watching
from tests.fakes.programs import ScriptedPrograms
from tests.fakes.progress import Told

JOB = "https://ci.example.org/job/tweets"
ASKED = Asked("tweets@0123456", "staging")


def watching(**settings: Any) -> Watching:
    given = {"what": "file:model", "state": "state", "variables": {}} | settings
    return Watching(config=Path("release.yaml"), progress=Told(), tell=lambda _: None, every=60.0, **given)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "a watcher triggers one thing"),
        ({"jenkins": JOB, "command": ("make",)}, "a watcher triggers one thing"),
        ({"jenkins": JOB, "variables": {"JENKINS_USER": "me"}}, "JENKINS_TOKEN is not set"),
        ({"jenkins": JOB, "variables": {"JENKINS_TOKEN": "t"}}, "JENKINS_USER is not set"),
        ({"gocd": ("https://go.example.org", "release"), "environment": "staging"}, "is not for GoCD"),
        ({"what": f"file:model#sha256={'a' * 64}", "jenkins": JOB}, "is pinned"),
        ({"what": "nonsense", "jenkins": JOB}, "'nonsense' is not a model"),
    ],
)
def test_what_cannot_be_watched_is_an_input_error(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        watching(**settings).watch(Hints())


def test_a_program_that_is_not_there_is_told_before_anything_is_looked_at() -> None:
    trigger = command(ScriptedPrograms({}), "no-such-program", "{model}")

    with pytest.raises(InputError, match="no-such-program is not there"):
        trigger.mark()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--every", "often"), "'often' is no duration"),
        (("--every", "60"), "'60' is no duration"),
        (("--gocd", "https://go.example.org"), "requires 2 arguments"),
    ],
)
def test_a_duration_without_a_unit_or_half_a_pipeline_is_misuse(
    arguments: tuple[str, ...], says: str
) -> None:
    with pytest.raises(click.UsageError, match=says):
        watch.main(["file:model", *arguments], standalone_mode=False)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--every", "0s"), "--every 0"),
        (("--lease", "0.5s"), "--lease below a second"),
        (("--listen", "8090"), "'8090' is no place"),
        (("--listen", "127.0.0.1:99999"), "is no place"),
    ],
)
def test_an_odd_time_or_place_is_an_input_error(arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(InputError, match=says):
        watch.main(["file:model", "--state", "state", *arguments, "--", "make"], standalone_mode=False)


def command(programs: ScriptedPrograms, *arguments: str) -> CommandTrigger:
    return CommandTrigger(arguments, Path(), {"A": "b"}, programs, lambda _: None, "staging")


def test_a_command_is_told_the_model_in_its_arguments_and_its_environment() -> None:
    programs = ScriptedPrograms({"make": lambda _: Ended(0, "")})
    trigger = command(programs, "make", "MODEL={model}", "{environment}")

    build = trigger.look(ASKED, trigger.start(ASKED))

    assert build
    assert (build.state, build.result, build.sound) == ("ended", "with exit code 0", True)
    assert programs.asked[0].command == ("make", "MODEL=tweets@0123456", "staging")
    assert programs.asked[0].env == {
        "A": "b",
        "CI_STEPS_MODEL": "tweets@0123456",
        "CI_STEPS_ENVIRONMENT": "staging",
    }


def test_a_command_that_fails_or_never_ends_is_a_build_that_failed() -> None:
    failing = command(ScriptedPrograms({"make": lambda _: Ended(5, "no")}), "make")
    endless = command(ScriptedPrograms({"make": lambda _: Ended(-1, "", timed_out=True)}), "make")

    for trigger, result in ((failing, "with exit code 5"), (endless, "ended by force")):
        build = trigger.look(ASKED, trigger.start(ASKED))
        assert build
        assert (build.result, build.sound) == (result, False)


def test_a_command_that_was_not_begun_is_nowhere() -> None:
    assert command(ScriptedPrograms({}), "make").look(ASKED, None) is None


def test_a_command_does_not_hear_the_secrets_of_the_watcher() -> None:
    variables = {"JENKINS_TOKEN": "s", "GOCD_TOKEN": "s", "MLFLOW_WEBHOOK_SECRET": "s", "AWS_PROFILE": "p"}
    watcher = watching(command=("make",), variables=variables).watch(Hints())

    assert isinstance(watcher.claims.trigger, CommandTrigger)
    assert dict(watcher.claims.trigger.variables) == {"AWS_PROFILE": "p"}


def test_files_that_come_one_after_the_other_must_settle_unless_told_otherwise() -> None:
    default = watching(command=("make",)).watch(Hints())
    at_once = watching(command=("make",), settle=0.0).watch(Hints())

    assert (default.settled.seconds, at_once.settled.seconds) == (10.0, 0.0)
