"""The README is a promise: its tables are those of the code, and its commands are run, word for word."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.cli import commands
from ci_steps.errors import ExitCode
from ci_steps.model.wire import decoded
from ci_steps.steps.check_interface.files import GoldenRow, Interface
from ci_steps.steps.check_metrics.claims import Claim
from ci_steps.steps.check_metrics.rows import read_rows
from ci_steps.wiring import STEPS
from tests.e2e.newcomer import Newcomer, a_newcomer, printed
from tests.e2e.project import free_port

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
    assert list(rows.ids) == [row.id]
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


@pytest.fixture
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    with a_newcomer(tmp_path_factory.mktemp("r")) as one:
        yield one


def test_a_newcomer_gets_from_the_readme_to_a_running_service_and_through_the_night(
    newcomer: Newcomer,
) -> None:
    [own] = blocks("console", "Your own model")
    night, carried = blocks("console", "At night")
    init, *lines = own.replace("init diagnosis", f"init {newcomer.service}").splitlines()

    begun = newcomer.types(init)
    assert begun.code == 0, begun.said
    *told, ask = [line.replace(f"{Path(sys.executable).parent}/", "") for line in printed(begun)]
    assert told == lines, "the README and `init` say the same"
    port = free_port()
    newcomer.moves_to(port)
    for line in lines:
        done = newcomer.types(line)
        assert done.code == 0, f"{line}\n{done.said}"
    answer = newcomer.types(re.sub(r"(?<=127\.0\.0\.1:)\d+", str(port), ask))
    [golden] = (newcomer.folder / "models/v1/golden.jsonl").read_text().splitlines()[:1]
    assert json.loads(answer.output) == pytest.approx(json.loads(golden)["answer"]), answer.said

    second = newcomer.types(
        "sed -i 's/\"C\": 1.0/\"C\": 0.9/' train.py && git commit -qam 'Another C'\n"
        "environment/bin/python train.py --table data/table.csv --target diagnosis --out models/v2\n"
        "python -m ci_steps models publish models/v2 --tag v2\n"
        f"python -m ci_steps release --model {newcomer.service}:v2 --environment production"
    )
    assert second.code == 0, second.said
    by_night = newcomer.types(newcomer.named(night))
    assert by_night.code == 0, by_night.said
    assert "live by the ledger" in by_night.output
    assert "live: production-" in by_night.output
    archived = newcomer.types(newcomer.named(carried))
    assert archived.code == 0, archived.said
