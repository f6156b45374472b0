"""A release.yaml that nobody meant well: bad input with its line, in every command, and no traceback."""

import os
from datetime import date
from pathlib import Path

import pytest

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.errors import InputError
from ci_steps.model.images import ImageRef

SOUND = """\
service: tweets
store: store
registry: 127.0.0.1:5000/tweets
image: {base: python:3.11-slim-bookworm}
load: {rate: 100, seconds: 20, p95_ms: 50}
environments:
  staging: {target: docker, address: "127.0.0.1:8080"}
"""


@pytest.fixture
def file(tmp_path: Path) -> ReleaseYaml:
    for folder in ("store", "tests"):
        (tmp_path / folder).mkdir()
    path = tmp_path / "release.yaml"
    path.write_text(SOUND)
    return ReleaseYaml(path)


def changed(file: ReleaseYaml, old: str, new: str) -> ReleaseYaml:
    assert old in SOUND
    file.path.write_text(SOUND.replace(old, new, 1))
    return file


def refused(file: ReleaseYaml) -> str:
    """Return what a run says, and see that `config check` says it too."""
    with pytest.raises(InputError) as run:
        file.settings()
    try:
        told = [f"{problem.where}: {problem.what}" for problem in file.problems(date(2026, 6, 1))]
    except InputError as check:
        told = [str(check)]
    said = str(run.value).removeprefix(f"{file.path.parent}/")
    assert said in [each.removeprefix(f"{file.path.parent}/") for each in told]
    return said


@pytest.mark.parametrize(
    "value",
    ["!!bool abc", "!!timestamp abc", '!!int ""', "!!int _", '!!float ""', "!!int 0x", "!!binary é",
     ".inf", "-.inf", ".nan", "1.0e+400", f"1{'0' * 400}", "99999999999999999999"],
)  # fmt: skip
def test_what_is_no_number_after_all_is_told_with_its_line(file: ReleaseYaml, value: str) -> None:
    assert refused(changed(file, "rate: 100", f"rate: {value}")).startswith("release.yaml:5: ")


@pytest.mark.parametrize("key", ["seconds: 20", "p95_ms: 50"])
def test_no_limit_is_infinite(file: ReleaseYaml, key: str) -> None:
    name = key.partition(":")[0]

    assert (
        refused(changed(file, key, f"{name}: .inf")) == "release.yaml:5: .inf is not a number that JSON has"
    )


def test_more_requests_than_can_be_sent_are_no_plan(file: ReleaseYaml) -> None:
    said = refused(changed(file, "rate: 100, seconds: 20", "rate: 1.0e+200, seconds: 1.0e+200"))

    assert said.startswith("release.yaml:5: ")


@pytest.mark.parametrize("name", ["a" * 5000, "a/" * 3000, '"\\0"', '"a\\0b"'])
def test_a_store_that_no_folder_can_be_called_is_told_with_its_line(file: ReleaseYaml, name: str) -> None:
    said = refused(changed(file, "store: store", f"store: {name}"))

    assert said.startswith("release.yaml:2: store: ")
    assert "no folder" in said
    assert len(said) < 200


@pytest.mark.parametrize("key", ["path", "lock"])
@pytest.mark.parametrize("name", ["a" * 5000, '"\\0"'])
def test_tests_that_no_file_can_be_called_are_told_with_their_line(
    file: ReleaseYaml, key: str, name: str
) -> None:
    text = f"image: {{base: python:3.11}}\nunit_tests: {{{key}: {name}}}"

    assert refused(changed(file, "image: {base: python:3.11-slim-bookworm}", text)).startswith(
        "release.yaml:5: "
    )


@pytest.mark.parametrize("host", ["localhost:99999", "localhost:0", "127.0.0.1:65536", "[::1]:70000"])
def test_a_registry_whose_port_is_out_of_range_is_told_with_its_line(file: ReleaseYaml, host: str) -> None:
    said = refused(changed(file, "127.0.0.1:5000/tweets", f'"{host}/tweets"'))

    assert said.startswith("release.yaml:3: registry: ")
    assert "port" in said


def test_an_image_whose_port_is_out_of_range_is_no_image() -> None:
    with pytest.raises(InputError, match="names port 99999"):
        ImageRef.parse("localhost:99999/x")


def test_a_key_that_is_a_list_is_told_with_its_line(file: ReleaseYaml) -> None:
    assert refused(changed(file, "store: store", "? [a, b]\n: store")).startswith("release.yaml:2: ")


def test_a_pipe_is_not_waited_for(file: ReleaseYaml) -> None:
    file.path.unlink()
    os.mkfifo(file.path)

    assert refused(file) == "release.yaml is not a file"


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null", "/"])
def test_a_device_or_a_folder_is_not_read(file: ReleaseYaml, place: str) -> None:
    file.path.unlink()
    file.path.symlink_to(place)

    assert refused(file) == "release.yaml is not a file"


# Merge keys

MERGED = """\
service: tweets
store: store
registry: 127.0.0.1:5000/tweets
image: {base: python:3.11-slim-bookworm}
load: {rate: 100, seconds: 20, p95_ms: 50}
environments:
  staging: &s
    target: docker
    address: "127.0.0.1:8080"
    replicas: 2
  canary: &c
    <<: *s
    address: "127.0.0.1:8081"
    drain_seconds: 5
  production:
    <<: [*c, *s]
    address: "127.0.0.1:8082"
"""


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("canary.target", "docker", 8),
        ("canary.address", "127.0.0.1:8081", 13),
        ("production.target", "docker", 8),
        ("production.replicas", 2, 10),
        ("production.drain_seconds", 5, 14),
        ("production.address", "127.0.0.1:8082", 17),
    ],
)
def test_a_merged_value_is_explained_with_the_line_where_it_stands(
    file: ReleaseYaml, key: str, value: object, line: int
) -> None:
    file.path.write_text(MERGED)

    [told] = file.explained(f"environments.{key}").values

    assert (told.value, told.where) == (value, f"release.yaml:{line}")


def test_a_mistake_in_a_merged_value_is_told_where_it_stands(file: ReleaseYaml) -> None:
    file.path.write_text(MERGED.replace("replicas: 2", "replicas: two"))

    assert refused(file).startswith("release.yaml:10: ")


def test_merges_of_merges_of_merges_end(file: ReleaseYaml) -> None:
    layers = [f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    file.path.write_text("\n".join(["x0: &x0 {a: 1}", *layers]))

    assert "holds more than" in refused(file)


# What completion asks for


@pytest.mark.parametrize(
    "text",
    ["environments: 3", "environments: [a]", "metrics: 7", "metrics: {a: 1}", "scan: {allow: 3}", "load: x"],
)
def test_the_keys_of_a_file_of_wrong_types_are_those_that_are_always_there(
    file: ReleaseYaml, text: str
) -> None:
    file.path.write_text(text)

    assert "load.rate" in file.known_keys()
