"""Guarantee 4: deleting reaches audio, text, labels, caches, search and masked copies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earmark import forget, learn, review, vault
from earmark.errors import NotFound, Revoked
from earmark.storage import derive

NOT_OF_A_RECORDING = {
    "accounts.households": "a random id and a random secret",
    "accounts.people": "of the account, not of a recording; names lie sealed under the person's key",
    "accounts.sessions": "hashes of session tokens; they expire",
    "accounts.sign_in_links": "hashes of one-time tokens; they expire",
    "audit.inbox": "opaque ids, roles, days and counts on their way to the log",
    "audit.log": "opaque ids, roles, days and counts",
    "audit.checkpoints": "sizes, hashes and signatures",
    "audit.subtrees": "hashes",
    "audit.cosignatures": "sizes, hashes and signatures of a witness",
    "audit.wake_days": "counts of a day, without people and devices",
    "audit.reports": "published counts, none about fewer than ten people",
}
"""Tables that an erasure of recordings does not visit, each with what it holds instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One piece of ciphertext as a thief would have it, and the place it belongs to."""

    what: str
    data: bytes
    place: str


async def everything_sealed(ring) -> list[Sealed]:
    """Copy all ciphertext of recordings, masked copies and what skills keep out of database and objects."""
    found = []
    for row in await ring.rows("SELECT id, object, sealed FROM vault.interactions"):
        found.append(Sealed(what="words", data=row["sealed"], place=f"interaction:{row['id']}"))
        found.append(Sealed(what="sound", data=ring.stores.objects.get(row["object"]), place=f"sound:{row['id']}"))
    for row in await ring.rows("SELECT id, object, sealed FROM review.tasks"):
        found.append(Sealed(what="prefill", data=row["sealed"], place=f"prefill:{row['id']}"))
        found.append(Sealed(what="copy", data=ring.stores.objects.get(row["object"]), place=f"masked:{row['id']}"))
    for row in await ring.rows("SELECT task_id, sealed FROM review.judgements"):
        found.append(Sealed(what="judgement", data=row["sealed"], place=f"judgement:{row['task_id']}"))
    for row in await ring.rows("SELECT task_id, sealed FROM review.labels"):
        found.append(Sealed(what="floor label", data=row["sealed"], place=f"label:{row['task_id']}"))
    for row in await ring.rows("SELECT id, sealed FROM airlock.labels"):
        found.append(Sealed(what="label", data=row["sealed"], place=f"label:{row['id']}"))
    for row in await ring.rows("SELECT id, kind, sealed FROM vault.keepsakes"):
        found.append(Sealed(what=row["kind"], data=row["sealed"], place=f"keepsake:{row['id']}"))
    return found


async def opened(ring, pieces: list[Sealed]) -> list[str]:
    """Try every key that the secrets still alive can make on every piece; returns what opened."""
    stores = ring.stores
    vault_secrets = [stores.vault_keys.secret(slot) for slot in sorted(stores.vault_keys.live_slots())]
    review_secrets = [stores.review_keys.secret(slot) for slot in sorted(stores.review_keys.live_slots())]
    people = [
        stores.vault_keys.secret(row["key_slot"]) for row in await ring.rows("SELECT key_slot FROM accounts.people")
    ]
    keys = [derive(secret, purpose=p) for secret in vault_secrets for p in ("name", "device", "keepsake", "recording")]
    for purpose in ("recording", "keepsake"):
        keys += [derive(person, secret, purpose=purpose) for person in people for secret in vault_secrets]
    keys += [derive(secret, purpose="masked") for secret in review_secrets]
    ciphers = [AESGCM(key) for key in keys]
    return [piece.what for piece in pieces if any(fits(cipher, piece) for cipher in ciphers)]


def fits(cipher: AESGCM, piece: Sealed) -> bool:
    try:
        cipher.decrypt(piece.data[3:15], piece.data[15:], piece.place.encode())
    except InvalidTag:
        return False
    return True


async def test_nothing_spoken_lies_anywhere_in_clear(ring, canary, places, capfd):
    """We turned the ring with a canary and searched database files, their log, objects, keys, temporary files and our
    own logs for its words and its sound, masked copies included, before anything was deleted: not one byte of it."""
    await ring.allow()
    await ring.turn(canary)
    needles = canary.needles()
    for number, wav in enumerate(ring.served[:3]):
        needles |= {f"copy {number}: {name}": data for name, data in ring_sound(wav).items()}
    assert places.search(needles) == set()
    told = "".join(capfd.readouterr()).encode()
    assert [name for name, needle in needles.items() if needle in told] == []


def ring_sound(wav: bytes) -> dict[str, bytes]:
    """Return the three windows of a copy that tell most."""
    starts = range(100, len(wav) - 24, 480)
    best = sorted(starts, key=lambda start: -len(set(wav[start : start + 24])))[:3]
    return {f"byte {at}": wav[at : at + 24] for at in best}


async def test_the_search_itself_finds_what_is_there(canary, places):
    """We wrote a canary in clear into the database, a file and the temporary folder: the search found all three."""
    with psycopg.connect(places.owner) as connection:
        connection.execute("CREATE TABLE public.spill (words text)")
        connection.execute("INSERT INTO public.spill VALUES (%s)", [canary.text])
    (places.home / "spill.flac").write_bytes(b"x" + canary.audio.pcm)
    (places.temp / "spill.txt").write_text(canary.text.encode().hex())
    found = places.search(canary.needles())
    assert any(find.endswith("in spill.flac") for find in found)
    assert any(find.endswith("as hex in spill.txt") for find in found)
    assert any("as text" in find for find in found)
    assert places.rows_with(canary.words[0]) == {"public.spill": 1}


async def test_after_deleting_no_key_that_is_left_opens_anything(ring, canary, places):
    """We copied all ciphertext (words, sound, masked copies, prefilled answers, judgements, labels), deleted the
    recording, and tried every key that the two key stores can still make on every piece: nothing opened."""
    await ring.allow()
    identifier = await ring.turn(canary)
    pieces = await everything_sealed(ring)
    assert len(pieces) == 2 + 3 * 2 + 6 + 3 + 3
    assert len(await opened(ring, pieces)) == len(pieces), "the attack must work while the keys live"
    wrapped = {
        f"{store.folder.name} slot {row['key_slot']}": raw_slot(store.folder, row["key_slot"])
        for store, table in ((ring.stores.vault_keys, "vault.interactions"), (ring.stores.review_keys, "review.tasks"))
        for row in await ring.rows(f"SELECT key_slot FROM {table}")
    }

    await forget.forget(ring.stores, ring.ada, [identifier], how="settings")
    assert await opened(ring, pieces) == []
    assert places.search(wrapped) == set()


def raw_slot(folder, slot: int) -> bytes:
    return (folder / "slots").read_bytes()[64 + slot * 64 + 4 : 128 + slot * 64]


async def test_after_deleting_no_row_object_or_search_knows_it(ring, canary, places):
    """We deleted one recording that had been reviewed and labelled, and looked for its number, its tasks' numbers, its
    files and its words in every table, in the objects and in the search: nothing was left of it."""
    await ring.allow()
    identifier = await ring.turn(canary)
    tasks = [row["id"] for row in await ring.rows("SELECT id FROM review.tasks")]
    names = [*ring.stores.objects.names("vault"), *ring.stores.objects.names("masked")]
    await forget.forget(ring.stores, ring.ada, [identifier], how="settings")

    assert places.rows_with(str(identifier)) == {}
    for task in tasks:
        # Who listened on which day stays countable; without the seal the number leads nowhere.
        assert set(places.rows_with(str(task))) <= {"review.hearings"}
    for name in names:
        with pytest.raises(NotFound):
            ring.stores.objects.get(name)
        assert not list(places.home.rglob(name.rsplit("/", 1)[-1]))
    assert (await vault.history(ring.stores, ring.ada, vault.Filter(search=canary.words[0]))).interactions == ()
    assert await review.next_task(ring.floor, ring.reviewer()) is None
    with pytest.raises(NotFound):
        await vault.sound(ring.stores, ring.ada, identifier)


Route = Callable[..., Awaitable[object]]


async def by_voice(ring) -> None:
    assert await ring.home(ring.ada).delete_last() == 1


async def by_range(ring) -> None:
    ids = await vault.selection(ring.stores, ring.ada, since=ring.clock() - timedelta(hours=1))
    await forget.forget(ring.stores, ring.ada, ids, how="settings")


async def by_all(ring) -> None:
    await forget.forget(ring.stores, ring.ada, "all", how="command")


@pytest.mark.parametrize("route", [by_voice, by_range, by_all])
async def test_every_way_of_deleting_reaches_as_far(ring, canary, places, route):
    """We deleted by voice, by a span of time, and all at once while copies were out for review: the same was gone."""
    await ring.allow()
    identifier = await ring.say(canary)
    await ring.sample()
    pieces = await everything_sealed(ring)
    assert len(pieces) == 2 + 3 * 2
    await route(ring)
    assert await opened(ring, pieces) == []
    assert places.rows_with(str(identifier)) == {}
    assert list(ring.stores.objects.names("vault")) == list(ring.stores.objects.names("masked")) == []


async def test_the_owners_page_reaches_as_far(ring, canary, open_page, places):
    """We deleted a labelled recording, of which a dataset had been made, on its owner's page, with the database role
    of that page's process: the same was gone, the dataset was revoked, and the receipt stood on the next page."""
    await ring.allow()
    identifier = await ring.turn(canary)
    dataset = await learn.make_dataset(ring.stores)
    pieces = await everything_sealed(ring)
    home = await open_page("home", ring.ada)
    answer = await home.post(f"/history/{identifier}/delete")
    assert answer.status_code == 303, answer.text
    receipt = await home.get(answer.headers["location"])
    assert receipt.status_code == 200
    assert canary.words[0] not in receipt.text
    assert await opened(ring, pieces) == []
    assert places.rows_with(str(identifier)) == {}
    assert list(ring.stores.objects.names("vault")) == list(ring.stores.objects.names("masked")) == []
    with pytest.raises(Revoked):
        await learn.load_dataset(ring.stores, dataset.version)


