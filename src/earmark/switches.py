"""The switches: a word of its owner, and what follows from it in every room."""

from __future__ import annotations

from earmark import airlock, consent, vault
from earmark.consent import How, Purpose
from earmark.forget import drop_false_wakes
from earmark.storage import Stores
from earmark.words import DeviceId, PersonId


async def switch(
    stores: Stores,
    person_id: PersonId,
    purpose: Purpose,
    allowed: bool,
    *,
    how: How,
    device_id: DeviceId | None = None,
    keep_days: int | None = None,
    language: str = "en",
) -> None:
    """Write down what somebody allows or stops, for all devices or for one, and carry out what follows.

    `language` is the one in which the switch stood before them.

    When this returns, no page can play or answer a clip that a withdrawal covers. `keep_days` is said with `save`.
    Raises what `consent.set_grant` does.
    """
    await consent.set_grant(
        stores, person_id, purpose, allowed, how=how, device_id=device_id, keep_days=keep_days, language=language
    )
    match purpose:
        case "save":
            await vault.reset_clocks(stores, person_id, device_id)
        case "hear_first":
            if allowed:
                await airlock.ask_first(stores, person_id)
        case _ if not allowed:
            await airlock.recall(stores, person_id, purpose=purpose, device_id=device_id)
            if purpose == "donate":
                await drop_false_wakes(stores, person_id)
        case _:
            pass
