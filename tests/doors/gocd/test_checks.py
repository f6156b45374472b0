"""What is wrong in a configuration is told with its line; what is sound passes."""

import json
from difflib import SequenceMatcher
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.doors.gocd.checks import SCHEMA, complaints
from tests.doors.gocd.configuration import Exec, Fetch, configuration, loaded

HERE = Path(__file__).parent
SAID = {
    "unknown-key-of-a-job": ":17: pipelines.one.stages[0].make.jobs.make: unknown key 'artifact'",
    "unknown-key-of-a-material": "materials.repository: unknown key 'whitelist'",
    "no-format-version": ":1: 'format_version' is missing",
    "two-jobs": "jobs: other, use: only 1 may be here",
    "two-tasks-in-one-item": "tasks[0]: exec, fetch: only 1 may be here",
    "flow-style": "artifacts[0].build: flow style, where GoCD's parser rejects a colon",
    "lone-hash": "a literal # is written ##",
    "secret-value": "DOCKER_AUTH_CONFIG: a secret's value, or no whole reference",
    "secure-variables": "unknown key 'secure_variables': GoCD decrypts its values",
    "reference-in-an-argument": "GoCD resolves a secret in variables and passwords only",
    "fetch-of-a-later-stage": "tasks[0]: no stage use comes before make",
    "fetch-of-what-nobody-leaves": "job make leaves no artifact page",
    "exec-with-args": "tasks[0].exec: unknown key 'args'",
    "script-task": "tasks[0]: unknown key 'script': known are exec, fetch",
    "unknown-upstream": "materials.training: there is no pipeline train",
    "tab-without-artifact": "tabs.Page: no artifact of the job is report.html",
    "key-twice": ":7: pipelines.one.environment_variables.NAME: the key is there twice",
    "five-fields-of-cron": "timer.spec: '0 2 * * ?' does not match",
    "unknown-run-if": "run_if: 'always' is not passed or failed or any",
}


@pytest.mark.parametrize("path", sorted(HERE.glob("broken/*.yaml")), ids=lambda path: path.stem)
def test_a_broken_configuration_is_rejected_with_the_place_and_the_reason(path: Path) -> None:
    [said] = complaints(path)

    assert said.startswith(f"{path.name}:")
    assert SAID[path.stem] in said


@pytest.mark.parametrize("path", sorted(HERE.glob("sound/*.yaml")), ids=lambda path: path.stem)
def test_a_sound_configuration_has_nothing_wrong(path: Path) -> None:
    assert complaints(path) == []


def test_each_broken_configuration_is_the_sound_one_but_for_one_thing() -> None:
    sound = (HERE / "sound" / "two-stages.yaml").read_text(encoding="utf-8").splitlines()

    for path in HERE.glob("broken/*.yaml"):
        broken = path.read_text(encoding="utf-8").splitlines()
        changes = SequenceMatcher(None, sound, broken, autojunk=False).get_opcodes()
        [changed] = [change for change in changes if change[0] != "equal"]
        assert max(changed[2] - changed[1], changed[4] - changed[3]) <= 5, path.name


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("plain", True),
        ("a ## b", True),
        ("a #### b", True),
        ("a # b", False),
        ("a ### b", False),
        ("#{known}", True),
        ("###{known}", True),
        ("#{unknown}", False),
        ("##{unknown}", True),
    ],
)
def test_a_hash_stands_twice_or_begins_a_parameter_that_there_is(
    text: str, *, right: bool, tmp_path: Path
) -> None:
    found = loaded(HERE / "sound" / "two-stages.yaml")
    found["pipelines"]["one"] |= {"parameters": {"known": "x"}}
    found["pipelines"]["one"]["environment_variables"]["NAME"] = text
    path = tmp_path / "hash.yaml"
    path.write_text(yaml.safe_dump(found), encoding="utf-8")

    assert (complaints(path) == []) == right


def test_the_schema_is_one_and_lets_no_unknown_key_through() -> None:
    schema = json.loads(SCHEMA.read_bytes())

    Draft202012Validator.check_schema(schema)
    shapes = [schema, *schema["$defs"].values()]
    while shapes:
        shape = shapes.pop()
        if "properties" in shape:
            assert shape["additionalProperties"] is False, shape
        shapes += [one for one in shape.get("properties", {}).values() if isinstance(one, dict)]


def test_what_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "torn.yaml"
    path.write_text("format_version: 10\npipelines:\n  one: two: three\n", encoding="utf-8")

    assert complaints(path) == ["torn.yaml:3: not YAML: mapping values are not allowed here"]


def test_an_empty_file_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing\n", encoding="utf-8")

    assert complaints(path) == ["empty.yaml:1: the file is empty"]


def test_scalars_are_text_as_gocd_reads_them_and_booleans_are_understood() -> None:
    pipelines = configuration(HERE / "sound" / "every-key.yaml")

    one, two = pipelines["one"], pipelines["two"]
    make = one.stages[0].jobs[0].tasks[0]
    fetch = two.stages[0].jobs[0].tasks[0]
    assert not one.timer_only_on_changes
    assert two.stages[0].only_on_success
    assert isinstance(make, Exec)
    assert make.on_cancel == Exec("make", ("clean",))
    assert isinstance(fetch, Fetch)
    assert fetch.is_file
