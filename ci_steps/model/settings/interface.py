from typing import Annotated, Literal

from msgspec import Meta

from ci_steps.model.settings.section import Section

Policy = Literal["backward", "forward", "full"]


class InterfaceSettings(Section, frozen=True, kw_only=True):
    """How the model's interface may differ from the baseline's."""

    policy: Annotated[
        Policy,
        Meta(
            description="backward: whoever calls the baseline can call the candidate; "
            "forward: whoever calls the candidate could call the baseline, should a rollback come; full: both"
        ),
    ] = "backward"
    unknown_fields: Annotated[
        Literal["count", "ignore"],
        Meta(
            description="count: by the letter, what a schema does not name may be there with any value; "
            "ignore: nobody sends what it does not name, and a property more in an answer is passed over"
        ),
    ] = "count"
