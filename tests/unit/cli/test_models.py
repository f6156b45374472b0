"""`models list`, `show` and `tag`, over a store in a folder."""

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from ci_steps.cli.models import models
from ci_steps.cli.screen import PlainLines
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import Ending, LedgerEntry
from ci_steps.model.manifest import Config, Manifest
from ci_steps.model.release import Release
from ci_steps.model.wire import digest_of
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import manifest_of, model_files
from ci_steps.wiring import Wiring

SETTINGS = """
service: specimen
store: {store}
registry: 127.0.0.1:5000/specimen
image: {{base: "python:3.11"}}
unit_tests: {{path: tests}}
scan: {{}}
metrics: [{{metric: accuracy, direction: higher, floor: 0.5}}]
load: {{rate: 20, seconds: 10, p95_ms: 100}}
environments: {{production: {{target: docker, address: "127.0.0.1:18081"}}}}
"""
CLAIMS = {
    "metrics": [
        {"metric": "accuracy", "value": 0.81},
        {"metric": "accuracy", "value": 0.78, "slice": {"length": "long"}},
    ]
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "release.yaml"
    path.write_text(SETTINGS.format(store=tmp_path / "store"))
    return path


@pytest.fixture
def published(tmp_path: Path, config: Path) -> Manifest:
    files = model_files(**{"metrics.json": json.dumps(CLAIMS).encode()})
    for name, content in files.items():
        (tmp_path / "m" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "m" / name).write_bytes(content)
    manifest = manifest_of(files)
    wiring = Wiring(run=RunDir(tmp_path / ".release"), config=config, progress=PlainLines())
    wiring.store().publish(manifest, tmp_path / "m")
    return manifest


def said(*arguments: str, config: Path) -> str:
    ended = CliRunner().invoke(models, [*arguments, "--config", str(config)], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_show_tells_what_a_model_claims_overall_and_in_each_slice(config: Path, published: Manifest) -> None:
    told = said("show", f"specimen@{published.sha.short}", config=config)

    assert "claim        accuracy: 0.81\n" in told
    assert "claim        accuracy where length=long: 0.78\n" in told


def test_show_tells_machines_the_same(config: Path, published: Manifest) -> None:
    told = json.loads(said("show", f"specimen@{published.sha.short}", "--json", config=config))

    assert told["sha"] == str(published.sha)
    assert told["claims"] == {"accuracy": 0.81, "accuracy where length=long": 0.78}


def test_a_tag_that_was_set_is_told_to_people_and_machines(config: Path, published: Manifest) -> None:
    people = said("tag", f"specimen@{published.sha.short}", "candidate", config=config)
    machines = said("tag", "specimen:candidate", "best", "--json", config=config)

    assert people == f"specimen:candidate is specimen@{published.sha.short}\n"
    assert json.loads(machines) == {"model": "specimen", "sha": str(published.sha), "tags": ["best"]}


def released(manifest: Manifest, config: Path) -> None:
    """Write into the ledger that the model is live in production."""
    release = Release(
        id="production-1",
        model=manifest.name,
        sha=manifest.sha,
        repository="127.0.0.1:5000/specimen",
        image=Digest("b" * 64),
        replicas=1,
    )
    entry = LedgerEntry(
        number=1,
        previous=None,
        kind="outcome",
        action="rollout",
        run="run-1",
        service="specimen",
        environment="production",
        release=release,
        before=None,
        planned_at=0,
        ending=Ending.LIVE,
        by="m.jansen",
        at="2026-01-01T00:00:00+00:00",
    )
    wiring = Wiring(run=RunDir(config.parent / ".release"), config=config, progress=PlainLines())
    assert wiring.ledger("specimen", "production").append(entry)


def test_the_list_tells_versions_apart(config: Path, published: Manifest) -> None:
    said("tag", f"specimen@{published.sha.short}", "candidate", config=config)
    before = said("list", config=config)
    released(published, config)
    size = sum(file.size for file in published.files)

    assert before == f"specimen@{published.sha.hex[:12]}  {size / 1e3:,.1f} kB  accuracy 0.81  candidate\n"
    assert said("list", config=config) == before.replace("candidate", "candidate  live in production")
    assert said("list", "--short", config=config) == (
        f"specimen@{published.sha.hex[:12]}  candidate  live in production\n"
    )
    assert said("list", "specimen", config=config) == said("list", config=config)
    [row] = [json.loads(line) for line in said("list", "--json", config=config).splitlines()]
    assert row == {
        "model": "specimen",
        "sha": published.sha.hex,
        "tags": ["candidate"],
        "live": ["production"],
        "size": size,
        "metric": {"name": "accuracy", "value": 0.81},
        "problem": "",
        "versions": 1,
    }


def test_a_broken_version_does_not_keep_the_others_from_being_listed(
    config: Path, published: Manifest
) -> None:
    (config.parent / f"store/models/{published.name}/{'0' * 64}.json").write_text("{}")

    broken, sound = said("list", config=config).splitlines()

    assert broken.startswith("specimen@000000000000  ")
    assert "manifest of specimen@000000000000" in broken
    assert sound.endswith("accuracy 0.81")


def another(published: Manifest, config: Path, number: int, name: str = "specimen") -> Manifest:
    """Publish one more version of the same files."""
    values = {"seed": 100 + number}
    made = msgspec.structs.replace(
        published, name=name, config=Config(values=values, sha256=digest_of(values).hex)
    )
    wiring = Wiring(run=RunDir(config.parent / ".release"), config=config, progress=PlainLines())
    wiring.store().publish(made, config.parent / "m")
    return made


def test_of_many_versions_the_newest_are_listed_and_what_is_live(config: Path, published: Manifest) -> None:
    released(published, config)
    for number in range(60):
        newest = another(published, config, number)

    listed = said("list", config=config).splitlines()

    assert listed[0].startswith(f"specimen@{newest.sha.hex[:12]}  ")
    assert listed[-2].startswith(f"specimen@{published.sha.hex[:12]}  ")
    assert listed[-2].endswith("live in production")
    assert listed[-1] == "and 10 older; --all lists them too"
    assert len(listed) == 52
    assert len(said("list", "--all", config=config).splitlines()) == 61
    assert len(said("list", "specimen", "--json", "--all", config=config).splitlines()) == 61


def test_of_several_models_each_has_a_line_of_its_newest_version(config: Path, published: Manifest) -> None:
    newest = another(published, config, 1)
    other = another(published, config, 2, name="other")
    released(published, config)

    lines = said("list", config=config).splitlines()

    assert [line.split("  ")[0] for line in lines] == [
        f"other@{other.sha.hex[:12]}",
        f"specimen@{newest.sha.hex[:12]}",
        f"specimen@{published.sha.hex[:12]}",
    ]
    assert "2 versions" in lines[1]
    assert lines[2].endswith("live in production")
    assert len(said("list", "specimen", config=config).splitlines()) == 2


@pytest.mark.usefixtures("published")
def test_a_list_of_a_model_that_is_not_there_says_which_ones_are(config: Path) -> None:
    assert "no model specimens here; did you mean 'specimen'?" in said("list", "specimens", config=config)


def test_configuration_is_shown_as_json(config: Path, published: Manifest) -> None:
    told = said("show", f"specimen@{published.sha.short}", config=config)

    assert [line for line in told.splitlines() if "config " in line] == [
        f"  config       {key}: {json.dumps(value)}" for key, value in published.config.values.items()
    ]
