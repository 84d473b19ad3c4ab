"""Signatures by the Standard Webhooks specification (https://www.standardwebhooks.com): its libraries verify them.

`v1,` and the base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`. The secret is derived from the installation's own
and kept nowhere; it is shown once.
"""

from __future__ import annotations

import base64
import hmac
import uuid

from earmark.storage import Stores, derive

PREFIX = "whsec_"


def secret_of(stores: Stores, webhook_id: uuid.UUID) -> str:
    """Return a webhook's secret as its receiver needs it: `whsec_` and 32 bytes in base64."""
    root = bytes.fromhex(stores.home.secret("webhooks"))
    return PREFIX + base64.b64encode(derive(root, purpose=f"webhook:{webhook_id}")).decode()


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    said = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, said, "sha256")).decode()


def headers(secret: str, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of one try; the id stays the same through all of them, the timestamp is that of the try."""
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, event_id, timestamp, body),
    }