async def keep_with_skills(ring, canary, ben) -> None:
    """Ada and Ben each put a line on the list and leave the other a message; Ada sets a timer."""
    at_adas, at_bens = ring.home(ring.ada), ring.home(ben)
    assert await at_adas.shopping_add(canary.words[0])
    assert await at_adas.message_leave("Ben", canary.text)
    await at_adas.alarm_add("timer", ring.clock() + timedelta(minutes=9), canary.words[1])
    assert await at_bens.message_leave("Ada", canary.words[1])
    assert await at_bens.shopping_add("bread")


async def test_nothing_that_skills_keep_lies_anywhere_in_clear(ring, canary, household, places, capfd):
    """We put a canary on the shopping list, in messages and in a timer's name, and searched the same places for it,
    before and after everything was deleted: not one byte of it."""
    await keep_with_skills(ring, canary, household.ben)
    assert places.search(canary.needles()) == set()
    await by_all(ring)
    assert places.search(canary.needles()) == set()
    told = "".join(capfd.readouterr()).encode()
    assert [name for name, needle in canary.needles().items() if needle in told] == []


@pytest.mark.parametrize("on_the_page", [False, True])
async def test_deleting_everything_unmakes_what_skills_keep(ring, canary, household, places, open_page, on_the_page):
    """We copied the ciphertext of the list's lines, of messages from and for somebody, and of their timers, deleted
    everything of theirs (by command, and on their own page with that process's database role), and tried every key
    that is left on every piece: nothing opened but the line that somebody else had put on the list."""
    await keep_with_skills(ring, canary, household.ben)
    pieces = await everything_sealed(ring)
    rows = await ring.rows("SELECT id, kind, key_slot, person_id FROM vault.keepsakes")
    assert len(pieces) == len(rows) == 5
    assert len(await opened(ring, pieces)) == 5, "the attack must work while the keys live"
    (bens_line,) = [row["id"] for row in rows if row["person_id"] == household.ben and row["kind"] == "shopping"]
    doomed = [row for row in rows if row["id"] != bens_line]
    folder = ring.stores.vault_keys.folder
    wrapped = {f"slot {row['key_slot']}": raw_slot(folder, row["key_slot"]) for row in doomed}
    assert len(places.search(wrapped)) == 4

    if on_the_page:
        answer = await (await open_page("home", ring.ada)).post("/history/all/delete")
        assert answer.status_code == 303, answer.text
    else:
        await by_all(ring)

    left = [piece for piece in pieces if piece.place == f"keepsake:{bens_line}"]
    assert await opened(ring, pieces) == await opened(ring, left) == ["shopping"]
    assert places.search(wrapped) == set()
    assert [places.rows_with(str(row["id"])) for row in doomed] == [{}] * 4
    assert await ring.home(household.ben).shopping_all() == ["bread"]
    assert await ring.home(household.ben).messages_unread() == await ring.home(ring.ada).messages_unread() == []
    (receipt,) = await vault.receipts(ring.stores, ring.ada)
    erased = {name: count for name, count in receipt["erased"].items() if count}
    assert erased == {"keys": 4, "list_lines": 1, "messages": 2, "alarms": 1}


