"""A model repository with this project's `.gocd/` on a GoCD server whose agents have the kit."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.doors.gocd.server import GoCD
from tests.e2e.project import Project

FILE = Path(__file__).parents[3] / ".gocd" / "release.gocd.yaml"


def served(project: Project, staging: Project, folder: Path) -> GoCD:
    """Commit a release.yaml with both environments to the project, and serve it from ``folder``.

    ``staging`` is the same project as it is met at its staging address.
    """
    committed(project, staging)
    return server_of(project, folder)


def committed(project: Project, staging: Project, **sections: object) -> None:
    """Commit a release.yaml with both environments and ``sections``; equal ones are equal commits."""
    target = {"target": "docker", "replicas": 1}
    environments = {
        "staging": target | {"address": staging.address},
        "production": target | {"address": project.address},
    }
    # Each agent has a checkout of its own, so that a store beside release.yaml would be one for each.
    own = {"store": str(project.folder / "store"), "environments": environments}
    project.configure("release.yaml", **own, **sections)
    who = {"NAME": "tests", "EMAIL": "tests@example.org", "DATE": "2026-01-02T00:00:00Z"}
    environ = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    for command in (
        ["add", "release.yaml"],
        ["commit", "-q", "--no-gpg-sign", "-m", "What it must show"],
    ):
        subprocess.run(["git", *command], cwd=project.folder, env={**os.environ, **environ}, check=True)


def server_of(project: Project, folder: Path) -> GoCD:
    """Serve what is committed to the project from ``folder``."""
    # An agent has what its machine has, and nothing of the tests that run here.
    machine = {
        name: value
        for name, value in project.environ().items()
        if not name.startswith(("PYTEST_", "PYTHON", "VIRTUAL_ENV", "GO_"))
    }
    secrets = {"docker_auth_config": "{}", "aws_access_key_id": "", "aws_secret_access_key": ""}
    return GoCD(
        FILE,
        project.folder,
        folder,
        environ=machine
        | {
            "PYTHON": str(_python(folder / "python")),
            "CI_STEPS": "ci-steps",
            # Whether all that the kit needs is there as well is a second of work, at each stage.
            "PIP_NO_DEPS": "1",
        },
        secrets={"ci-steps": secrets},
    )


def _python(path: Path) -> Path:
    """Write the Python of agents that have the kit: what they make with `-m venv` sees it at once.

    `make setup` does all that it does, and pip finds nothing to fetch; seventeen times that would be minutes.
    """
    here = f"import site; site.addsitedir('{sysconfig.get_path('purelib')}')"
    packages = Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    made = f'"{sys.executable}" "$@" --without-pip && echo "{here}" >".venv/{packages}/kit.pth"'
    path.write_text(f"#!/bin/sh\n{made}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
