"""What `config explain` answers, from the file and from the types."""

from pathlib import Path

import pytest

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.errors import InputError
from ci_steps.model.told import Setting

TEXT = """\
service: tweets
store: store
registry: 127.0.0.1:5000/tweets
image: {base: python:3.11-slim-bookworm}
scan:
  allow:
    - numpy.ndarray
    - numpy.dtype
metrics:
  - {metric: accuracy, direction: higher, floor: 0.70}
  - {metric: log_loss, direction: lower,
     ceiling: 0.9}
load: {rate: 100, seconds: 20, p95_ms: 50}
environments:
  staging: {target: docker, address: "127.0.0.1:8080"}
  production:
    target: docker
    address: "127.0.0.1:8081"
    replicas: 2
"""


@pytest.fixture
def file(tmp_path: Path) -> ReleaseYaml:
    path = tmp_path / "release.yaml"
    path.write_text(TEXT)
    return ReleaseYaml(path)


def told(file: ReleaseYaml, key: str) -> tuple[Setting, ...]:
    return file.explained(key).values


def test_a_value_that_was_given_is_told_with_its_own_line(file: ReleaseYaml) -> None:
    [replicas] = told(file, "environments.production.replicas")
    [ceiling] = told(file, "metrics.1.ceiling")

    assert (replicas.value, replicas.where, replicas.default) == (2, "release.yaml:19", 1)
    assert (replicas.means, replicas.takes) == (
        "containers that serve",
        "a whole number at least 1 and at most 32",
    )
    assert ceiling.where == "release.yaml:12"


def test_a_value_that_was_not_given_is_the_default_and_stands_nowhere(file: ReleaseYaml) -> None:
    [replicas] = told(file, "environments.staging.replicas")
    [timeout] = told(file, "unit_tests.timeout_seconds")

    assert (replicas.value, replicas.where) == (1, "")
    assert (timeout.value, timeout.where, timeout.default) == (600, "", 600)


def test_what_must_be_given_has_no_default(file: ReleaseYaml) -> None:
    [service] = told(file, "service")
    [floor] = told(file, "metrics.0.floor")

    assert service.required
    assert (floor.required, floor.default) == (False, None)


def test_a_section_tells_all_of_its_keys(file: ReleaseYaml) -> None:
    assert [setting.key for setting in told(file, "image")] == ["image.base", "image.platform"]


def test_a_rule_is_named_by_its_number_in_brackets_too(file: ReleaseYaml) -> None:
    assert told(file, "metrics[1].ceiling") == told(file, "metrics.1.ceiling")
    assert len(told(file, "metrics[1]")) == 12


def test_one_key_of_all_rules_is_told_for_each(file: ReleaseYaml) -> None:
    assert [(s.key, s.value) for s in told(file, "metrics.floor")] == [
        ("metrics.0.floor", 0.70),
        ("metrics.1.floor", None),
    ]


def test_one_key_of_all_environments_is_told_for_each(file: ReleaseYaml) -> None:
    assert [(s.key, s.value) for s in told(file, "environments.replicas")] == [
        ("environments.staging.replicas", 1),
        ("environments.production.replicas", 2),
    ]


def test_a_key_of_a_list_that_is_empty_still_says_what_it_means(file: ReleaseYaml) -> None:
    [until] = told(file, "waivers.until")
    [waivers] = told(file, "waivers")

    assert until.means == "the last day on which it holds"
    assert (until.value, until.where) == (None, "")
    assert waivers.value == []


def test_a_list_of_words_is_one_value_and_each_has_its_line(file: ReleaseYaml) -> None:
    [allow] = told(file, "scan.allow")
    [second] = told(file, "scan.allow.1")

    assert allow.value == ["numpy.ndarray", "numpy.dtype"]
    assert (second.value, second.where) == ("numpy.dtype", "release.yaml:8")


def test_without_a_key_everything_is_told_once(file: ReleaseYaml) -> None:
    keys = [setting.key for setting in told(file, "")]

    assert len(keys) == len(set(keys))
    assert keys[0] == "service"
    assert {"load.p99_ms", "metrics.1.ceiling", "environments.staging.replicas", "waivers"} <= set(keys)


def test_every_key_that_is_offered_can_be_explained(file: ReleaseYaml) -> None:
    assert all(
        file.explained(key).asked.means for key in file.known_keys() if not key.startswith("scan.allow.")
    )
    assert "metrics.floor" in file.known_keys()
    assert "metrics.0.floor" in file.known_keys()


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("load.p95", "did you mean 'load.p95_ms'?"),
        ("p95_ms", "did you mean 'load.p95_ms'?"),
        ("enviroments", "did you mean 'environments'?"),
        ("environments.prod.replicas", "did you mean 'environments.production.replicas'?"),
        ("environments.replica", "did you mean 'environments.replicas'?"),
        ("metrics.0.flor", "did you mean 'metrics.0.floor'?"),
        ("metrics.flor", "did you mean 'metrics.floor'?"),
        ("metrics.2", "its items are metrics.0 to metrics.1"),
        ("waivers.0", "it is empty"),
        ("load.seconds.more", "did you mean 'load.seconds'?"),
        ("load.where", "did you mean 'load."),
        ("quux", "known keys: service, "),
    ],
)
def test_a_key_that_does_not_exist_says_which_may_be_meant(file: ReleaseYaml, key: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        file.explained(key)

    assert error.value.hint.startswith(hint)


def test_a_file_with_a_mistake_is_not_explained(file: ReleaseYaml) -> None:
    file.path.write_text(TEXT.replace("rate: 100", "rate: none"))

    with pytest.raises(InputError, match=r"release\.yaml:13: expected `float.*`, got `str` in load\.rate"):
        file.explained("service")
