"""`models diff` and `models merge`, over a store in a folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from click.testing import CliRunner, Result

from ci_steps.cli.models import models
from ci_steps.cli.screen import PlainLines
from ci_steps.model.manifest import Config, Manifest
from ci_steps.model.wire import digest_of
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import manifest_of, model_files
from ci_steps.wiring import Wiring
from tests.unit.cli.test_models import SETTINGS

Published = Callable[..., str]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "release.yaml"
    path.write_text(SETTINGS.format(store=tmp_path / "store"), encoding="utf-8")
    return path


@pytest.fixture
def published(tmp_path: Path, config: Path) -> Published:
    """Publish a model with a configuration of its own, and return its name."""

    def publish(**values: Any) -> str:
        files = model_files()
        manifest: Manifest = msgspec.structs.replace(
            manifest_of(files), config=Config(values=values, sha256=digest_of(values).hex)
        )
        for path, content in files.items():
            (tmp_path / "model" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "model" / path).write_bytes(content)
        wiring = Wiring(run=RunDir(tmp_path / ".release"), config=config, progress=PlainLines())
        wiring.store().publish(manifest, tmp_path / "model")
        return f"{manifest.name}@{manifest.sha.short}"

    return publish


def ran(config: Path, *arguments: str) -> Result:
    where = ("--config", str(config), "--code", str(config.parent))
    return CliRunner().invoke(models, [*arguments, *where], catch_exceptions=False)


def test_diff_tells_people_and_machines_the_same(config: Path, published: Published) -> None:
    old, new = published(C=1), published(C=2)

    people, machines = ran(config, "diff", old, new), ran(config, "diff", old, new, "--json")

    assert people.output == "config       C: 1 -> 2\n"
    assert json.loads(machines.output) == {"kind": "config", "what": "C", "old": "1", "new": "2"}
    assert ran(config, "diff", old, old).output == "no difference\n"


def test_a_merge_is_told_and_written_as_a_model_yaml_begins(config: Path, published: Published) -> None:
    base, a, b = published(C=1, seed=7), published(C=2, seed=7), published(C=1, seed=8)
    to = config.parent / "merged.yaml"

    done = ran(config, "merge", base, a, b, "--to", str(to))

    assert done.exit_code == 0
    assert "config       C: 2\n" in done.output
    assert "config       seed: 8\n" in done.output
    written = to.read_text(encoding="utf-8")
    assert yaml.safe_load(written)["config"] == {"C": 2, "seed": 8}
    assert ran(config, "merge", base, b, a, "--to", str(to)).exit_code == 0
    assert to.read_text(encoding="utf-8") == written


def test_a_conflict_ends_with_four_and_nothing_is_written(config: Path, published: Published) -> None:
    base, a, b = published(C=1, seed=7), published(C=2, seed=7), published(C=3, seed=8)
    to = config.parent / "merged.yaml"

    done = ran(config, "merge", base, a, b, "--to", str(to))
    told = json.loads(ran(config, "merge", base, a, b, "--json").output)

    assert done.exit_code == 4
    assert "conflict     config C: was 1, A has 2, B has 3\n" in done.output
    assert "1 in conflict; nothing was written" in done.output
    assert not to.exists()
    assert told["conflicts"] == [{"kind": "config", "what": "C", "base": "1", "a": "2", "b": "3"}]
    assert told["config"] == {"C": 1, "seed": 8}


def test_the_help_of_merge_says_what_its_exit_codes_mean() -> None:
    said = CliRunner().invoke(models, ["merge", "--help"]).output

    assert "0 where all was merged, and 4 where there are conflicts" in " ".join(said.split())
