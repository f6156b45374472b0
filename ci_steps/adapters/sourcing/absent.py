"""Evidence that a source does not bring: empty, so that the gates that want it are inconclusive."""

from collections.abc import Iterator
from pathlib import Path

_EMPTY = {
    "interface.json": (b'{"input": true, "output": true}\n', "check-interface"),
    "metrics.json": (b'{"metrics": []}\n', "check-metrics"),
    "golden.jsonl": (b"", "integration-test"),
}
_EVALUATIONS = (
    "there is no evaluations.jsonl, and check-metrics will be inconclusive; "
    "name evaluations under `evidence:` in release.yaml"
)


def filled(folder: Path) -> Iterator[str]:
    """Write what is not there, and give a line for each that says which step will miss it."""
    for path, (content, step) in _EMPTY.items():
        if not (folder / path).exists():
            (folder / path).write_bytes(content)
            yield f"there is no {path}, and {step} will be inconclusive"
    if not (folder / "evaluations.jsonl").exists():
        yield _EVALUATIONS
