"""What `make setup` installs in these tests: the kit of this checkout, without a minute of downloads."""

import os
import sys
import sysconfig
import zipfile
from pathlib import Path

from tests.doors.jenkins.build import Jenkins, Login
from tests.e2e.project import Project

REPOSITORY = Path(__file__).parents[3]


# Proxies, certificates and the engine are the machine's; what tests run with is not the agent's.
NOT_OF_AN_AGENT = (
    "AWS_",
    "CI_STEPS",
    "DOCKER_AUTH",
    "GIT_",
    "GO_",
    "MAKE",
    "MFLAGS",
    "PYTEST",
    "PYTHON",
    "VIRTUAL",
)


def job_on(project: Project, home: Path) -> Jenkins:
    """Return a job on an agent with nothing on it but what it needs, whose registry wants no login."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OF_AN_AGENT)}
    own = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHON": sys.executable,
        "CI_STEPS": str(kit_wheel(home)),
        "CI_STEPS_STATE": str(project.state),
        "CI_STEPS_HAPROXY_IMAGE": project.engine.haproxy_image,
    }
    credentials: dict[str, str | Login] = {"docker-auth": "{}", "model-store": Login("none", "no-such-key")}
    return Jenkins(workspace=project.folder, home=home, environ=given | own, credentials=credentials)


def kit_wheel(folder: Path) -> Path:
    """Make a wheel that pip really installs, whose one file leads to this checkout and its environment."""
    wheel = folder / "ci_steps-0.0.0-py3-none-any.whl"
    installed = "ci_steps-0.0.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("ci_steps_here.pth", f"{REPOSITORY}\n{sysconfig.get_path('purelib')}\n")
        archive.writestr(f"{installed}/METADATA", "Metadata-Version: 2.1\nName: ci-steps\nVersion: 0.0.0\n")
        archive.writestr(
            f"{installed}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{installed}/RECORD", "")
    return wheel
