"""What is to be sent: two files, read anew by each process that sends or conducts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from ci_steps.model.wire import Wire, decoded
from ci_steps.steps.load_test.arrivals import Round

_ORDER, _ARRIVALS = "order.json", "arrivals.json"


class Order(Wire, frozen=True, kw_only=True):
    """Whom to ask what, who takes part, and how long to warm up."""

    targets: Annotated[
        tuple[str, ...],
        Meta(description="URL of the pushed image, then of the live release's", min_length=1, max_length=2),
    ]
    bodies: Annotated[tuple[str, ...], Meta(description="requests, sent in turn", min_length=1)]
    workers: Annotated[int, Meta(description="processes that send", ge=1)]
    lead_s: Annotated[float, Meta(description="how long before its first moment a round is told, seconds")]
    token: Annotated[str, Meta(description="who has it may record")]
    planned: Annotated[int, Meta(description="requests of all rounds", ge=1)]
    stages: Annotated[tuple[str, ...], Meta(description="each stage's rate, for a person")]
    greatest_rate: Annotated[float, Meta(description="of all stages, requests a second")]
    window_s: Annotated[float, Meta(description="a window of the warm-up, seconds; 0: there is none")]
    warm_up_rate: Annotated[float, Meta(description="requests a second")]
    warm_up_least_s: Annotated[float, Meta(description="seconds")]
    warm_up_most_s: Annotated[float, Meta(description="seconds")]

    def write(self, folder: Path, rounds: Sequence[Round]) -> Path:
        """Leave it in ``folder`` with the planned moments; return the path that :func:`read` takes."""
        path = folder / _ORDER
        path.touch(mode=0o600)  # who can read its token can record requests
        path.write_bytes(msgspec.json.encode(self))
        (folder / _ARRIVALS).write_bytes(msgspec.json.encode(rounds))
        return path


def read(path: Path) -> tuple[Order, tuple[Round, ...]]:
    """Return what :meth:`Order.write` left."""
    arrivals = path.with_name(_ARRIVALS).read_bytes()
    return decoded(path.read_bytes(), Order, where=_ORDER), decoded(
        arrivals, tuple[Round, ...], where=_ARRIVALS
    )
