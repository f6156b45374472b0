"""Honest models of the common libraries, as those libraries wrote them (honest/make.py)."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent / "honest"
BESIDE = Path(__file__).parents[1] / "unit" / "scan_model" / "honest"
"""The samples of the readers' own tests, which serve here too."""
_NOT_SAMPLES = {".py", ".pyc"}
_LOADED = {".joblib", ".pkl", ".skops"}
_PARTS = {"outside.onnx.data"}


@dataclass(frozen=True, slots=True)
class Sample:
    """An honest model: one file, and those that it needs."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def content(self) -> bytes:
        return self.path.read_bytes()

    @property
    def place(self) -> str:
        return f"model/{self.name}"

    @property
    def files(self) -> dict[str, bytes]:
        others = [path for path in _paths() if path.name in _PARTS and path.name.startswith(self.name)]
        return {f"model/{path.name}": path.read_bytes() for path in (self.path, *others)}

    @property
    def predictor(self) -> str:
        """The file that the server loads, where scikit-learn's flavour does."""
        return self.place if self.path.suffix in _LOADED else ""


def _paths() -> list[Path]:
    return [
        path
        for folder in (HERE, BESIDE)
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix not in _NOT_SAMPLES and path.name != "versions.json"
    ]


SAMPLES = tuple(Sample(path) for path in _paths() if path.name not in _PARTS)
UNREAD = {
    "tfidf-lz4.joblib": "lz4 is not in Python's standard library, and nothing else needs it",
}
"""Honest models that the gate cannot read, and why."""
