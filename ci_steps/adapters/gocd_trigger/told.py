"""What GoCD says, as far as it is asked."""

from ci_steps.model.value import Value


class User(Value, frozen=True):
    login_name: str


class Job(Value, frozen=True):
    name: str


class Stage(Value, frozen=True):
    name: str
    counter: str | int = 1
    result: str | None = None
    scheduled: bool = True
    approval_type: str | None = None
    jobs: tuple[Job, ...] = ()


class Cause(Value, frozen=True):
    trigger_forced: bool = False
    approver: str | None = None


class Run(Value, frozen=True):
    """One run of a pipeline: what GoCD calls an instance."""

    name: str
    counter: int
    build_cause: Cause = Cause()
    stages: tuple[Stage, ...] = ()


class History(Value, frozen=True):
    pipelines: tuple[Run, ...] = ()
