"""The README is a promise: its tables are those of the code, and its commands are run, word for word."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.cli import commands
from ci_steps.errors import ExitCode
from ci_steps.model.wire import decoded
from ci_steps.steps.check_interface.files import GoldenRow, Interface
from ci_steps.steps.check_metrics.claims import Claim
from ci_steps.steps.check_metrics.rows import read_rows
from ci_steps.wiring import STEPS
from tests.free_ports import free_port

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, heading: str) -> list[str]:
    """Return the code blocks of a language below a heading."""
    section = re.split(rf"^#+ {re.escape(heading)}$", README, flags=re.MULTILINE)[1]
    section = re.split(r"^## ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(rf"```{language}\n(.*?)```", section, flags=re.DOTALL)


def table(first: str) -> list[list[str]]:
    """Return the rows of the table whose first heading is ``first``."""
    lines = README[README.index(f"| {first} |") :].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def test_the_steps_are_those_of_the_step_table_in_the_same_order() -> None:
    assert [row[0].strip("`") for row in table("step")] == list(STEPS)


def test_the_commands_list_the_same_steps_in_the_same_order() -> None:
    assert list(commands.CHAPTERS["Steps"]) == list(STEPS)


def test_the_exit_codes_are_those_of_the_code() -> None:
    assert [int(row[0]) for row in table("exit")] == [int(code) for code in ExitCode]


def test_the_layers_are_those_that_are_checked() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]

    assert " → ".join(layers["layers"]) in README


def test_every_file_that_is_linked_is_there() -> None:
    linked = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]

    assert linked
    assert not [link for link in linked if not (ROOT / link).exists()]


def test_the_example_of_release_yaml_is_one(tmp_path: Path) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(blocks("yaml", "`release.yaml`")[0])

    assert ReleaseYaml(path).settings().service == "tweets"


def test_the_lines_of_a_model_are_ones_that_the_gates_read_and_they_agree(tmp_path: Path) -> None:
    lines, interface = blocks("json", "A model")
    claims, evaluation, golden = lines.splitlines()
    (tmp_path / "evaluations.jsonl").write_text(evaluation)

    rows = read_rows(tmp_path / "evaluations.jsonl")
    row = decoded(golden.encode(), GoldenRow, where="README.md")
    shape = decoded(interface.encode(), Interface, where="README.md")

    assert [msgspec.convert(one, Claim).metric for one in json.loads(claims)["metrics"]] == ["accuracy"]
    assert rows.ids == (row.id,)
    assert rows.labels[rows.prediction[0]] == row.answer["label"]
    assert rows.score[0] == row.answer["score"]
    Draft202012Validator(shape.input).validate(row.request)
    Draft202012Validator(shape.output).validate(row.answer)
    assert (shape.prediction, shape.score) == ("/label", "/score")


def test_every_variable_that_is_read_is_told_and_the_other_way_round() -> None:
    source = (ROOT / "ci_steps/wiring/outside.py").read_text()
    told = {name for row in table("variable") for name in re.findall(r"`([A-Z_]+)`", row[0])}

    assert set(re.findall(r'"(CI_STEPS_[A-Z_]+)"', source)) == {n for n in told if n.startswith("CI_STEPS")}


def test_no_host_of_a_package_registry_and_no_path_of_one_machine_is_in_the_project() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    hosts = [b"pypi" + b".org", b"pythonhosted" + b".org", b"npmjs" + b".org", b"deb.debian" + b".org"]
    found = [
        name.decode()
        for name in tracked.split(b"\0")
        if name
        and (ROOT / name.decode()).is_file()
        and any(host in (ROOT / name.decode()).read_bytes() for host in (*hosts, bytes(ROOT) + b"/"))
    ]

    assert not found


@dataclass(frozen=True, slots=True)
class Reader:
    """Someone who types what the README says, in a checkout with a service name and ports of their own."""

    root: Path
    service: str

    def types(self, block: str, *, inside: str = ".") -> subprocess.CompletedProcess[str]:
        state = self.root / "state"
        environ = os.environ | {
            "CI_STEPS_STATE": str(state),
            "CI_STEPS_CACHE": os.environ.get("CI_STEPS_CACHE", ""),
        }
        environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
        script = block.replace("tweets/production", f"{self.service}/production")
        script = script.replace("tweets-production", f"{self.service}-production")
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.root / inside,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )


@pytest.fixture
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    import docker

    service = f"tweets{uuid.uuid4().hex[:6]}"
    root = tmp_path_factory.mktemp("r")
    example = root / "contrib" / "examples" / "tweets"
    shutil.copytree(ROOT / "contrib/examples/tweets", example, ignore=shutil.ignore_patterns("__pycache__"))
    path = example / "release.yaml"
    settings = yaml.safe_load(path.read_text())
    settings["service"] = service
    settings["load"] |= {"rate": 20, "seconds": 2, "p50_ms": 2000, "p95_ms": None, "p99_ms": None}
    # Among other tests the generator may be late; what is tested here are the commands, not the load.
    busy = {
        "check": "load-test.generator",
        "reason": "a busy machine",
        "by": "the tests",
        "until": "2099-12-31",
    }
    settings["waivers"].append(busy)
    for environment in settings["environments"].values():
        environment["address"] = f"127.0.0.1:{free_port()}"
    path.write_text(yaml.safe_dump(settings))
    yield Reader(root, service)
    client = docker.from_env()
    try:
        for container in client.containers.list(all=True, filters={"label": f"ci_steps.service={service}"}):
            container.remove(force=True, v=True)
        for network in client.networks.list(filters={"label": f"ci_steps.service={service}"}):
            network.remove()
    finally:
        client.close()


def test_a_newcomer_gets_from_the_readme_to_a_running_service_and_through_the_night(reader: Reader) -> None:
    [own] = blocks("console", "Your own model")
    [night] = blocks("console", "At night")
    first = reader.types(own)
    assert first.returncode == 0, first.stdout + first.stderr
    second = reader.types(
        "environment/bin/python train.py --out models v2\n"
        "python -m ci_steps models publish models/v2 --tag v2\n"
        "python -m ci_steps release --model tweets:v2 --environment production",
        inside="my-model",
    )
    assert second.returncode == 0, second.stdout + second.stderr

    told = reader.types(night, inside="my-model")

    assert told.returncode == 0, told.stdout + told.stderr
    assert "live by the ledger" in told.stdout
    assert "live: production-" in told.stdout
