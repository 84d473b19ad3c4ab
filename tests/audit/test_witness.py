"""The witness: what it signs, what it refuses, what it remembers, and how its words come home."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import audit
from earmark.audit.cosigning import seen_by
from earmark.audit.log import statement
from earmark.audit.witness import Witness
from earmark.audit.witness_service import ask
from earmark.errors import BadRequest


def never(*_):
    raise AssertionError("nothing has to be proved here")


async def test_it_signs_what_continues_and_says_nothing_twice(stores, grow, witness):
    first = await grow(3)
    assert witness.look(first, never)["size"] == 3
    assert witness.look(first, never) is None
    second = await grow(4)
    proof = await audit.consistency_proof(stores, 3, 7)
    word = witness.look(second, lambda *asked: proof if asked == (3, 7) else never())
    assert (word["size"], word["root"]) == (7, second["root"])
    assert seen_by(witness.public_key, witness.origin, word).size == 7
    assert seen_by(witness.public_key, witness.origin, {**word, "size": 8}) is None


async def test_it_remembers_after_a_restart_and_drops_half_a_line(grow, witness, tmp_path, clock):
    word = witness.look(await grow(3), never)
    file = tmp_path / "witness" / "seen.jsonl"
    file.write_bytes(file.read_bytes() + b'{"earmark_cosig')
    again = Witness(tmp_path / "witness", witness.origin, clock)
    assert [each["signature"] for each in again.words()] == [word["signature"]]
    assert again.public_key == witness.public_key
    assert file.read_bytes().endswith(b"}\n")
    assert (tmp_path / "witness" / "key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["shorter", "same size", "no proof", "another proof"])
async def test_a_log_that_did_not_only_grow_raises_an_alarm_for_ever(grow, stores, witness, tmp_path, clock, kind):
    short, seen = await grow(3), await grow(2)
    witness.look(seen, never)
    later = await grow(3)
    proof = list(await audit.consistency_proof(stores, 5, 8))
    signature = stores.signing_key.sign(statement(5, bytes(32), clock())).hex()
    forged = {"size": 5, "root": bytes(32).hex(), "at": clock().isoformat(), "signature": signature}
    shown, given = {
        "shorter": (short, []),
        "same size": (forged, []),
        "no proof": (later, []),
        "another proof": (later, [*proof[:-1], bytes(32)]),
    }[kind]
    assert witness.look(shown, lambda *_: given) is None
    assert witness.alarm["checkpoint"]["root"] == shown["root"]
    again = Witness(tmp_path / "witness", witness.origin, clock)
    assert again.alarm == witness.alarm
    assert again.look(later, lambda *_: proof) is None
    assert [word["size"] for word in again.words()] == [5]


async def test_what_the_installation_did_not_sign_is_no_checkpoint(grow, witness):
    good = await grow(2)
    other = Ed25519PrivateKey.generate()
    for wrong in (
        {**good, "size": 3},
        {**good, "root": "zz"},
        {**good, "at": "yesterday"},
        {**good, "at": "0001-01-01T00:00:00"},
        {**good, "signature": other.sign(b"x").hex()},
        {},
        [],
        None,
        "checkpoint",
    ):
        with pytest.raises(BadRequest):
            witness.look(wrong, never)
    assert witness.alarm is None


async def test_a_folder_is_about_one_installation_and_whole(grow, witness, tmp_path, clock):
    witness.look(await grow(2), never)
    with pytest.raises(BadRequest):
        Witness(tmp_path / "witness", Ed25519PrivateKey.generate().public_key(), clock)
    (tmp_path / "witness" / "seen.jsonl").write_text("no JSON\n")
    with pytest.raises(BadRequest):
        Witness(tmp_path / "witness", witness.origin, clock)


async def test_over_the_network_the_log_is_seen_signed_and_believed(stores, grow, serving, witness, trusting):
    said: list[str] = []
    home, desk = await serving("home"), await serving("desk")
    assert await asyncio.to_thread(ask, witness, [home, desk], said.append)  # nothing is sealed yet
    for size in (300, 301, 310):
        await grow(size - (await audit.latest_checkpoint(stores) or {"size": 0})["size"])
        assert await asyncio.to_thread(ask, witness, [home, desk], said.append)
    assert said == ["signed: 300 entries", "signed: 301 entries", "signed: 310 entries"]
    assert await audit.ask_witness(trusting) == 3
    assert await audit.ask_witness(trusting) == 0
    await grow(5)
    verdict = await audit.verify(trusting)
    assert (verdict.good, verdict.size, verdict.witnessed) == (True, 315, 310)
    assert (await audit.verify(stores)).witnessed == 0  # who is not told to believe a witness believes none


async def test_a_witness_that_is_away_or_talks_nonsense_stops_nothing(role_stores, grow, witness, served, home):
    await grow(3)
    key = witness.public_key.public_bytes_raw().hex()
    for url in ("http://127.0.0.1:9", "http://[", served + "/elsewhere", "ftp://x"):
        assert await audit.ask_witness(await role_stores("earmark_worker", witness_url=url, witness_key=key)) == 0
    stores = await role_stores("earmark_worker", witness_url=served, witness_key="no key")
    with pytest.raises(BadRequest):
        await audit.ask_witness(stores)


async def test_words_of_others_are_not_kept(trusting, grow, witness):
    checkpoint = await grow(2)
    word = witness.look(checkpoint, never)
    stranger = Witness(witness._file.parent.parent / "stranger", witness.origin, witness._now)
    foreign = stranger.look(checkpoint, never)
    flipped = {**word, "size": 1}
    assert await audit.keep_words(trusting, [foreign, flipped, {}, None, "word", {**word, "seen_at": "x"}]) == 0
    assert await audit.keep_words(trusting, "words") == 0
    assert await audit.keep_words(trusting, [word]) == 1


def test_the_witness_answers_plainly(served):
    assert httpx.get(f"{served}/cosignatures").json()["cosignatures"] == []
    assert httpx.get(f"{served}/").status_code == 404
    for wrong in ("-1", "x", "1" * 30, "²"):
        assert httpx.get(f"{served}/cosignatures", params={"from": wrong}).status_code == 400
    assert json.loads(httpx.get(f"{served}/cosignatures?from=").text)["alarm"] is None
