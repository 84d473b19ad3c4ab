"""A vault full of people, for measurements among very many: rows as the rooms write them, brought in with COPY.

Keys, rows, search words and names of files are real throughout. For whom a measurement opens or erases, words are
sealed under each recording's own key, and each sound is a file of its own. For the crowd around them the sealed bytes
are the same few again and again, and the files are hard links to a few.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, LiteralString

from earmark import accounts, audio, consent, review, vault
from earmark.storage import Connection, FolderObjects, Statements, Stores, blind, derive, seal, seal_json
from earmark.supervisor import Progress
from earmark.vault import Content, Word
from earmark.words import DeviceId, HouseholdId, InteractionId, PcmAudio, PersonId, TaskId

SQL = Statements("earmark.bench")
OFFERED, CHOSEN = 2, 20
"""Of so many recordings one is offered to the airlock, and one is chosen, reviewed twice a question and labelled."""
QUESTIONS = ("wake", "transcript", "understood")
VOCABULARY = (
    *("please", "turn", "the", "kitchen", "light", "on", "add", "oat", "milk", "to"),
    *("my", "shopping", "list", "what", "time", "is", "it", "set", "a", "timer"),
)
REPLY = "It is done."
_KINDS: tuple[vault.Kind, ...] = ("command", "command", "command", "question", "message", "refused")
_LINKS = 30_000
"""Names that one file may have; ext4 allows 65,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody whose recordings are brought in."""

    id: PersonId
    device: DeviceId
    grant: int
    secret: bytes
    """The person's, under which search words are blinded and every key is derived."""


async def move_in(stores: Stores, household: HouseholdId, name: str) -> Resident:
    """Add a person who allows keeping and review."""
    person = await accounts.create_person(stores, name=name, roles=["owner"], household_id=household)
    grant = await consent.set_grant(stores, person, "save", True, how="api")
    await consent.set_grant(stores, person, "review", True, how="api")
    device, _ = await vault.add_device(stores, household_id=household, person_id=person, name="Kitchen")
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.person_slot, {"person": person})).fetchone()
    assert row is not None
    secret = stores.vault_keys.secret(row["key_slot"])
    return Resident(id=person, device=device, grant=grant, secret=secret)


def sayings(rng: Random, extra: Sequence[str] = ()) -> Iterator[Content]:
    """Yield what people say, for ever: six common words and these."""
    while True:
        said = [*rng.choices(VOCABULARY, k=6), *extra]
        times = ((text, 0.3 * place) for place, text in enumerate(said))
        words = tuple(Word(text=text, start=at, end=at + 0.2, confidence=0.9) for text, at in times)
        yield Content(text=" ".join(said), words=words, intent="shoppingAdd", reply=REPLY, accepted=True)


async def fill(
    stores: Stores,
    who: Resident,
    said: Iterable[Content],
    *,
    own_keys: bool,
    sound: PcmAudio | None = None,
    reviewed: bool = True,
    first: int = 0,
    every: timedelta = timedelta(minutes=7),
) -> list[InteractionId]:
    """Bring in one interaction for each content, newest first, and what review made of every twentieth.

    `own_keys`: whether what is sealed can be opened; `sound`: what each recording holds, None for hard links. The
    newest is `first` times `every` ago. Returns the interactions' ids.
    """
    contents, now = list(said), stores.now()
    ids = [InteractionId(uuid.uuid4()) for _ in contents]
    start = now - first * every
    rows, chosen = await asyncio.to_thread(_recordings, stores, who, ids, contents, own_keys, sound, start, every)
    async with stores.pool.connection() as connection:
        await _copy(connection, SQL.fill, rows)
        if reviewed:
            offers = [(each, now.date(), True) for each in ids[::OFFERED]]
            await _copy(connection, SQL.fill_offers, offers)
            tables = await asyncio.to_thread(_review, stores, chosen, own_keys, sound, now)
            for name, lines in tables.items():
                await _copy(connection, getattr(SQL, f"fill_{name}"), lines)
    return ids


async def fill_crowd(
    stores: Stores, household: HouseholdId, count: int, *, each: int, note: Progress, reviewed: bool = True
) -> int:
    """Bring in `count` interactions of people who have `each` of them. Returns how many people that were."""
    people = 0
    for done in range(0, count, each):
        if people % 10 == 0:
            note(f"filling the vault: {done:,} of {count:,} interactions of others")
        people += 1
        said = islice(sayings(Random(people)), min(each, count - done))
        await fill(
            stores, await move_in(stores, household, f"Person {people}"), said, own_keys=False, reviewed=reviewed
        )
    return people


