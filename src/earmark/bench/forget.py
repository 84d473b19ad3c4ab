"""`earmark bench forget`: erase everything of one person, among few other recordings and among very many.

Both are done in one run, one after the other, so that their ratio says whether the time grows with other people's data.
Before it, what is sealed of the person is copied, as a thief would; afterwards each piece is tried with its key, made
again from what the stores still hold, and every byte of the database's files and log, of objects, keys and temporary
files is searched for what was said.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import LiteralString

import psycopg

from earmark import accounts, vault
from earmark.bench.canary import Canary, found_bytes
from earmark.bench.crowd import SQL, Resident, fill, fill_crowd, move_in, sayings
from earmark.bench.installation import installation, owner_of
from earmark.errors import EarmarkError
from earmark.forget import forget
from earmark.settings import Settings
from earmark.storage import EmbeddedPostgres, Stores, derive, fetch, open_stores, unseal
from earmark.supervisor import Progress
from earmark.words import HouseholdId

ROWS = 1_000_000
_SHARE = 100
"""Everybody has one of so many interactions."""
_LINES = 20
"""Lines on the list that the person had kept."""
_SOUNDS = 200
"""Files of the person's that the thief copies; of the others it is enough that they are gone."""


def run(note: Progress, *, rows: int = ROWS) -> dict[str, float]:
    """Erase a person who has a hundredth of `rows` interactions."""
    with installation(note) as (settings, postgres):
        tempfile.tempdir = str(settings.home.parent)  # so that what is left in temporary files is found as well
        try:
            return asyncio.run(_measure(settings, postgres, rows, note))
        finally:
            tempfile.tempdir = None


async def _measure(settings: Settings, postgres: EmbeddedPostgres, rows: int, note: Progress) -> dict[str, float]:
    own = max(1, rows // _SHARE)
    async with open_stores("earmark_worker", settings) as worker, open_stores("earmark_home", settings) as home:
        household = await accounts.create_household(worker)
        town = Town(worker=worker, home=home, household=household, owner=owner_of(settings, postgres), note=note)
        roots = (postgres.base, settings.home.parent)
        few, left_of_few = await town.erase_somebody(own, among=2 * own, roots=roots)
        many, left_of_many = await town.erase_somebody(own, among=rows, roots=roots)
    return {
        "people": town.people,
        "interactions": rows,
        "erased": own,
        "seconds": round(many, 3),
        "few": 2 * own,
        "seconds_among_few": round(few, 3),
        "ratio": round(many / few, 2),
        "leftover_bytes": left_of_few + left_of_many,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Some ciphertext as a thief has it."""

    store: str
    slot: int
    """Where the key that sealed it lies, in that store."""
    place: str
    data: bytes


@dataclass(slots=True, kw_only=True)
class Town:
    """An installation that people move in to."""

    worker: Stores
    home: Stores
    """As the owner's pages have them: that is where somebody erases."""
    household: HouseholdId
    owner: str
    """Connection string of the database's owner."""
    note: Progress
    people: int = 0
    others: int = 0
    """Interactions of people who stay."""

    async def erase_somebody(self, own: int, *, among: int, roots: Sequence[Path]) -> tuple[float, int]:
        """Fill up to `among` interactions, `own` of them somebody's, and erase these.

        Returns the seconds it took and the readable bytes it left.
        """
        count = among - own - self.others
        self.people += await fill_crowd(self.worker, self.household, count, each=own, note=self.note)
        self.others += count
        person, canary = await move_in(self.worker, self.household, "Somebody"), Canary.fresh()
        self.people += 1
        self.note(f"recording {own:,} of somebody who will be erased, each under a key of its own")
        said = islice(sayings(Random(1), canary.words), own)
        await fill(self.worker, person, said, own_keys=True, sound=canary.audio, every=timedelta(minutes=1))
        for _ in range(_LINES):
            content = {"item": canary.words[0]}
            await vault.keep(
                self.worker, household_id=self.household, person_id=person.id, kind="shopping", content=content
            )
        await self._make_version(among)
        self._have_database("VACUUM ANALYZE")
        pieces, files = await self._steal(person)
        whole = sum(len(piece.data) for piece in pieces)
        assert _readable(self.worker, person, pieces) == whole, "the attack must work while the keys live"

        self.note(f"erasing {own:,} interactions among {among:,}")
        began = time.perf_counter()
        receipt = await forget(self.home, person.id, "all", how="settings")
        seconds = time.perf_counter() - began
        assert receipt["erased"]["recordings"] == own
        assert receipt["erased"]["datasets"] == 1

        self.note("searching every file for what is left")
        self._have_database("CHECKPOINT")
        spilled = found_bytes(roots, canary.needles())
        return seconds, spilled + _readable(self.worker, person, pieces) + _bytes_of(self.worker, files)

    async def _make_version(self, among: int) -> None:
        values = {"version": f"{among:016x}", "on": self.worker.now().date()}
        async with self.worker.pool.connection() as connection:
            await connection.execute(SQL.fill_dataset, values)

    def _have_database(self, do: LiteralString) -> None:
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute(do)

    async def _steal(self, person: Resident) -> tuple[list[_Piece], list[str]]:
        """Copy everything of a person that is sealed in the database, some of the files, and the names of all."""
        values = {"person": person.id}
        rows = await fetch(self.worker.pool, SQL.pieces, values)
        sounds = await fetch(self.worker.pool, SQL.sounds, values)
        for row in sounds[:: max(1, len(sounds) // _SOUNDS)]:
            rows.append({**row, "sealed": self.worker.objects.get(row["object"])})
        pieces = [_Piece(store=r["store"], slot=r["key_slot"], place=r["place"], data=bytes(r["sealed"])) for r in rows]
        return pieces, [row["object"] for row in sounds]


def _readable(stores: Stores, person: Resident, pieces: Sequence[_Piece]) -> int:
    """Return how many bytes of these open with the keys that can still be made; the thief has the person's secret."""
    found = 0
    for piece in pieces:
        with suppress(EarmarkError):
            if piece.store == "vault":
                key = derive(person.secret, stores.vault_keys.secret(piece.slot), purpose=_purpose(piece))
            else:
                key = derive(stores.review_keys.secret(piece.slot), purpose="masked")
            unseal(key, piece.data, place=piece.place)
            found += len(piece.data)
    return found


def _purpose(piece: _Piece) -> str:
    return "keepsake" if piece.place.startswith("keepsake:") else "recording"


def _bytes_of(stores: Stores, names: Sequence[str]) -> int:
    """Return the bytes of those of these files that are still there."""
    found = 0
    for name in names:
        with suppress(EarmarkError):
            found += len(stores.objects.get(name))
    return found
