"""`earmark bench ingest`: clips kept a second, encrypted, beside the same clips kept in plain.

Both encode the same sound to FLAC, sync the file and its folder, and commit a row to a table with the same columns and
indices before a clip counts as kept. The plain one asks nobody's consent, makes no key and seals nothing. Rounds of the
two alternate, each with the same number of clips under way, so that another program on the machine slows both.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random

import psycopg

from earmark import accounts, audio, vault
from earmark.bench.canary import Canary
from earmark.bench.crowd import SQL, Resident, move_in, sayings
from earmark.bench.installation import installation, owner_of
from earmark.storage import FolderObjects, Stores, fetch, open_stores
from earmark.supervisor import Progress
from earmark.vault import Content, NewInteraction, Wake
from earmark.words import PcmAudio, Seconds

CLIPS = 200
"""Clips a round."""
ROUNDS = 7
UNDER_WAY = 16
"""Clips that are being kept at a time."""
_SYNCS = 50
_CLIP: Seconds = 5.0

Keep = Callable[[PcmAudio, Content], Awaitable[object]]


def run(note: Progress, *, clips: int = CLIPS, rounds: int = ROUNDS) -> dict[str, float]:
    """Keep clips of 5 s, encrypted and in plain, in turns."""
    with installation(note) as (settings, postgres):
        with psycopg.connect(owner_of(settings, postgres), autocommit=True) as connection:
            connection.execute(SQL.plain_table)

        async def measure() -> dict[str, float]:
            async with open_stores("earmark_home", settings, size=UNDER_WAY) as stores:
                return await _measure(stores, note, clips, rounds)

        return asyncio.run(measure())


async def _measure(stores: Stores, note: Progress, clips: int, rounds: int) -> dict[str, float]:
    household = await accounts.create_household(stores)
    who = await move_in(stores, household, "Bench")
    plain_folder = FolderObjects(stores.home.folder / "plain")
    sound, said = Canary.fresh(_CLIP).audio, list(islice(sayings(Random(1)), clips))

    async def encrypted(clip: PcmAudio, content: Content) -> None:
        await vault.record(stores, _new(stores, who, clip, content))

    async def plain(clip: PcmAudio, content: Content) -> None:
        await _keep_plain(stores, plain_folder, who, clip, content)

    for keep in (encrypted, plain):  # the first ones open connections and make folders
        await _round(keep, sound, said)
    shares, seconds = [], {encrypted: 0.0, plain: 0.0}
    for number in range(rounds):
        note(f"keeping {clips} clips each way, round {number + 1} of {rounds}")
        took = {}
        for keep in (encrypted, plain) if number % 2 else (plain, encrypted):
            took[keep] = await _round(keep, sound, said)
            seconds[keep] += took[keep]
        shares.append(took[plain] / took[encrypted])
    return {
        "clips_per_s": round(rounds * clips / seconds[encrypted], 1),
        "plain_clips_per_s": round(rounds * clips / seconds[plain], 1),
        "ratio": round(statistics.median(shares), 2),
        "ratio_worst": round(min(shares), 2),
        "under_way": UNDER_WAY,
        "clip_bytes": len(audio.encode(sound)),
        "sync_ms": round(_sync_ms(stores.home.folder), 2),
    }


async def _round(keep: Keep, sound: PcmAudio, said: list[Content]) -> Seconds:
    """Keep a clip for each of these and return the time it took."""
    waiting = iter(said)

    async def client() -> None:
        for content in waiting:
            await keep(sound, content)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(UNDER_WAY)))
    return time.perf_counter() - began


def _new(stores: Stores, who: Resident, clip: PcmAudio, content: Content) -> NewInteraction:
    return NewInteraction(
        person_id=who.id,
        device_id=who.device,
        started_at=stores.now(),
        kind="command",
        audio=clip,
        wake=Wake(word="alexa", score=0.97, start=0.5, end=1.2),
        content=content,
    )


async def _keep_plain(stores: Stores, folder: FolderObjects, who: Resident, clip: PcmAudio, content: Content) -> None:
    def write() -> str:
        return folder.put("plain", audio.encode(clip))

    name = await asyncio.to_thread(write)
    values = {
        "id": uuid.uuid4(),
        "person": who.id,
        "device": who.device,
        "grant": who.grant,
        "now": stores.now(),
        "slot": uuid.uuid4().int >> 66,
        "object": name,
        "expires_at": stores.now() + timedelta(days=30),
        "content": json.dumps(content.to_json(), ensure_ascii=False).encode(),
        "words": [word.encode() for word in dict.fromkeys(content.text.split())],
    }
    await fetch(stores.pool, SQL.plain_insert, values)


def _sync_ms(folder: Path) -> float:
    """Return what one clip's worth of file costs to sync, alone: the median in ms."""
    times, data = [], os.urandom(80_000)
    for _ in range(_SYNCS):
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(data)
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)
