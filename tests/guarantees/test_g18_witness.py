"""Guarantee 18, against whoever holds everything: the machine, the database and the signing key."""

from __future__ import annotations

import json

import psycopg
import pytest

from earmark import audit
from earmark.audit.witness import Witness


@pytest.fixture
async def watched(ring, role_stores, places, tmp_path, clock):
    """A log of twelve entries that a witness elsewhere saw at 4, 8 and 12, and whose words came home."""
    witness = Witness(tmp_path / "elsewhere", ring.stores.home.public_key(), clock)
    key = witness.public_key.public_bytes_raw().hex()
    stores = await role_stores("earmark_worker", witness_key=key)
    with psycopg.connect(places.owner) as connection:
        connection.execute("DELETE FROM audit.inbox")  # what the household's people allowed
    for _ in range(3):
        for number in range(4):
            await audit.append(stores, {"what": "test", "number": number})
        await audit.sequence(stores)
        await show(stores, witness)
        clock.turn(minutes=1)
    assert await audit.keep_words(stores, witness.told(0)["cosignatures"]) == 3
    assert (await audit.verify(stores)).witnessed == 12
    return stores, witness


async def show(stores, witness: Witness) -> dict | None:
    latest = await audit.latest_checkpoint(stores)
    last = witness.last["size"] if witness.last else 0
    proof = await audit.consistency_proof(stores, last) if 0 < last < latest["size"] else ()
    return witness.look(audit.checkpoint_of(stores, latest), lambda *_: proof)


async def rewrite(stores, places, keep: int) -> None:
    """With the key in hand: write the log again from an entry on, with new hashes, marks and seals that all fit."""
    with psycopg.connect(places.owner) as connection:
        connection.execute("DELETE FROM audit.log WHERE number >= %s", [keep])
        connection.execute("DELETE FROM audit.checkpoints WHERE size > %s", [keep])
    for number in range(12 - keep):
        await audit.append(stores, {"what": "another story", "number": number})
    await audit.sequence(stores)


async def test_a_log_written_again_is_named_from_the_last_word_that_fits(watched, places):
    """As root with the signing key we wrote the log's last third again, marks and seals included: the witness's words
    said from which entry on it is another log."""
    stores, _ = watched
    await rewrite(stores, places, 8)
    verdict = await audit.verify(stores)
    assert (verdict.good, verdict.first_bad, verdict.witnessed) == (False, 8, 8)


async def test_words_that_were_thrown_away_come_back_from_the_witness(watched, places, tmp_path):
    """We wrote the log again and threw the witness's words away: without them it verified as seen by nobody, and with
    the witness's own file the rewriting was named."""
    stores, _ = watched
    await rewrite(stores, places, 4)
    with psycopg.connect(places.owner) as connection:
        connection.execute("DELETE FROM audit.cosignatures")
    alone = await audit.verify(stores)
    assert (alone.good, alone.witnessed) == (True, 0)
    kept = [json.loads(line) for line in (tmp_path / "elsewhere" / "seen.jsonl").read_text().splitlines()]
    verdict = await audit.verify(stores, kept=kept)
    assert (verdict.good, verdict.first_bad) == (False, 4)


async def test_the_witness_signs_no_second_story(watched, places):
    """We showed the witness the rewritten log, the cut one, and a longer one with a proof of our own making: it signed
    none of them, and kept what we had shown as evidence."""
    stores, witness = watched
    await rewrite(stores, places, 8)
    assert await show(stores, witness) is None
    assert witness.alarm is not None
    assert witness.alarm["checkpoint"]["size"] == 12
    for _ in range(3):
        await audit.append(stores, {"what": "more"})
    await audit.sequence(stores)
    assert await show(stores, witness) is None
    assert [word["size"] for word in witness.words()] == [4, 8, 12]


async def test_a_stranger_is_no_witness(watched, tmp_path, clock, places):
    """We put words of another key into the database, and words of the witness about another log: nobody believed
    them."""
    stores, _ = watched
    stranger = Witness(tmp_path / "stranger", stores.home.public_key(), clock)
    await show(stores, stranger)
    assert await audit.keep_words(stores, stranger.told(0)["cosignatures"]) == 0
    with psycopg.connect(places.owner) as connection:
        connection.execute("UPDATE audit.cosignatures SET root = sha256(root) WHERE size = 12")
    verdict = await audit.verify(stores)
    assert (verdict.good, verdict.witnessed) == (True, 8)
