"""What a witness signs, and how the installation asks for it, keeps it and believes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from earmark.audit.log import SQL
from earmark.audit.merkle import canonical
from earmark.errors import BadRequest, Forbidden
from earmark.settings import Settings
from earmark.storage import Row, Stores

log = structlog.get_logger()
_PATIENCE = 10.0
"""Seconds that the worker waits for its witness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A word of a witness: then, this log had this size and this root, and continued what I had seen before."""

    size: int
    root: bytes
    seen_at: datetime
    signature: bytes

    def is_signed(self, witness: Ed25519PublicKey, origin: Ed25519PublicKey) -> bool:
        """Tell whether this witness said it about this installation."""
        try:
            witness.verify(self.signature, _said(self.size, self.root, self.seen_at, origin))
        except InvalidSignature:
            return False
        return True

    @staticmethod
    def of_row(row: Row) -> Seen:
        return Seen(
            size=row["size"], root=bytes(row["root"]), seen_at=row["seen_at"], signature=bytes(row["signature"])
        )


def _said(size: int, root: bytes, seen_at: datetime, origin: Ed25519PublicKey) -> bytes:
    """Return what a witness signs; another field than a checkpoint's, so that neither passes for the other."""
    whose = origin.public_bytes_raw().hex()
    return canonical({"origin": whose, "size": size, "root": root.hex(), "seen_at": seen_at.timestamp()})


def cosign(
    key: Ed25519PrivateKey, origin: Ed25519PublicKey, *, size: int, root: bytes, seen_at: datetime
) -> dict[str, Any]:
    """Return a witness's word as it travels."""
    return {
        "earmark_cosignature": 1,
        "origin": origin.public_bytes_raw().hex(),
        "size": size,
        "root": root.hex(),
        "seen_at": seen_at.isoformat(),
        "public_key": key.public_key().public_bytes_raw().hex(),
        "signature": key.sign(_said(size, root, seen_at, origin)).hex(),
    }


def seen_by(witness: Ed25519PublicKey, origin: Ed25519PublicKey, word: Any) -> Seen | None:
    """Read a word that travelled; None unless this witness signed it about this installation."""
    try:
        seen = Seen(
            size=int(word["size"]),
            root=bytes.fromhex(word["root"]),
            seen_at=datetime.fromisoformat(word["seen_at"]),
            signature=bytes.fromhex(word["signature"]),
        )
        return seen if seen.is_signed(witness, origin) else None
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError):
        return None


def witness_key(settings: Settings) -> Ed25519PublicKey | None:
    """Return the key of the witness that this installation believes. Raises BadRequest when the setting is no key."""
    if not settings.witness_key:
        return None
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(settings.witness_key))
    except ValueError:
        raise BadRequest(why="EARMARK_WITNESS_KEY is not a public key; the witness prints it when it starts.") from None


async def ask_witness(stores: Stores) -> int:
    """Fetch what the witness signed since and keep it, also what contradicts the log; the worker does it every minute.

    Returns how many words were new; nothing when no witness is set up or it does not answer.
    """
    trusted = witness_key(stores.settings)
    if trusted is None or not stores.settings.witness_url:
        return 0
    latest = await latest_cosignature(stores)
    since = latest.size if latest else 0
    try:
        async with httpx.AsyncClient(timeout=_PATIENCE) as client:
            # From the last one on, not after it: a witness that speaks twice about one size is heard as well.
            where = stores.settings.witness_url.rstrip("/") + "/cosignatures"
            answer = await client.get(where, params={"from": since})
            answer.raise_for_status()
            told = answer.json()
            words = told["cosignatures"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        log.warning("the witness of the audit log does not answer")
        return 0
    if told.get("alarm"):
        log.error("the witness of the audit log has raised an alarm: what it was shown does not continue what it saw")
    return await keep_words(stores, words)


async def keep_words(stores: Stores, words: Any) -> int:
    """Keep those of these words that our witness signed about this log. Returns how many were new."""
    trusted = witness_key(stores.settings)
    if trusted is None or stores.signing_key is None or not isinstance(words, list):
        return 0
    new = 0
    async with stores.pool.connection() as connection:
        for word in words:
            seen = seen_by(trusted, stores.signing_key.public_key(), word)
            if seen is None:
                log.warning("the witness of the audit log sent something that it did not sign")
                continue
            values = {
                "witness": trusted.public_bytes_raw(),
                "size": seen.size,
                "root": seen.root,
                "seen_at": seen.seen_at,
                "signature": seen.signature,
            }
            new += (await connection.execute(SQL.add_cosignature, values)).rowcount
    return new


def word_of(stores: Stores, seen: Seen) -> dict[str, Any]:
    """Return a word of our witness as it travelled here."""
    trusted = witness_key(stores.settings)
    if trusted is None or stores.signing_key is None:
        raise Forbidden
    return {
        "earmark_cosignature": 1,
        "origin": stores.signing_key.public_key().public_bytes_raw().hex(),
        "size": seen.size,
        "root": seen.root.hex(),
        "seen_at": seen.seen_at.isoformat(),
        "public_key": trusted.public_bytes_raw().hex(),
        "signature": seen.signature.hex(),
    }


async def latest_cosignature(stores: Stores) -> Seen | None:
    """Return the newest word of the witness that is believed here."""
    trusted = witness_key(stores.settings)
    if trusted is None:
        return None
    async with stores.pool.connection() as connection:
        values: Mapping[str, object] = {"witness": trusted.public_bytes_raw()}
        row = await (await connection.execute(SQL.latest_cosignature, values)).fetchone()
    return Seen.of_row(row) if row else None
