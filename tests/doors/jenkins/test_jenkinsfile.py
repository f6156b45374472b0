"""The Jenkinsfile is sound, short, and names the steps of a release in their order."""

import re

import pytest

from ci_steps.wiring import GATES, RELEASE
from tests.doors.jenkins.build import JENKINSFILE
from tests.doors.jenkins.groovy import Checked, checked

STANDARD = {
    "core",
    "credentials-binding",
    "git",
    "junit",
    "pipeline-input-step",
    "pipeline-milestone-step",
    "pipeline-model-definition",
    "timestamper",
    "workflow-basic-steps",
    "workflow-cps",
    "workflow-durable-task-step",
    "workflow-job",
    "workflow-scm-step",
    "ws-cleanup",
}
CALL = re.compile(r"exec python -m ci_steps ([a-z-]+)( |$)")


@pytest.fixture(scope="module")
def read() -> Checked:
    return checked(JENKINSFILE)[0]


def test_jenkins_would_take_it(read: Checked) -> None:
    assert read.errors == ()


def test_it_uses_no_plugin_but_the_standard_ones(read: Checked) -> None:
    assert read.plugins <= STANDARD


def test_one_build_runs_at_a_time_so_that_none_overtakes_another(read: Checked) -> None:
    assert "disableConcurrentBuilds" in read.options


def test_every_line_of_shell_is_the_set_up_or_one_call_of_the_kit(read: Checked) -> None:
    calls = [script for script in read.scripts if script != "make setup"]

    assert read.scripts[0] == "make setup"
    assert calls
    assert all(CALL.match(call) and "\n" not in call and ";" not in call for call in calls), calls


def test_it_names_the_steps_in_their_order_and_stages_after_them(read: Checked) -> None:
    named = [match[1] for match in map(CALL.match, read.scripts) if match]
    wanted = [step for step in RELEASE if step not in GATES]
    wanted.insert(wanted.index("fetch-model") + 1, "check")

    assert named == [*wanted, "release"]
    stages = re.findall(r"stage\('([^']*)'\)", JENKINSFILE.read_text(encoding="utf-8"))
    assert stages == ["staging", "setup", *wanted, "approval", "production"]


def test_what_an_earlier_try_left_is_kept_by_every_step_that_can(read: Checked) -> None:
    without = {match[1] for match in map(CALL.match, read.scripts) if match and "--keep" not in match.string}

    # `plan` and `release` go on by themselves; `rollout` asks the platform what is there.
    assert without == {"plan", "rollout", "release"}


def test_the_models_own_tests_get_no_credentials_and_nothing_else_than_a_block_gives_any() -> None:
    text = JENKINSFILE.read_text(encoding="utf-8")
    stages = dict(re.findall(r"stage\('([a-z-]+)'\) \{\n((?:(?!stage\().|\n)*)", text))

    assert "withCredentials" not in stages["unit-tests"]
    assert "withCredentials" not in stages["setup"]
    assert "credentials(" not in text.replace("withCredentials(", "")
    registry = {name for name, body in stages.items() if "docker-auth" in body}
    assert registry == {
        "build-image",
        "push-image",
        "integration-test",
        "load-test",
        "rollout",
        "production",
    }
