"""Receipts: what was done, signed with the installation's Ed25519 key so that anybody can check it offline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earmark.audit.merkle import canonical
from earmark.errors import Forbidden
from earmark.storage import Stores

VERSION = 1
ASKED = {
    "settings": "on a page",
    "voice": "by voice",
    "command": "by command",
    "api": "by a program",
    "clock": "by its clock",
    "guest": "by a guest",
    "false wake": "because nobody had called",
    "case": "by a safety officer",
    "repair": "by a repair",
}
"""How an erasure was asked for."""
ERASED = {
    "recordings": "recordings",
    "list_lines": "lines of the shopping list",
    "messages": "messages",
    "alarms": "timers and alarms",
    "keys": "keys, destroyed",
    "files": "sound files",
    "tasks": "questions that reviewers had about them",
    "judgements": "answers that reviewers had given",
    "labels": "labels",
    "datasets": "data sets, revoked",
    "models": "models, retired",
}


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


def summary(receipt: dict[str, Any]) -> list[str]:
    """Say in plain lines what a genuine receipt is of: what was erased, when, how it was asked for."""
    lines = []
    if "done_at" in receipt:
        lines.append(f"Erased for good on {_moment(receipt['done_at'])}.")
    if "asked_at" in receipt:
        how = ASKED.get(receipt.get("how", ""), str(receipt.get("how", "in a way it does not say")))
        lines.append(f"Asked for on {_moment(receipt['asked_at'])}, {how}.")
    for name, count in receipt.get("erased", {}).items():
        if count:
            lines.append(f"{count:>7,} {ERASED.get(name, name.replace('_', ' '))}")
    return lines


def _moment(text: str) -> str:
    at = datetime.fromisoformat(text)
    return f"{at.day} {at:%B %Y, %H:%M} {at.tzname() or ''}".rstrip()