async def test_what_is_taken_off_read_out_or_rung_is_unmade_too(ring, canary, household, clock, places):
    """We took a line off the list, had a message read out, cancelled a timer and let another one ring: neither row nor
    key of them was left, and no other key opened a copy of them."""
    await keep_with_skills(ring, canary, household.ben)
    at_adas, at_bens = ring.home(ring.ada), ring.home(household.ben)
    await at_adas.alarm_add("timer", clock() + timedelta(minutes=3), canary.words[0])
    pieces = await everything_sealed(ring)
    ids = [row["id"] for row in await ring.rows("SELECT id FROM vault.keepsakes")]
    (soon, later) = await at_adas.alarms()
    assert await at_bens.shopping_remove(canary.words[0]), "anybody may take it off"
    assert await at_adas.shopping_clear() == 1
    for home in (at_adas, at_bens):
        await home.messages_mark_read([message.id for message in await home.messages_unread()])
    await at_adas.alarm_cancel([later.id])
    clock.turn(minutes=2)
    assert await vault.drop_rung(ring.stores) == 0
    clock.turn(minutes=1)
    assert soon.due == clock()
    assert await vault.drop_rung(ring.stores) == 1
    assert len(pieces) == len(ids) == 6
    assert await opened(ring, pieces) == []
    assert [places.rows_with(str(each)) for each in ids] == [{}] * 6


