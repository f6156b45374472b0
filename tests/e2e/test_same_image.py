"""One model, one image: the same bits from another folder, at another time, with nothing kept from before."""

import os
from pathlib import Path

from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Project

TO_THE_REGISTRY = (
    "unit-tests",
    "fetch-model",
    "scan-model",
    "check-metrics",
    "check-interface",
    "build-image",
    "push-image",
)


def test_an_emptied_cache_another_folder_and_another_day_give_the_same_digest(
    origin: Origin, project: Project, tmp_path: Path
) -> None:
    with a_copy(origin, tmp_path / "deeper" / "down" / "other") as other:
        # What leaks into files that are made anew: names, the umask, the time zone, the order of hashes.
        surroundings = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"}
        empty = other.environ(CI_STEPS_CACHE=str(tmp_path / "cache"), **surroundings)
        before = os.umask(0o077)
        try:
            pushed_again = pushed(other, empty)
        finally:
            os.umask(before)
        made_again = sorted(path.name for path in (tmp_path / "cache" / "blobs").iterdir())

    assert pushed_again == pushed(project, project.environ())
    assert len(made_again) == 3, "dependencies, server and model were not all made anew"


def pushed(project: Project, environ: dict[str, str]) -> tuple[str, str]:
    """Push v1 and return its image's digest, as built and as the registry names it."""
    for step in (("plan", "--model", "tweets:v1"), *((name,) for name in TO_THE_REGISTRY)):
        done = project.ci_steps(*step, environ=environ)
        assert done.code == 0, done.said
    return project.document("build-image")["image"], project.document("push-image")["image"]
