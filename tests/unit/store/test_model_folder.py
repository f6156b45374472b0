"""What `models publish` makes of a folder and warns of; no login gets into what everyone may read."""

import json
from pathlib import Path

import pytest

from ci_steps.adapters.model_folder import ModelFolder
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.manifest import Manifest
from ci_steps.ports import Ended
from ci_steps.selftest.specimen import model_files
from tests.fakes.programs import Asked, ScriptedPrograms

BROKEN = "fatal: index file corrupt"
CARD = """\
name: tweets
predictor: {{python: "predictor:Tweets"}}
data: [{{uri: "{data}", sha256: "{zeros}"}}]
config: {{seed: 7}}
python: "3.11"
{code}
"""


def folder_of(
    root: Path, *, remote: str = "", data: str = "data/tweets.txt", code: str = "", status: str = ""
) -> ModelFolder:
    for name, content in model_files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (root / "model.yaml").write_text(CARD.format(data=data, code=code, zeros="0" * 64))

    def git(asked: Asked) -> Ended:
        answers = {"rev-parse": "0" * 40, "config": remote, "status": status}
        broken = status == BROKEN and asked.command[1] == "status"
        return Ended(128 if broken else 0, answers.get(asked.command[1], ""))

    return ModelFolder(root, root, root / "release.yaml", ScriptedPrograms({"git": git}), nobody)


def nobody(text: str) -> Manifest:
    raise InputError(f"there is no {text}")


def told_of(folder: ModelFolder, rows: int = 1) -> tuple[str, ...]:
    return folder.warnings(folder.manifest(), rows=rows)


@pytest.mark.parametrize("login", ["user:s3cr3t@", "s3cr3t@", "user:p@s3cr3t@", ""])
def test_the_address_of_the_checkout_is_noted_without_its_login(tmp_path: Path, login: str) -> None:
    folder = folder_of(tmp_path, remote=f"https://{login}example.org/tweets.git")

    assert folder.manifest().code.repository == "https://example.org/tweets.git"


@pytest.mark.parametrize(
    "address",
    [
        "https://user:s3cr3t@example.org/x",
        "https://s3cr3t@example.org/x",
        "postgres://user:s3@cr3t@example.org/x",
        "https://example.org/x?X-Amz-Signature=s3cr3t",
        "https://example.org/x?a=b&access_token=s3cr3t",
    ],
)
@pytest.mark.parametrize("key", ["data", "code"])
def test_an_address_with_a_password_is_refused_and_not_repeated(
    tmp_path: Path, address: str, key: str
) -> None:
    code = f'code: {{repository: "{address}", commit: "{"0" * 40}"}}'
    folder = folder_of(tmp_path, data=address) if key == "data" else folder_of(tmp_path, code=code)

    with pytest.raises(InputError, match=f"{key} has an address with a password or token in it") as error:
        folder.manifest()

    assert "cr3t" not in str(error.value)


@pytest.mark.parametrize(
    "address", ["s3://bucket/x", "data/a@b.txt", "postgres://reader@host/x", "git@host:x"]
)
def test_an_address_without_one_is_kept_as_it_is(tmp_path: Path, address: str) -> None:
    assert folder_of(tmp_path, data=address).manifest().data[0].uri == address


def test_a_file_name_that_is_not_utf_8_is_bad_input(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (tmp_path / "model" / "a\udcff.txt").touch()

    with pytest.raises(InputError, match="is not plain"):
        folder.manifest()


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (" M train.py\n", "train.py has changes"),
        (" M train.py\n?? new.py\n?? notes.txt\n", "train.py and new.py have changes"),
        (" M a\n M b\n M c\n", "a, b and c have changes"),
        (" M a\n M b\n M c\n M d\n M e\n", "a, b, c and 2 more have changes"),
    ],
)
def test_changes_that_no_commit_holds_are_noted_and_named(tmp_path: Path, status: str, named: str) -> None:
    folder = folder_of(tmp_path, status=status)

    assert folder.manifest().code.dirty
    [warning] = told_of(folder)
    assert warning == (
        f"{named} that no commit holds, and unit-tests will be inconclusive; "
        f"commit or ignore {'it' if named.startswith('train.py has') else 'them'}, then publish again"
    )


