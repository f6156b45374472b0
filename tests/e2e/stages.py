"""Projects that are part of the way through a release, for tests that go on from there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ci_steps.documents import DOCUMENTS
from ci_steps.rundir import RunDir
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Project

GATES = ("unit-tests", "fetch-model", "scan-model", "check-metrics", "check-interface")


@contextmanager
def gated(origin: Origin, folder: Path) -> Iterator[Project]:
    """Give a project whose gates have passed; where images come from and go to, they did not ask."""
    with a_copy(origin, folder) as copy:
        for step in ("plan --model tweets:v1", *GATES):
            done = copy.ci_steps(*step.split())
            assert done.code == 0, done.said
        yield copy


def planned_again(project: Project, **sections: object) -> None:
    """Write another release.yaml and plan by it; the gates still hold."""
    project.configure("release.yaml", **sections)
    assert project.ci_steps("plan", "--model", "tweets:v1").code == 0


def whole(folder: Path) -> bool:
    """Whether every document can be read, and nothing half-written lies about."""
    run = RunDir(folder)
    for kind in run.present:
        run.read(kind)
    known = {f"{kind.name}.json" for kind in DOCUMENTS}
    return {path.name for path in folder.glob("*.json")} <= known and not list(folder.rglob(".half-*"))
