import pytest

from ci_steps.errors import InputError
from ci_steps.model.images import ImageRef

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "whole", "repository"),
    [
        ("python", "docker.io/library/python", "docker.io/library/python"),
        ("python:3.11-slim", "docker.io/library/python:3.11-slim", "docker.io/library/python"),
        ("bitnami/python:3", "docker.io/bitnami/python:3", "docker.io/bitnami/python"),
        ("docker.io/python", "docker.io/library/python", "docker.io/library/python"),
        ("index.docker.io/library/python", "docker.io/library/python", "docker.io/library/python"),
        ("127.0.0.1:5000/tweets", "127.0.0.1:5000/tweets", "127.0.0.1:5000/tweets"),
        ("localhost/tweets:v1", "localhost/tweets:v1", "localhost/tweets"),
        ("[::1]:5000/tweets", "[::1]:5000/tweets", "[::1]:5000/tweets"),
        (f"ghcr.io/a/b__c/d-e@{DIGEST}", f"ghcr.io/a/b__c/d-e@{DIGEST}", "ghcr.io/a/b__c/d-e"),
        (f"ghcr.io/a:v1@{DIGEST}", f"ghcr.io/a:v1@{DIGEST}", "ghcr.io/a"),
    ],
)
def test_an_image_is_read_as_docker_reads_it(text: str, whole: str, repository: str) -> None:
    ref = ImageRef.parse(text)

    assert (str(ref), ref.repository) == (whole, repository)
    assert ImageRef.parse(str(ref)) == ref


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Python",
        "a b",
        "ghcr.io/",
        "ghcr.io/a:",
        "ghcr.io/a:b:c",
        "ghcr.io/a@sha256:12",
        "ghcr.io/a@",
        "ghcr.io/../a",
        "https://ghcr.io/a",
        "ghcr.io/a?x=1",
        "ghcr.io:port/a",
        "user@host/a",
        "[::1/a",
    ],
)
def test_what_is_not_an_image_is_bad_input(text: str) -> None:
    with pytest.raises(InputError, match="is not a"):
        ImageRef.parse(text)
