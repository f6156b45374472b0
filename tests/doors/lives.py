"""The same four tries through each door, in the same place, one door after the other."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.doors.documents import Left
from tests.doors.doors import LOAD, Door, GoCDPipeline, JenkinsJob, Laptop, leftovers
from tests.doors.gocd.served import committed
from tests.e2e.origin import Origin
from tests.e2e.project import Project

DOORS: dict[str, Callable[[Project, Path], Door]] = {
    "laptop": Laptop,
    "jenkins": JenkinsJob.of,
    "gocd": GoCDPipeline.of,
}
TITLES = ("v1 released", "worse refused", "v2 aborted", "v2 resumed")


@dataclass(frozen=True, slots=True)
class Life:
    """What one door kept, and what was seen in the world beside it."""

    left: dict[str, Left]
    live: dict[str, str]
    """The model that answered after each."""
    after_abort: list[str]
    ledger: list[dict[str, object]]
    shas: dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where every door in its turn releases."""

    origin: Origin
    base: Path
    kept: Path
    service: str
    production: int
    staging: int

    def life(self, name: str) -> Life:
        """Let one door have it, and clear up behind it."""
        self.base.mkdir()
        shutil.copytree(self.origin.folder, self.base / "tweets")
        project = Project(
            folder=self.base / "tweets",
            engine=self.origin.engine,
            python=self.origin.python,
            shas=self.origin.shas,
            service=self.service,
            port=self.production,
            # A short path: the name of a UNIX socket, as the proxy's, has 107 characters at most.
            state=Path(tempfile.mkdtemp(prefix="ci-steps-", dir="/tmp")),
        )
        staging = replace(project, port=self.staging)
        try:
            committed(project, staging, load=LOAD)
            return _lived(DOORS[name](project, self.kept / name), staging)
        finally:
            project.cleared()
            shutil.rmtree(self.base)


def _lived(door: Door, staging: Project) -> Life:
    base = staging.folder.parent
    left, live = {}, {}

    def keep(title: str, found: Left) -> None:
        left[title], live[title] = found, staging.live_sha()

    first, refused, aborted, resumed = TITLES
    keep(first, door.release(first, "v1"))
    keep(refused, door.release(refused, "worse"))
    keep(aborted, door.abort(aborted, "v2"))
    after_abort = leftovers(staging, base)
    keep(resumed, door.go_on(resumed, "v2"))
    return Life(left, live, after_abort, staging.ledger("staging"), dict(staging.shas))
