"""What a person may write after `dvc:`."""

from pathlib import Path

import pytest

from ci_steps.adapters.dvc_source.place import DvcPlace
from ci_steps.errors import InputError
from ci_steps.model.address import Address

COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "https://example.org/nlp/tweets.git@v1:model",
            ("https://example.org/nlp/tweets.git", "v1", "model"),
        ),
        ("ssh://git@example.org:2222/tweets@main:a/b/", ("ssh://git@example.org:2222/tweets", "main", "a/b")),
        ("git@example.org:nlp/tweets.git@v1:model", ("git@example.org:nlp/tweets.git", "v1", "model")),
        ("https://example.org/x@tweets@v1.2.0:model", ("https://example.org/x", "tweets@v1.2.0", "model")),
        ("file:///srv/tweets.git@feature/new:model", ("file:///srv/tweets.git", "feature/new", "model")),
        (f"../tweets@{COMMIT}:.", ("../tweets", COMMIT, "")),
        (".@HEAD:model/a:b", (".", "HEAD", "model/a:b")),
        ("repo@v1:model", ("repo", "v1", "model")),
        ("repo@v1:odd@name", ("repo", "v1", "odd@name")),
    ],
)
def test_it_is_a_repository_a_revision_and_a_path(
    text: str, parts: tuple[str, str, str], tmp_path: Path
) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "../tweets").mkdir(exist_ok=True)

    place = DvcPlace.parse(text, tmp_path)

    assert (place.repository, place.revision, place.path) == parts
    assert DvcPlace.parse(place.text, tmp_path) == place
    assert place.is_fixed == (place.revision == COMMIT)


def test_a_folder_with_an_at_in_its_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "team@work").mkdir()

    assert DvcPlace.parse("team@work@v1:model", tmp_path) == DvcPlace("team@work", "v1", "model")


@pytest.mark.parametrize(
    "text",
    [
        "repo",
        "repo@v1",
        "repo:model",
        "@v1:model",
        "repo@:model",
        "-upload-pack=x@v1:model",
        "repo@--all:model",
        "repo@a..b:model",
        "repo@main@{1}:model",
        "repo@v1~2:model",
        "repo@v 1:model",
        "repo@v1:/etc/passwd",
        "repo@v1:../other",
        "repo@v1:a\\b",
        "ext::sh -c id@v1:model",
        "http://example.org/tweets@v1:model",
        "ftp://example.org/tweets@v1:model",
    ],
)
def test_anything_else_is_bad_input_that_says_how_to_write_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        DvcPlace.parse(text, tmp_path)

    assert error.value.hint


@pytest.mark.parametrize("login", ["s3cret-token", "ada:s3cret-token"])
def test_a_login_in_a_repository_is_refused_and_not_repeated(login: str, tmp_path: Path) -> None:
    def parsed() -> DvcPlace:
        address = Address.parse(f"dvc:https://{login}@example.org/tweets@v1:model")
        return DvcPlace.parse(address.rest, tmp_path)

    with pytest.raises(InputError) as error:
        parsed()

    assert "s3cret-token" not in f"{error.value} {error.value.hint}"


def test_on_this_machine_plain_http_is_asked() -> None:
    assert DvcPlace.parse("http://127.0.0.1:8000/x@v1:model", Path()).repository == "http://127.0.0.1:8000/x"
