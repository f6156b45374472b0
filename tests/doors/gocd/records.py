"""What a GoCD server knows of what ran."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StageRun:
    """One run of a stage; one that is run again has the next counter."""

    name: str
    counter: int
    result: str
    """Passed, Failed or Cancelled."""
    exit: int
    """The exit code of the last program that failed; 0 where none did."""
    by: str
    job: str
    artifacts: Path
    """The job's artifacts on the server."""

    @property
    def console(self) -> str:
        return (self.artifacts / "cruise-output" / "console.log").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a pipeline, with every run of its stages in the order of time."""

    pipeline: str
    counter: int
    label: str
    revision: str
    variables: Mapping[str, str]
    upstream: Mapping[str, int]
    """Which run of each pipeline that this one depends on."""
    stages: tuple[StageRun, ...] = ()
    waiting: str = ""
    """The stage that somebody must approve."""

    def stage(self, name: str) -> StageRun:
        """Return the newest run of a stage."""
        found = [stage for stage in self.stages if stage.name == name]
        if not found:
            ran = ", ".join(stage.name for stage in self.stages)
            raise LookupError(f"{self.pipeline} {self.label} did not run {name}; it ran {ran}")
        return found[-1]

    @property
    def result(self) -> str:
        """How the newest stage ended."""
        return self.stages[-1].result

    @property
    def run_dir(self) -> Path:
        """The kit's run directory as the newest stage that left one has it on the server."""
        left = [path for stage in self.stages for path in stage.artifacts.glob(".release*") if path.is_dir()]
        if not left:
            raise LookupError(f"no stage of {self.pipeline} {self.label} left a run directory")
        return left[-1]

    @property
    def description(self) -> str:
        """The line that tells how it ended, which GoCD shows in a tab."""
        return (self.stages[-1].artifacts / "ending.txt").read_text(encoding="utf-8").strip()

    @property
    def said(self) -> str:
        """Everything it said, to show where an assertion fails."""
        return "".join(
            f"--- {stage.name}: {stage.result}, exit {stage.exit}\n{stage.console}" for stage in self.stages
        )
