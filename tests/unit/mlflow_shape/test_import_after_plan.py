"""A lock that was made once is kept: another one, made later, would make another model of the same files."""

import dataclasses
from pathlib import Path

from ci_steps.adapters.file_source import FileSource
from ci_steps.adapters.locking import Locking
from ci_steps.adapters.mlflow_shape import MlflowShape
from ci_steps.model.address import Address
from ci_steps.ports import Ended
from tests.contracts.sources.promises import sourced
from tests.fakes.programs import Asked, ScriptedPrograms

MLMODEL = """\
flavors: {python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}}
"""


def test_an_import_after_a_plan_brings_every_file_and_makes_no_other_lock(tmp_path: Path) -> None:
    folder = tmp_path / "flowers"
    folder.mkdir()
    for name, content in (
        ("MLmodel", MLMODEL),
        ("model.skops", "weights"),
        ("requirements.txt", "numpy\n"),
        ("model.yaml", "{name: flowers, predictor: {pyfunc: model}}\n"),
    ):
        (folder / name).write_text(content)
    programs = ScriptedPrograms({})

    def another_each_time(asked: Asked) -> Ended:
        lock = f"numpy==1.{len(programs.asked)} --hash=sha256:{'0' * 64}\n"
        Path(asked.command[asked.command.index("-o") + 1]).write_text(lock)
        return Ended(0, "")

    programs.answers["uv"] = another_each_time
    models, _ = sourced(FileSource(tmp_path), tmp_path)
    models = dataclasses.replace(models, shapes=(MlflowShape(Locking(programs, {})),))
    address = Address.parse("file:flowers")

    planned = models.manifest(address)
    weights = tmp_path / "store" / "objects" / planned.file("model/model.skops").sha256
    assert not weights.exists()
    imported, _ = models.imported(address)

    assert imported == planned
    assert weights.read_text() == "weights"
    assert len(programs.asked) == 1
