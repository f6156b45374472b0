"""A concrete request or answer that breaks an interface, as it lies in a file of the run directory."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from ci_steps.model.wire import Wire

Side = Literal["baseline", "candidate"]


class Witness(Wire, frozen=True, kw_only=True):
    """A value that one side's schema accepts and the other's rejects; both were asked before."""

    kind: Annotated[Literal["request", "answer"], Meta(description="what the value is")]
    value: Annotated[Any, Meta(description="the whole request or answer")]
    accepted_by: Annotated[Side, Meta(description="the side whose schema accepts it")]
    rejected_by: Annotated[Side, Meta(description="the side whose schema does not")]
    because: Annotated[str, Meta(description="why, in a sentence")]
    pointer: Annotated[str, Meta(description="JSON pointer into the schema that rejects it, to what decides")]
    policy: Annotated[
        Literal["backward", "forward"],
        Meta(description="backward: today's callers break; forward: the new ones would, after a rollback"),
    ] = "backward"
