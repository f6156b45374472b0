"""What ClearML knows, in the kit's own types."""

import base64
import json
import time
from typing import Any

import pytest

from ci_steps.adapters.clearml_source import Server, known
from ci_steps.adapters.clearml_source.messages import Model, Task, message
from ci_steps.errors import InputError
from ci_steps.model.manifest import Code, DataSource

COMMIT = "a" * 40
KEYS = {"CLEARML_API_ACCESS_KEY": "access", "CLEARML_API_SECRET_KEY": "hunter2hunter2"}


def task(**said: Any) -> Task:
    return message({"id": "t1", "hyperparams": None} | said, Task, what="task t1")


@pytest.mark.parametrize(("diff", "dirty"), [(None, False), (" \n", False), ("--- a\n+++ b\n", True)])
def test_code_with_a_diff_is_dirty_and_its_repository_has_no_login(diff: str | None, dirty: bool) -> None:
    said = task(
        script={"repository": "https://me:secret@host/x.git", "version_num": COMMIT.upper(), "diff": diff}
    )

    assert known.of_task(said, None).code == Code(repository="https://host/x.git", commit=COMMIT, dirty=dirty)
    assert bool(known.difference(said)) is dirty


def test_a_script_without_a_repository_is_dirty_code_without_a_commit() -> None:
    said = task(script={"repository": "", "version_num": "", "diff": "print(1)\n"})

    assert known.of_task(said, None).code == Code(repository="", commit="", dirty=True)


def test_a_task_that_ran_no_script_says_nothing_of_code() -> None:
    assert known.of_task(task(script={}), None).code is None


def test_parameters_have_the_names_and_types_that_clearml_shows_and_datasets_are_data() -> None:
    said = task(
        hyperparams={
            "General": {"seed": {"value": "7", "type": "int"}, "C": {"value": "1e-3", "type": "float"}},
            "Args": {"fast": {"value": "True", "type": "bool"}, "odd": {"value": "x", "type": "int"}},
            "Datasets": {"tweets": {"value": "d" * 32}},
        },
        configuration={"net": {"value": "layers: 2"}},
    )

    found = known.of_task(said, None)

    assert found.config == {
        "General/seed": 7,
        "General/C": 0.001,
        "Args/fast": True,
        "Args/odd": "x",
        "configuration/net": "layers: 2",
    }
    assert found.data == (DataSource(uri="clearml-dataset:tweets", mark=f"clearml:{'d' * 32}"),)


def test_labels_and_design_of_a_model_are_configuration() -> None:
    said = message({"id": "m1", "labels": {"cat": 1}, "design": {"design": ""}}, Model, what="model m1")

    assert known.of_task(None, said).config == {"labels": {"cat": 1}}


def test_single_values_have_their_name_and_others_their_title_before_it() -> None:
    said = task(
        last_metrics={
            "x": {"y": {"metric": "Summary", "variant": "accuracy", "value": 0.8}},
            "z": {
                "a": {"metric": "loss", "variant": "train", "value": 0.1},
                "b": {"metric": "loss", "variant": "loss", "value": 0.2},
                "c": {"metric": "loss", "variant": "lost", "value": None},
            },
        }
    )

    assert known.of_task(said, None).metrics == {"accuracy": 0.8, "loss/train": 0.1, "loss": 0.2}


@pytest.mark.parametrize(
    ("script", "python"),
    [
        ({"requirements": {"pip": "# Python 3.11.7 (main) [GCC]\n\nnumpy == 2.2.6\n"}}, "3.11"),
        ({"requirements": {"pip": ["# Python 3.12.1", "numpy==2"]}}, "3.12"),
        ({"binary": "/usr/bin/python3.10"}, "3.10"),
        ({"binary": "python3"}, ""),
        ({}, ""),
    ],
)
def test_the_python_is_the_one_that_ran(script: dict[str, Any], python: str) -> None:
    assert known.of_task(task(script=script), None).python == python


def test_packages_are_those_that_were_installed_without_remarks() -> None:
    pip = "# Python 3.11.7\n\nnumpy == 2.2.6\n# Detailed import analysis\n#  numpy: x.py\n"

    assert known.packages(task(script={"requirements": {"pip": pip, "conda": ""}})) == "numpy == 2.2.6\n"
    assert known.packages(task(script={"requirements": {}})) == ""


def test_validators_sign_by_tag() -> None:
    assert known.validators(("validated-by: bo", "best", "validated-by:anna")) == ("anna", "bo")
    assert known.validators(None) == ()


def test_an_answer_that_the_schemas_do_not_allow_is_bad_input() -> None:
    with pytest.raises(InputError, match="task t1 is not what ClearML's schemas say"):
        message({"id": "t1", "execution": {"artifacts": [{"uri": "x"}]}}, Task, what="task t1")


@pytest.mark.parametrize("missing", ["CLEARML_API_HOST", *KEYS])
def test_what_the_environment_does_not_say_is_named(missing: str) -> None:
    given = {"CLEARML_API_HOST": "https://api.example.org"} | KEYS
    del given[missing]

    with pytest.raises(InputError, match=missing):
        Server.of(given)


@pytest.mark.parametrize("name", ["CLEARML_API_HOST", "CLEARML_FILES_HOST"])
def test_keys_and_tokens_do_not_cross_a_network_in_clear(name: str) -> None:
    given = {"CLEARML_API_HOST": "https://api.example.org", name: "http://clearml:8008"} | KEYS

    with pytest.raises(InputError, match=f"{name} is plain http") as error:
        Server.of(given)

    assert "hunter2" not in f"{error.value}{error.value.hint}"


def test_no_key_and_no_token_is_shown() -> None:
    ends = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + 600}).encode()).decode().rstrip("=")
    held = Server.of({"CLEARML_API_HOST": "https://api.example.org"} | KEYS)
    shown = Server(held.rest, held.files, held.keys, [f"head.{ends}.signature"])

    assert shown.token() == f"head.{ends}.signature"
    assert "hunter2" not in repr(shown)
    assert "signature" not in repr(shown)
