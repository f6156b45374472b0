"""Where the artifacts of a run lie in the model's folder."""

import pytest

from ci_steps.adapters.artifact_paths import rooted
from ci_steps.errors import InputError


def paths(*artifacts: str) -> list[str]:
    return [path for path, _ in rooted(((path, path) for path in artifacts), "modeldb:r1")]


def test_the_folder_with_model_yaml_is_the_model_and_the_rest_is_not() -> None:
    assert paths("plots/roc.png", "tweets/model.yaml", "tweets/model/m.bin") == ["model.yaml", "model/m.bin"]


def test_without_model_yaml_all_is_kept_for_another_form() -> None:
    assert paths("model/MLmodel", "model/m.bin") == ["model/MLmodel", "model/m.bin"]


@pytest.mark.parametrize(
    ("artifacts", "why"),
    [
        (("a/model.yaml", "b/model.yaml"), r"holds 2 models: a/model\.yaml, b/model\.yaml"),
        (("model.yaml", "model.yaml"), r"two artifacts of modeldb:r1 would be the file model\.yaml"),
        (("../etc/passwd",), "points outside"),
        (("/etc/passwd",), "points outside"),
        (("tweets.TAR.GZ",), "archives are not unpacked"),
    ],
)
def test_what_is_no_folder_is_refused(artifacts: tuple[str, ...], why: str) -> None:
    with pytest.raises(InputError, match=why):
        paths(*artifacts)
