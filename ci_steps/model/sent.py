"""What became of a witness that was sent for real, as it lies beside the witness in the run directory."""

from typing import Annotated, Any

from msgspec import Meta

from ci_steps.model.wire import Wire


class Made(Wire, frozen=True, kw_only=True):
    """What one side made of the request."""

    status: Annotated[int, Meta(description="HTTP status; 0: no reply at all", ge=0)]
    answer: Annotated[Any, Meta(description="its answer; null where it gave none")] = None
    why: Annotated[str, Meta(description="why there is no answer")] = ""
    broken: Annotated[str, Meta(description="in which way it lets a caller down")] = ""


class Sent(Wire, frozen=True, kw_only=True):
    """A request that the live image and the candidate were both asked."""

    witness: Annotated[str, Meta(description="the witness that was left, or the line of a made request")]
    request: Annotated[Any, Meta(description="the whole request")]
    live: Annotated[Made, Meta(description="what the live image made of it")]
    candidate: Annotated[Made, Meta(description="what the candidate made of it")]
