"""What ModelDB knows, in the kit's own types."""

from typing import Any

import pytest

from ci_steps.adapters.modeldb_source import known
from ci_steps.adapters.modeldb_source.messages import BlobExpanded, Environment, ExperimentRun, message
from ci_steps.errors import InputError
from ci_steps.model.manifest import Code, DataSource

COMMIT = "a" * 40


def run(**said: Any) -> ExperimentRun:
    return message({"id": "r1"} | said, ExperimentRun, what="run r1")


def blobs(**blobs: Any) -> tuple[BlobExpanded, ...]:
    return tuple(
        message({"location": path.split("_"), "blob": blob}, BlobExpanded, what=path)
        for path, blob in blobs.items()
    )


def git(dirty: str | None) -> dict[str, Any]:
    said = {"repo": "https://me:secret@host/x.git", "hash": COMMIT}
    return {"git_snapshot": said | ({"is_dirty": dirty} if dirty else {})}


@pytest.mark.parametrize(
    ("said", "dirty"), [("FALSE", False), ("TRUE", True), ("UNKNOWN", True), (None, True)]
)
def test_only_code_that_was_seen_to_be_clean_is_clean(said: str | None, dirty: bool) -> None:
    code = known.of_run(run(code_version_snapshot=git(said)), ()).code

    assert code == Code(repository="https://host/x.git", commit=COMMIT, dirty=dirty)


def test_that_nobody_looked_for_changes_is_told() -> None:
    assert any("does not say" in line for line in known.shortcomings(run(code_version_snapshot=git(None))))


def test_code_that_is_an_archive_is_no_commit() -> None:
    said = run(code_version_snapshot={"code_archive": {"key": "code", "path": "code.zip"}})

    assert known.of_run(said, ()).code is None
    assert any("archive" in line for line in known.shortcomings(said))


def test_a_whole_number_that_protobuf_made_a_float_is_one_again() -> None:
    said = run(hyperparameters=[{"key": "seed", "value": 7.0}, {"key": "C", "value": 0.5}])

    config = known.of_run(said, ()).config

    assert config == {"seed": 7, "C": 0.5}
    assert isinstance(config["seed"], int)


def test_numbers_are_metrics_and_words_are_not() -> None:
    said = run(metrics=[{"key": "accuracy", "value": 0.8}, {"key": "note", "value": "good"}])

    assert known.of_run(said, ()).metrics == {"accuracy": 0.8}


def test_a_dataset_is_known_by_its_version_or_its_sha256_and_else_named_as_unknown() -> None:
    sha = "b" * 64
    said = run(
        datasets=[
            {"key": "one", "path": "s3://b/one.csv", "linked_artifact_id": "v7"},
            {"key": "two", "path": f"{sha}/two.csv"},
            {"key": "three", "path": "/mnt/three.csv"},
        ]
    )

    assert known.of_run(said, ()).data == (
        DataSource(uri="s3://b/one.csv", mark="modeldb:v7"),
        DataSource(uri=f"{sha}/two.csv", sha256=sha),
    )
    assert [line for line in known.shortcomings(said) if "three" in line]


def test_blobs_of_a_commit_are_ingredients() -> None:
    version = {"major": 3, "minor": 11, "patch": 9}
    found = known.of_blobs(
        blobs(
            code={"code": {"notebook": {"path": {"path": "a.ipynb"}, "git_repo": {"hash": COMMIT.upper()}}}},
            config={"config": {"hyperparameters": [{"name": "seed", "value": {"int_value": "7"}}]}},
            data={"dataset": {"s3": {"components": [{"path": {"path": "s3://b/x"}, "s3_version_id": "v1"}]}}},
            env={"environment": {"python": {"version": version}}},
        )
    )

    assert found.code == Code(repository="", commit=COMMIT, dirty=False)
    assert found.config == {"seed": 7}
    assert found.data == (DataSource(uri="s3://b/x", mark="version:v1"),)
    assert found.python == "3.11"


def test_what_a_run_says_itself_comes_before_what_its_commit_says() -> None:
    committed = blobs(
        config={"config": {"hyperparameters": [{"name": "seed", "value": {"int_value": 1}}]}},
        env={"environment": {"python": {"version": {"major": 3, "minor": 10}}}},
    )
    environment = {"python": {"version": {"major": 3, "minor": 11}}}
    said = run(hyperparameters=[{"key": "seed", "value": 7}], environment=environment)

    found = known.of_run(said, committed)

    assert found.config == {"seed": 7}
    assert found.python == "3.11"


def test_packages_are_written_as_pip_writes_them() -> None:
    requirements = [
        {"library": "numpy", "constraint": "==", "version": {"major": 2, "minor": 2, "patch": 6}},
        {"library": "joblib", "constraint": ">=", "version": {"major": 1, "minor": 6, "suffix": "rc1"}},
        {"library": "anything"},
    ]
    environment = message({"python": {"requirements": requirements}}, Environment, what="it")

    assert known.listed((None, environment)) == "anything\njoblib>=1.6.0rc1\nnumpy==2.2.6\n"


def test_an_answer_that_the_definitions_do_not_allow_is_bad_input() -> None:
    with pytest.raises(InputError, match="run r1 is not what ModelDB's definitions say"):
        message({"artifacts": "none"}, ExperimentRun, what="run r1")
