"""What no list can allow is told before a run, and what one can is not."""

from pathlib import Path

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.steps.scan_model.never_allowed import never_allowed


def test_a_name_that_can_never_be_allowed_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(
        "service: tweets\nscan:\n  allow:\n    - numpy.ndarray\n    - os.system\n    - builtins.eval\n"
    )

    told = list(never_allowed(ReleaseYaml(path).written()))

    assert [(problem.where, problem.what) for problem in told] == [
        ("release.yaml:5", "scan.allow[1]: os.system can run any code, so no entry allows it"),
        ("release.yaml:6", "scan.allow[2]: builtins.eval can run any code, so no entry allows it"),
    ]
    assert all(problem.warning for problem in told)