async def _copy(connection: Connection, statement: LiteralString, rows: Sequence[tuple[Any, ...]]) -> None:
    async with connection.cursor().copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A recording that goes through review; `key` is its own, or None in the crowd."""

    id: InteractionId
    content: Content
    key: bytes | None


def _recordings(
    stores: Stores,
    who: Resident,
    ids: Sequence[InteractionId],
    contents: Sequence[Content],
    own_keys: bool,
    sound: PcmAudio | None,
    newest: datetime,
    every: timedelta,
) -> tuple[list[tuple[Any, ...]], list[_Chosen]]:
    slots = [stores.vault_keys.reserve() for _ in ids]
    search = derive(who.secret, purpose="search")
    tokens = {word: blind(search, word) for word in {word for each in contents for word in each.text.split()}}
    keys: list[bytes | None] = [None] * len(ids)
    if own_keys:
        keys = [derive(who.secret, stores.vault_keys.secret(slot), purpose="recording") for slot in slots]
    if sound is not None:
        flac = audio.encode(sound)
        sealed_sounds = (
            seal(key, flac, place=f"sound:{each}") for each, key in zip(ids, keys, strict=True) if key is not None
        )
        names = _put(stores, "vault", sealed_sounds)
    else:
        names = _link(stores, "vault", len(ids))
    shared = seal_json(secrets.token_bytes(32), contents[0].to_json(), place="crowd")
    rows: list[tuple[Any, ...]] = []
    for index, (identifier, content, slot, key, name) in enumerate(zip(ids, contents, slots, keys, names, strict=True)):
        at = newest - every * index
        sealed = shared if key is None else seal_json(key, content.to_json(), place=f"interaction:{identifier}")
        found = [tokens[word] for word in dict.fromkeys(content.text.split())]
        till, kind = at + timedelta(days=3650), _KINDS[index % len(_KINDS)]
        rows.append(
            (identifier, who.id, who.device, who.grant, at, kind, slot, name, 5.0, "builtin", till, sealed, found)
        )
    picked = range(0, len(ids), CHOSEN)
    return rows, [_Chosen(id=ids[i], content=contents[i], key=keys[i]) for i in picked]


def _review(
    stores: Stores, chosen: Sequence[_Chosen], own_keys: bool, sound: PcmAudio | None, now: datetime
) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows that choices, copies, answers and labels leave behind, in the order in which they go in."""
    day, region, reviewers = now.date(), "home", (uuid.uuid4(), uuid.uuid4())
    jobs = [(one, question, TaskId(uuid.uuid4())) for one in chosen for question in QUESTIONS]
    slots = [stores.review_keys.reserve() for _ in jobs]
    keys = [secrets.token_bytes(32)] * len(jobs)
    if own_keys:
        keys = [review.masked_key(stores, slot) for slot in slots]
    if sound is not None:
        wav = audio.encode(sound, format="WAV")
        names = _put(
            stores,
            review.PREFIX,
            (review.seal_sound(key, task, wav) for (_, _, task), key in zip(jobs, keys, strict=True)),
        )
    else:
        names = _link(stores, review.PREFIX, len(jobs))
    names_of = ("choices", "tasks", "seals", "judgements", "floor_labels", "labels", "hearings", "heard")
    found: dict[str, list[tuple[Any, ...]]] = {name: [] for name in names_of}
    found["choices"] = [(one.id, day, "measurement", 0.05, "done") for one in chosen]
    for (one, question, task), slot, key, name in zip(jobs, slots, keys, names, strict=True):
        answer = {"value": "said", "text": one.content.text}
        prefill = review.seal_prefill(key, task, answer)
        exclusion, shuffled = secrets.token_bytes(8), secrets.randbits(52) / 2**52
        found["tasks"].append(
            (task, question, "en", region, "done", shuffled, name, slot, prefill, exclusion, 2, 2, day)
        )
        found["seals"].append((task, one.id, question, True))
        for reviewer in reviewers:
            given = seal_json(key, answer, place=f"judgement:{task}")
            found["judgements"].append((task, reviewer, uuid.uuid4(), given, 4.0, day))
            found["hearings"].append((task, reviewer, "reviewer", region, day, 1, True))
            found["heard"].append((one.id, "reviewer", region, day, "checking what was said"))
        found["floor_labels"].append((task, seal_json(key, answer, place=f"label:{task}"), "agreement", day))
        label = uuid.uuid4()
        home = seal_json(one.key or key, {"answer": answer, "made_by": "agreement"}, place=f"label:{label}")
        found["labels"].append((label, one.id, question, home, day))
    return found


def _put(stores: Stores, prefix: str, sealed: Iterable[bytes]) -> list[str]:
    """Store objects the way the rooms do, many at a time: each waits for the disk."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda data: stores.objects.put(prefix, data), sealed))


def _link(stores: Stores, prefix: str, count: int) -> list[str]:
    """Give a few files many names: folders as full as they would be, without the bytes."""
    objects = stores.objects
    assert isinstance(objects, FolderObjects), "a measurement keeps its objects in a folder"
    names: list[str] = []
    source = objects.folder
    for index in range(count):
        if index % _LINKS == 0:
            names.append(objects.put(prefix, secrets.token_bytes(80_000)))
            source = objects.folder / names[-1]
            continue
        random = uuid.uuid4().hex
        names.append(f"{prefix}/{random[:2]}/{random}")
        target = objects.folder / names[-1]
        try:
            os.link(source, target)
        except FileNotFoundError:
            target.parent.mkdir(exist_ok=True, mode=0o700)
            os.link(source, target)
    return names
