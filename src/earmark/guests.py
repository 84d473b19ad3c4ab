"""Guests: from a spoken code to seeing and deleting what a device heard of somebody without an account."""

from __future__ import annotations

from collections.abc import Sequence

from earmark import airlock, vault
from earmark.errors import NotFound
from earmark.forget import ERASERS
from earmark.storage import Stores
from earmark.vault import GuestSession, Receipt
from earmark.words import DeviceId, InteractionId


async def make_code(stores: Stores, device_id: DeviceId) -> str:
    """Begin a guest's voice session on a device and return the digits to be spoken.

    Nobody reviews what was and will be said in it: what is under way already is pulled back.
    """
    code, taken_in = await vault.begin_guest_session(stores, device_id)
    if taken_in:
        await airlock.recall_these(stores, taken_in, "guest")
    return code


async def forget_heard(stores: Stores, session: GuestSession, ids: Sequence[InteractionId] | None = None) -> Receipt:
    """Erase these of a guest's session, or all of it, from every room. Raises NotFound for anything outside it."""
    heard = [item.id for item in await vault.heard_of_guest(stores, session)]
    chosen = heard if ids is None else [each for each in ids if each in heard]
    if not chosen:
        raise NotFound
    return await vault.erase(stores, session.person_id, chosen, how="guest", erasers=ERASERS)
