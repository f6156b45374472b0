"""Whether a delivery is MLflow's own, and new."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

_FRESH = 300.0


@dataclass(frozen=True, slots=True)
class Signatures:
    """MLflow signs what it delivers: https://mlflow.org/docs/latest/ml/webhooks.

    ``X-MLflow-Signature`` is ``v1,`` and the base64 of HMAC-SHA256 over delivery id, time and body, joined
    by dots. A delivery counts for five minutes, and once.
    """

    secret: str
    clock: Callable[[], float] = time.time
    _told: dict[str, float] = field(default_factory=dict)
    _telling: Lock = field(default_factory=Lock)

    def complaint(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Return the HTTP status to answer with, and in words what is wrong; 200 where nothing is."""
        delivery, moment = headers.get("X-MLflow-Delivery-Id"), headers.get("X-MLflow-Timestamp")
        signature = headers.get("X-MLflow-Signature")
        if not delivery or not moment or not signature:
            return 401, "the delivery is not signed"
        signed = f"{delivery}.{moment}.".encode() + body
        digest = hmac.new(self.secret.encode(), signed, hashlib.sha256).digest()
        wanted = b"v1," + base64.b64encode(digest)
        if not hmac.compare_digest(wanted, signature.encode()):
            return 401, "the signature is not of this secret"
        # Only now: the time that was signed is of ASCII digits, or whoever has the secret is odd.
        if not (moment.isascii() and moment.isdigit()) or abs(self.clock() - int(moment)) > _FRESH:
            return 401, "the delivery is too old, or a clock is wrong"
        return (200, "") if self._first(delivery) else (409, "the delivery came before")

    def _first(self, delivery: str) -> bool:
        with self._telling:
            oldest = self.clock() - 2 * _FRESH
            for each in [each for each, at in self._told.items() if at < oldest]:
                del self._told[each]
            if delivery in self._told:
                return False
            self._told[delivery] = self.clock()
            return True
