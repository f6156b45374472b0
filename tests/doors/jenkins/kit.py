"""What `make setup` installs in these tests: the kit of this checkout, without a minute of downloads."""

import sysconfig
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


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
