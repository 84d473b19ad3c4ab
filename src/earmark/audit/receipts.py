"""Receipts: what was done, signed with the installation's Ed25519 key so that anybody can check it offline."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earmark.audit.merkle import canonical
from earmark.errors import Forbidden
from earmark.storage import Stores

VERSION = 1


def sign(stores: Stores, what: dict[str, Any]) -> dict[str, Any]:
    """Return `what` with the format's version, the public key and a signature over its canonical JSON."""
    if stores.signing_key is None:
        raise Forbidden
    public = stores.signing_key.public_key().public_bytes_raw().hex()
    body = {"earmark_receipt": VERSION, **what, "public_key": public}
    return {**body, "signature": stores.signing_key.sign(canonical(body)).hex()}


def receipt_is_genuine(receipt: Any, public_key: Ed25519PublicKey) -> bool:
    """Tell whether a receipt is unaltered and signed by this installation's key."""
    try:
        body = {name: value for name, value in receipt.items() if name != "signature"}
        public_key.verify(bytes.fromhex(receipt["signature"]), canonical(body))
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError):
        return False
    return body.get("public_key") == public_key.public_bytes_raw().hex()
