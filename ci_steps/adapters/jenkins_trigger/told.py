"""What Jenkins says, as far as it is asked."""

from typing import Any

from ci_steps.model.value import Value


class Crumb(Value, frozen=True, rename="camel"):
    crumb: str
    crumb_request_field: str


class Definition(Value, frozen=True):
    name: str
    choices: tuple[str, ...] = ()


class Property(Value, frozen=True, rename="camel"):
    parameter_definitions: tuple[Definition, ...] = ()


class Parameter(Value, frozen=True):
    name: str
    value: Any = None


class Action(Value, frozen=True):
    """Of many kinds; those that are not about parameters are empty here."""

    parameters: tuple[Parameter, ...] = ()


def values(actions: tuple[Action | None, ...]) -> dict[str, Any]:
    """Return the parameters of a build or of one in the queue."""
    return {each.name: each.value for action in actions if action for each in action.parameters}


class ToldJob(Value, frozen=True, rename={"next": "nextBuildNumber", "properties": "property"}):
    next: int
    buildable: bool = True
    properties: tuple[Property, ...] = ()

    @property
    def definitions(self) -> dict[str, Definition]:
        return {each.name: each for part in self.properties for each in part.parameter_definitions}


class Task(Value, frozen=True):
    url: str = ""


class Queued(Value, frozen=True):
    id: int
    task: Task = Task()
    why: str | None = None
    actions: tuple[Action | None, ...] = ()


class Queue(Value, frozen=True):
    items: tuple[Queued, ...] = ()


class Executable(Value, frozen=True):
    number: int


class Left(Value, frozen=True):
    """One that is in the queue, or was until minutes ago."""

    why: str | None = None
    cancelled: bool = False
    executable: Executable | None = None


class Built(Value, frozen=True, rename="camel"):
    number: int
    queue_id: int = 0
    actions: tuple[Action | None, ...] = ()


class Builds(Value, frozen=True):
    builds: tuple[Built, ...] = ()


class Running(Value, frozen=True, rename="camel"):
    building: bool = False
    in_progress: bool = False
    result: str | None = None
    description: str | None = None
