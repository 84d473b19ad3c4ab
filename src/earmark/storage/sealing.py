"""Sealing content: AES-256-GCM under a derived key, bound to the place it belongs to."""

from __future__ import annotations

import hmac
import json
import secrets
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earmark.errors import Erased

_MAGIC = b"EM1"


def seal(key: bytes, data: bytes, *, place: str) -> bytes:
    """Encrypt `data`; it opens only with the same key and the same `place` (say, `interaction:<id>`)."""
    nonce = secrets.token_bytes(12)
    return _MAGIC + nonce + AESGCM(key).encrypt(nonce, data, place.encode())


def unseal(key: bytes, sealed: bytes, *, place: str) -> bytes:
    """Decrypt what `seal` made. Raises Erased when the key no longer fits."""
    if sealed[:3] != _MAGIC:
        raise Erased
    try:
        return AESGCM(key).decrypt(sealed[3:15], sealed[15:], place.encode())
    except InvalidTag:
        raise Erased from None


def seal_json(key: bytes, value: Any, *, place: str) -> bytes:
    return seal(key, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), place=place)


def unseal_json(key: bytes, sealed: bytes, *, place: str) -> Any:
    return json.loads(unseal(key, sealed, place=place))


def blind(key: bytes, word: str) -> bytes:
    """Return 8 bytes that stand for `word` under `key`: equal words match, nothing else can be read from them."""
    return hmac.new(key, word.encode(), sha256).digest()[:8]
