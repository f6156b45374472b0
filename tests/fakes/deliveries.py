"""Webhooks as MLflow delivers them."""

import base64
import hashlib
import hmac

SECRET = "planted-secret"
BODY = b'{"entity": "model_version_alias", "action": "created"}'
NOW = 1_800_000_000.0


def signed(
    body: bytes = BODY, *, secret: str = SECRET, at: str = str(int(NOW)), delivery: str = "d1"
) -> dict[str, str]:
    """Sign as mlflow/webhooks/delivery.py does."""
    digest = hmac.new(secret.encode(), f"{delivery}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "X-MLflow-Delivery-Id": delivery,
        "X-MLflow-Timestamp": at,
        "X-MLflow-Signature": f"v1,{base64.b64encode(digest).decode()}",
    }
