"""Devices: whose they are, what they are called (sealed), and the token they show."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from earmark.errors import NotFound, SignInNeeded
from earmark.storage import Row, Stores, derive, fetch, seal_json, unseal_json
from earmark.vault.keeping import SQL
from earmark.words import DeviceId, HouseholdId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One microphone of a household."""

    id: DeviceId
    household_id: HouseholdId
    person_id: PersonId
    """Whose history it fills."""
    name: str
    wake_word: str
    bundle: str
    """The model bundle it said it runs."""
    since: date
    """The day it was added."""


def _key(stores: Stores, person_slot: int) -> bytes:
    return derive(stores.vault_keys.secret(person_slot), purpose="device")


def _device(stores: Stores, row: Row) -> Device:
    content = unseal_json(_key(stores, row["person_slot"]), row["sealed"], place=f"device:{row['id']}")
    return Device(
        id=row["id"],
        household_id=row["household_id"],
        person_id=row["person_id"],
        name=content["name"],
        wake_word=row["wake_word"],
        bundle=row["bundle"],
        since=row["created_on"],
    )


async def add_device(
    stores: Stores, *, household_id: HouseholdId, person_id: PersonId, name: str, wake_word: str = "alexa"
) -> tuple[DeviceId, str]:
    """Add a device and return its id and the token it signs in with, which is not stored."""
    device, token = DeviceId(uuid.uuid4()), secrets.token_urlsafe(32)
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.key_slot_of_person, {"person": person_id})).fetchone()
        if row is None or row["key_slot"] is None:  # who came to the floor by an invitation has no key of their own
            raise NotFound
        await connection.execute(
            SQL.add_device,
            {
                "id": device,
                "household": household_id,
                "person": person_id,
                "sealed": seal_json(_key(stores, row["key_slot"]), {"name": name}, place=f"device:{device}"),
                "token_hash": sha256(token.encode()).digest(),
                "wake_word": wake_word,
                "on": stores.now().date(),
            },
        )
    return device, token


async def devices(stores: Stores, person_id: PersonId) -> list[Device]:
    """Return a person's devices."""
    rows = await fetch(stores.pool, SQL.devices, {"person": person_id})
    return [_device(stores, row) for row in rows]


async def device_by_token(stores: Stores, token: str) -> Device:
    """Return the device that shows this token. Raises SignInNeeded."""
    async with stores.pool.connection() as connection:
        values = {"token_hash": sha256(token.encode()).digest()}
        row = await (await connection.execute(SQL.device_by_token, values)).fetchone()
    if row is None:
        raise SignInNeeded
    return _device(stores, row)


async def device_runs(stores: Stores, device_id: DeviceId, bundle: str) -> None:
    """Write down which bundle a device has loaded."""
    async with stores.pool.connection() as connection:
        await connection.execute(SQL.device_runs, {"id": device_id, "bundle": bundle})


async def bundles_of_devices(stores: Stores) -> dict[str, int]:
    """Return how many devices have loaded which bundle."""
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute(SQL.bundles_of_devices)).fetchall()
    return {row["bundle"]: row["devices"] for row in rows}
