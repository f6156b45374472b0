"""A model repository with this project's `.gocd/` on a GoCD server whose agents have the kit."""

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
    target = {"target": "docker", "replicas": 1}
    project.configure(
        # Each agent has a checkout of its own, so that a store beside release.yaml would be one for each.
        store=str(project.folder / "store"),
        environments={
            "staging": target | {"address": staging.address},
            "production": target | {"address": project.address},
        },
    )
    who = ("-c", "user.name=tests", "-c", "user.email=tests@example.org")
    for command in (
        ["add", "release.yaml"],
        [*who, "commit", "-q", "--no-gpg-sign", "-m", "What it must show"],
    ):
        subprocess.run(["git", *command], cwd=project.folder, check=True)
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
        environ=machine | {"PYTHON": str(_python(folder / "python")), "CI_STEPS": "ci-steps"},
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