def test_new_files_that_are_no_code_change_nothing(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, status="?? notes.txt\n?? models/\n")

    assert not folder.manifest().code.dirty
    assert told_of(folder) == ()


def test_where_git_cannot_tell_the_checkout_is_not_taken_for_clean(tmp_path: Path) -> None:
    code = f'code: {{repository: "https://example.org/x", commit: "{"0" * 40}"}}'

    with pytest.raises(OutsideError, match=r"git cannot say what changed in .*: fatal: index file corrupt"):
        folder_of(tmp_path, status=BROKEN).manifest()
    assert not folder_of(tmp_path, status=BROKEN, code=code).manifest().code.dirty


def test_every_file_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (tmp_path / "golden.jsonl").unlink()
    (tmp_path / "metrics.json").unlink()

    with pytest.raises(InputError, match=r"has no metrics\.json, golden\.jsonl"):
        folder.manifest()


def test_a_model_without_evaluations_is_one_whose_release_must_name_them(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (tmp_path / "evaluations.jsonl").unlink()

    [warning] = told_of(folder, rows=1)

    assert warning.startswith("there is no evaluations.jsonl, and check-metrics will be inconclusive")
    assert "`evidence:` in release.yaml" in warning


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("golden.jsonl", "", "golden.jsonl has no row, and integration-test replays 3"),
        ("golden.jsonl", "{}\n\n{}\n", "golden.jsonl has 2 rows, and integration-test replays 3"),
        ("evaluations.jsonl", "\n", "evaluations.jsonl has no row"),
        ("metrics.json", "{", "metrics.json cannot be read"),
        ("metrics.json", '{"metric": 1}', "metrics.json cannot be read"),
        ("metrics.json", '{"metrics": []}', "metrics.json claims nothing"),
        ("interface.json", "[]", "interface.json cannot be read"),
        ("requirements.lock", "numpy==2.4.6\n", "requirements.lock: numpy has no sha256 hash"),
        ("requirements.lock", "numpy\n", "requirements.lock: 'numpy' is not pinned"),
    ],
)
def test_what_a_later_step_will_not_take_is_told_before(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    folder = folder_of(tmp_path)
    (tmp_path / name).write_text(content)

    [warning] = told_of(folder, rows=3)

    assert warning.startswith(told)
    assert "; " in warning, "and what to do"


@pytest.mark.parametrize(
    ("features", "input_", "told"),
    [
        ("[text, lenght]", {"properties": {"text": {}, "length": {}}}, "names lenght, which"),
        ("[text]", {"properties": {"text": {}}}, ""),
        ("[text]", {"$ref": "#/$defs/request"}, ""),  # a gate that resolves it decides
        ("[text]", {"properties": {"length": {}}, "allOf": [{}]}, ""),
        ("[text]", {}, ""),
        ("[text]", True, ""),
    ],
)
def test_a_feature_that_no_request_has_is_told(
    tmp_path: Path, features: str, input_: object, told: str
) -> None:
    folder = folder_of(tmp_path)
    (tmp_path / "model/model.joblib").touch()
    card = (tmp_path / "model.yaml").read_text()
    predictor = f"predictor: {{sklearn: model/model.joblib, features: {features}}}"
    (tmp_path / "model.yaml").write_text(card.replace('predictor: {python: "predictor:Tweets"}', predictor))
    (tmp_path / "interface.json").write_text(json.dumps({"input": input_, "output": {}}))

    said = told_of(folder)

    assert len(said) == bool(told)
    assert told in "".join(said)


def test_the_specimen_gives_no_warning(tmp_path: Path) -> None:
    assert told_of(folder_of(tmp_path)) == ()
