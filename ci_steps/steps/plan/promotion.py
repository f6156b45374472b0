"""The release of another environment that a plan carries on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ci_steps.documents import Plan, Promoted, Rollout
from ci_steps.errors import InputError
from ci_steps.model.refs import ModelRef
from ci_steps.model.release import Release
from ci_steps.ports import Ledger
from ci_steps.rundir import RunDir

_HINT = "release there first, or name the model with --model"


@dataclass(frozen=True, slots=True)
class Carried:
    """A release as its run left it, and where that run lies."""

    where: Path
    service: str
    environment: str
    release: Release
    dry_run: bool

    @classmethod
    def of(cls, run: RunDir, *, dry_run: bool) -> Self:
        """Return what went live in that run; only a dry run may carry on a dry run."""
        plan, done = run.read(Plan), run.read(Rollout)
        foretold = done.result == "dry-run"
        if done.release is None or not (foretold or done.result in {"live", "already-live"}):
            raise InputError(f"{run.root} ended {done.result}: nothing went live there", hint=_HINT)
        if foretold and not dry_run:
            raise InputError(f"{run.root} was a dry run: nothing went live there", hint=_HINT)
        return cls(run.root, plan.service, plan.environment, done.release, foretold)

    @property
    def ref(self) -> ModelRef:
        return ModelRef.exact(self.release.model, self.release.sha)

    @property
    def promoted(self) -> Promoted:
        """What the plan says of it."""
        return Promoted(environment=self.environment, release=self.release.id, image=self.release.image)

    def refuse_elsewhere(self, service: str, environment: str) -> None:
        """Refuse another service's release, and one of the very environment that it would go to."""
        if self.service != service:
            raise InputError(
                f"{self.where} is a release of {self.service}, not of {service}",
                hint="give another --promote",
            )
        if self.environment == environment:
            raise InputError(
                f"{self.where} is a release to {environment} itself", hint="give another --environment"
            )

    def refuse_gone(self, ledger: Callable[[str], Ledger]) -> None:
        """Refuse what the ledger, which outlives every run directory, does not know as live and kept."""
        if not self.dry_run and not ledger(self.environment).history().stands(self.release):
            raise InputError(
                f"{self.release.id} of {self.where} is not in the ledger, or was rolled back from", hint=_HINT
            )
