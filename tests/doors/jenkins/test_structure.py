"""What Jenkins would refuse before a build is refused here, and what it would take is taken."""

import re
from pathlib import Path

import pytest

from tests.doors.jenkins.groovy import Checked, checked

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in (HERE / "broken").glob("*.Jenkinsfile"))


@pytest.fixture(scope="module")
def read() -> dict[Path, Checked]:
    files = [HERE / kind / f"{name}.Jenkinsfile" for kind in ("broken", "sound") for name in NAMES]
    return dict(zip(files, checked(*files), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_jenkinsfile_is_refused_at_the_line_that_is_wrong(
    name: str, read: dict[Path, Checked]
) -> None:
    file = HERE / "broken" / f"{name}.Jenkinsfile"
    wanted = _marked(file)

    errors = read[file].errors

    assert wanted
    for line, words in wanted.items():
        assert any(_at(error, line) and words in error for error in errors), (line, words, errors)
    assert all(any(_at(error, line) for line in wanted) for error in errors), errors


@pytest.mark.parametrize("name", NAMES)
def test_the_same_jenkinsfile_mended_is_taken(name: str, read: dict[Path, Checked]) -> None:
    assert read[HERE / "sound" / f"{name}.Jenkinsfile"].errors == ()


def _marked(file: Path) -> dict[int, str]:
    """Find what a file says of itself: the lines with `// refused: words of the error`."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found = {number: re.search(r"// refused: (.*)", line) for number, line in enumerate(lines, start=1)}
    return {number: match[1] for number, match in found.items() if match}


def _at(error: str, line: int) -> bool:
    return f":{line}: " in error or f"@ line {line}," in error
