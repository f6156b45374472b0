"""What helps where a test cannot be imported."""

import re
from pathlib import Path

_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")


def advice(said: str, *, project: Path) -> str:
    """Return what to do about a module that is not there; empty where it is not that."""
    found = _MISSING.search(said)
    if not found:
        return ""
    name = found[1].partition(".")[0]
    for folder in ("", "src"):
        if (project / folder / f"{name}.py").is_file() or (project / folder / name).is_dir():
            return f"{name} is the repository's own: write `pythonpath = {folder or '.'}` into pytest.ini"
    return (
        f"lock {name} with all else that the tests import (`uv pip compile --generate-hashes`), and name "
        "that lock as unit_tests.lock in release.yaml; without one they get the model's lock and pytest"
    )
