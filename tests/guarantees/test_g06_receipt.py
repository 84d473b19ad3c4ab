"""Guarantee 6: a deletion returns a signed receipt that verifies offline."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from earmark import audit, forget

CHECKER = """
import json, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
receipt = json.load(open(sys.argv[1]))
signature = bytes.fromhex(receipt.pop("signature"))
body = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
Ed25519PublicKey.from_public_bytes(bytes.fromhex(sys.argv[2])).verify(signature, body)
print("genuine")
"""
"""All that anybody needs; it knows nothing of Earmark."""


async def receipt_of(ring, canary):
    identifier = await ring.say(canary)
    receipt = await forget.forget(ring.stores, ring.ada, [identifier], how="settings")
    key = ring.stores.signing_key
    assert key is not None
    return identifier, receipt, key.public_key()


async def test_it_verifies_offline_without_us(ring, canary, tmp_path):
    """We checked a receipt with ten lines of somebody else's Python, the public key and no Earmark: genuine."""
    _, receipt, key = await receipt_of(ring, canary)
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt, indent=2))
    arguments = [sys.executable, "-I", "-c", CHECKER, str(file), key.public_bytes_raw().hex()]
    done = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "genuine\n", done.stderr


async def test_any_byte_altered_is_found(ring, canary):
    """We altered every single byte of a receipt, one at a time: no altered one verified."""
    _, receipt, key = await receipt_of(ring, canary)
    whole = audit.canonical(receipt)
    assert audit.receipt_is_genuine(json.loads(whole), key)
    genuine = []
    for position in range(len(whole)):
        altered = bytearray(whole)
        altered[position] ^= 1
        try:
            forged = json.loads(bytes(altered))
        except ValueError:
            continue
        if forged != receipt and audit.receipt_is_genuine(forged, key):
            genuine.append(position)
    assert genuine == []


async def test_a_receipt_of_another_installation_is_not_ours(ring, canary):
    """We signed the same words with another key, and put our own key's name on it: not genuine."""
    _, receipt, key = await receipt_of(ring, canary)
    other = Ed25519PrivateKey.generate()
    for named in (receipt["public_key"], other.public_key().public_bytes_raw().hex()):
        body = {**{name: value for name, value in receipt.items() if name != "signature"}, "public_key": named}
        forged = {**body, "signature": other.sign(audit.canonical(body)).hex()}
        assert not audit.receipt_is_genuine(forged, key)
    assert audit.receipt_is_genuine(forged, Ed25519PublicKey.from_public_bytes(other.public_key().public_bytes_raw()))


async def test_it_counts_and_says_nothing_of_what_was_said(ring, canary):
    """We searched a receipt for the canary's words, its number and its owner's: it holds counts and a time only."""
    identifier, receipt, _ = await receipt_of(ring, canary)
    text = json.dumps(receipt)
    for secret in (*canary.words, str(identifier), str(ring.ada), "Ada"):
        assert secret not in text
    assert receipt["erased"]["recordings"] == receipt["erased"]["keys"] == receipt["erased"]["files"] == 1
