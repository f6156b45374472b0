"""What is told of a new model: a CI, or a program of this machine."""

from typing import Annotated, Literal, Protocol

from msgspec import Meta

from ci_steps.errors import OutsideError
from ci_steps.model.value import Value
from ci_steps.model.wire import Wire


class BusyError(OutsideError):
    """A CI that takes no build of this job now, and has certainly taken none."""


class Asked(Value, frozen=True):
    """The one build that a new model is to have."""

    model: str
    """What `plan --model` takes: an address that was resolved, or a name and a SHA."""
    environment: str
    """Empty: the CI's own default."""
    mark: str = ""
    """What :meth:`Trigger.mark` said before it was asked for first."""


class Build(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """What became of it, as far as it was seen."""

    state: Annotated[Literal["waiting", "running", "ended"], Meta(description="how far it is")]
    queued: Annotated[str, Meta(description="what it was called before it had a number")] = ""
    number: Annotated[str, Meta(description="its number or counter; empty: it has none yet")] = ""
    url: Annotated[str, Meta(description="where people look at it")] = ""
    why: Annotated[str, Meta(description="why it waits, or how it ended, in the words of the CI")] = ""
    result: Annotated[str, Meta(description="how it ended: the word of the CI, or an exit code")] = ""
    sound: Annotated[bool, Meta(description="whether it ended well")] = False


class Trigger(Protocol):
    """One job, pipeline or program that builds a release of a model."""

    @property
    def place(self) -> str:
        """What is triggered, without secrets; the same words mean the same builds."""

    def mark(self) -> str:
        """Return what tells builds of before from those that come; fail where none could be asked for."""

    def start(self, asked: Asked) -> Build:
        """Ask for the build. Where this fails it may have been asked for all the same: look."""

    def look(self, asked: Asked, build: Build | None) -> Build | None:
        """Return the build as it is now; with None, look whether somebody has asked for it since the mark.

        :class:`BusyError` where one that was asked for since may be it, and that is not clear yet.
        """