async def test_every_table_and_prefix_has_somebody_who_erases_it(ring, canary, places):
    """We listed every table of the database and every kind of stored file: each has an eraser that answers for it, or
    stands in a list of tables that hold nothing of a recording, with the reason."""
    claimed = [table for eraser in forget.ERASERS for table in eraser.tables]
    assert len(claimed) == len(set(claimed)), "two erasers answer for one table"
    assert learn.ERASER in forget.ERASERS
    with psycopg.connect(places.owner) as connection:
        rows = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema', 'jobs', 'public')"
        ).fetchall()
        strangers = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_name NOT LIKE '%yoyo%'"
        ).fetchall()
    tables = {row[0] for row in rows}
    assert tables - set(claimed) - set(NOT_OF_A_RECORDING) == set(), "nobody answers for these"
    assert (set(claimed) | set(NOT_OF_A_RECORDING)) - tables == set(), "these are not there any more"
    assert strangers == []
    await ring.allow()
    await ring.turn(canary)
    prefixes = {path.name for path in (places.home / "objects").iterdir()}
    assert prefixes == {prefix for eraser in forget.ERASERS for prefix in eraser.prefixes}


async def test_a_job_knows_nothing_but_when(ring):
    """We looked at what the job queue is given: the names of its timetable and a time, never whose or what."""
    from earmark.worker import TIMETABLE, make_worker

    app = make_worker(ring.stores)
    assert {name for name in app.tasks if "procrastinate" not in name} == set(TIMETABLE) | {"retry_stalled"}
    deferrers = app.periodic_registry.periodic_tasks.values()
    assert all(task.configure_kwargs.get("task_kwargs", {}) == {} for task in deferrers)
