"""What `models publish` makes of a folder: no login of an address gets into what everyone may read."""

from pathlib import Path

import pytest

from ci_steps.adapters.model_folder import ModelFolder
from ci_steps.errors import InputError
from ci_steps.ports import Ended
from ci_steps.selftest.specimen import model_files
from tests.fakes.programs import Asked, ScriptedPrograms

CARD = """\
name: tweets
predictor: {{python: "predictor:Tweets"}}
data: [{{uri: "{data}", sha256: "{zeros}"}}]
config: {{seed: 7}}
python: "3.11"
{code}
"""


def folder_of(root: Path, *, remote: str = "", data: str = "data/tweets.txt", code: str = "") -> ModelFolder:
    for name, content in model_files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (root / "model.yaml").write_text(CARD.format(data=data, code=code, zeros="0" * 64))

    def git(asked: Asked) -> Ended:
        answers = {"rev-parse": "0" * 40, "config": remote}
        return Ended(0, answers.get(asked.command[1], ""))

    return ModelFolder(root, root, ScriptedPrograms({"git": git}))


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
