"""Disks that fill up: no half of anything is kept, and a rerun with more room goes on.

They are mounted for the test, which takes root.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.e2e import stages
from tests.e2e.complaints import complaint_of
from tests.e2e.origin import Origin
from tests.e2e.project import Project
from tests.e2e.stages import whole

OUTSIDE = 3


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a file system of its own, so small that it fills up."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def grown(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)


def filled(disk: Path) -> Path:
    """Fill a disk to its last byte."""
    file = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(file, bytes(4096))
    os.close(file)
    assert shutil.disk_usage(disk).free == 0
    return disk / "filler"


def test_a_disk_that_fills_up_while_fetching_keeps_no_half_of_a_file(
    project: Project, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        run = disk / "run"
        assert project.ci_steps("plan", "--model", "tweets:v2", "--run-dir", str(run)).code == 0

        complaint = complaint_of(project.ci_steps("fetch-model", "--run-dir", str(run)), OUTSIDE)

        assert "no space left on device" in complaint.error.lower()
        assert "make room" in complaint.next
        assert not (run / "fetch-model.json").exists()
        assert whole(run)
        manifest = json.loads((project.folder / "models" / "v2" / "manifest.json").read_bytes())
        sizes = {file["path"]: file["size"] for file in manifest["files"]}
        kept = {path: run / "model" / path for path in sizes if (run / "model" / path).exists()}
        assert {name: path.stat().st_size for name, path in kept.items()} == {n: sizes[n] for n in kept}
        assert "model/model.joblib" not in kept
        grown(disk, "20m")
        assert project.ci_steps("fetch-model", "--run-dir", str(run)).code == 0
        assert project.ci_steps("scan-model", "--run-dir", str(run)).code == 0


def test_a_disk_that_is_full_before_the_plan_is_written_keeps_no_half_of_it(
    project: Project, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        planned = ("plan", "--model", "tweets:v1", "--run-dir", str(disk))
        (disk / ".lock").touch()  # an earlier run's
        filler = filled(disk)

        complaint = complaint_of(project.ci_steps(*planned), OUTSIDE)

        assert "no space left on device" in complaint.error.lower()
        assert not (disk / "plan.json").exists()
        assert whole(disk)
        filler.unlink()
        grown(disk, "1m")
        assert project.ci_steps(*planned).code == 0


def test_a_cache_that_fills_up_in_build_image_holds_no_half_of_a_layer(
    by_heart: Origin, tmp_path: Path
) -> None:
    with stages.gated(by_heart, tmp_path / "tweets") as project, small_disk(tmp_path / "disk", "10m") as disk:
        environ = project.environ(CI_STEPS_CACHE=str(disk))

        complaint = complaint_of(project.ci_steps("build-image", environ=environ), OUTSIDE)

        assert "no space left on device" in complaint.error.lower()
        assert [path for path in disk.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
        assert whole(project.run_dir)
        assert not (project.run_dir / "build-image.json").exists()
        grown(disk, "1g")
        done = project.ci_steps("build-image", environ=environ)
        assert done.code == 0, done.said
        image = project.document("build-image")["image"]
        assert project.ci_steps("build-image").code == 0
        assert project.document("build-image")["image"] == image


def test_a_store_that_fills_up_while_publishing_lists_no_half_of_a_model(
    project: Project, tmp_path: Path
) -> None:
    publish = ("models", "publish", "models/v2")
    with small_disk(tmp_path / "disk", "1m") as disk:
        project.configure(store=str(disk / "store"))

        complaint = complaint_of(project.ci_steps(*publish), OUTSIDE)

        assert "no space left on device" in complaint.error.lower()
        assert "make room" in complaint.next
        assert project.ci_steps("models", "list").output == ""
        assert list(disk.rglob(".half-*")) == []
        grown(disk, "20m")
        assert project.ci_steps(*publish).code == 0
        assert f"tweets@{project.shas['v2'][:12]}" in project.ci_steps("models", "list").output
        assert project.ci_steps("plan", "--model", f"tweets@{project.shas['v2']}").code == 0
