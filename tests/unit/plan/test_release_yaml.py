"""Every mistake in release.yaml is said with its line and what may have been meant."""

from pathlib import Path

import pytest

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.errors import InputError

GOOD = """\
service: tweets
store: ./store
registry: 127.0.0.1:5000/tweets
image: {base: python:3.11-slim-bookworm}
metrics:
  - {metric: accuracy, direction: higher, floor: 0.70}
  - {metric: accuracy, direction: higher, versus: baseline, worse_by_at_most: 0.01}
load: {rate: 100, seconds: 20, p95_ms: 50}
environments:
  staging:    {target: docker, address: "127.0.0.1:8080", replicas: 1}
  production: {target: docker, address: "127.0.0.1:8081", replicas: 2}
waivers:
  - {check: check-metrics.baseline, reason: first release, by: m.jansen, until: 2026-12-31}
"""


def settings_of(text: str, folder: Path) -> ReleaseYaml:
    path = folder / "release.yaml"
    path.write_text(text)
    return ReleaseYaml(path)


def test_each_rule_knows_its_line(tmp_path: Path) -> None:
    settings = settings_of(GOOD, tmp_path).settings()

    assert [rule.where for rule in settings.metrics] == ["release.yaml:6", "release.yaml:7"]
    assert settings.waivers[0].where == "release.yaml:13"
    assert settings.environments["production"].where == "release.yaml:11"


@pytest.mark.parametrize(
    ("good", "bad", "said", "hint"),
    [
        ("floor: 0.70", "flor: 0.70", "release.yaml:6: unknown key 'flor'", "did you mean 'floor'?"),
        ("service:", "sevice:", "release.yaml:1: unknown key 'sevice'", "did you mean 'service'?"),
        ("replicas: 2", "replica: 2", "release.yaml:11: unknown key 'replica'", "did you mean 'replicas'?"),
        ("floor: 0.70", "floor: high", "release.yaml:6: expected `float | null`, got `str`", ""),
        ("replicas: 2", "replicas: 0", "release.yaml:11: expected `int` >= 1", ""),
        ("rate: 100", "rate: -1", "release.yaml:8: expected `float` > 0.0", ""),
        ("rate: 100, ", "", "release.yaml:8: load.seconds without load.rate", ""),
        ("p95_ms: 50", "errors: 1", "release.yaml:8: expected `float` < 0.5", ""),
        ("p95_ms: 50", "achieved: 0", "release.yaml:8: expected `float` >= 0.5", ""),
        ("until: 2026-12-31", "until: soon", "release.yaml:13:", ""),
        ("replicas: 1", "where: here", "release.yaml:10: unknown key 'where'", ""),
        ("store: ./store", "service: twice", "yaml:2: 'service' stands twice, first in line 1", "keep one"),
        ("8081", "8080", "release.yaml:11: 127.0.0.1:8080 is the address of 'staging' too", "own port"),
        ("load: {", "load: [{", "release.yaml:", ""),
        ('docker, address: "127.0.0.1:8081"', 'nomad, address: "h:1"', "release.yaml:11:", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_said_with_its_line(tmp_path: Path, good: str, bad: str, said: str, hint: str) -> None:
    assert good in GOOD

    with pytest.raises(InputError) as error:
        settings_of(GOOD.replace(good, bad, 1), tmp_path).settings()

    assert said in str(error.value)
    assert hint in error.value.hint
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: &itself {b: *itself}",
        f"a: {'[' * 3000}{']' * 3000}",
        '"\\ud800": 1',
        "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else '1'] * 10)}]" for n in range(9)),
    ],
    ids=["holds itself", "nested", "half a character", "aliases of aliases"],
)
def test_a_file_that_would_break_its_reader_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"release\.yaml"):
        settings_of(text, tmp_path).settings()


@pytest.mark.parametrize("text", ["", "just words", "- a list", "a: \x07", "\ufeff: {"])
def test_what_is_not_a_mapping_is_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"release\.yaml"):
        settings_of(text, tmp_path).settings()


def test_no_file_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing") as error:
        ReleaseYaml(tmp_path / "release.yaml").settings()

    assert "--config" in error.value.hint
