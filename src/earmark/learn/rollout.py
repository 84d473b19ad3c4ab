"""A better model goes to 5, 25, then 100 % of the devices, by what those live through; a worse one goes back by itself.

put_into_use(stores, version, by)      # a person or the policy: in stages, or at once where devices are few
await watch(stores)                    # the worker, each minute: counts, and takes a step when the numbers say so
await go_on(stores, by)                # a person: the next stage now, whatever the numbers
registry.rollback(stores, by)          # a person: back

Which part of the house runs the candidate is decided by the device: whoever is in the share is given the bundle for its
wake word, and once it says that it runs it, the assistant hears it with the same bundle's recogniser.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import numpy as np
from psycopg.types.json import Jsonb

from earmark import vault
from earmark.bundle import BUILTIN, load
from earmark.errors import BadBundle, Conflict, Forbidden
from earmark.learn import registry, rollout_rule
from earmark.learn.rollout_rule import FALSE_WAKES, REFUSALS, REQUESTS, STAGES, Arm, Decision
from earmark.learn.rollout_steps import SQL, Numbers, Rollout, end, going_on, place_key, place_of, rollout, write_step
from earmark.storage import Stores, fetch
from earmark.vault import Lived
from earmark.words import DeviceId

SMALL_FLEET = 20
"""Devices below which a share of them shows nothing: they get a bundle at once."""
_WEEK = timedelta(days=7)
"""Whole weeks have each hour and weekday once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDay:
    """What the installation's devices had on a day (of UTC) with one bundle: counts, no devices and no people."""

    day: date
    bundle: str
    devices: int
    wakes: int
    false_wakes: int
    understood: int
    refused: int


async def live_days(stores: Stores, days: int = 30) -> list[LiveDay]:
    """Return the last days, oldest first; a day and bundle that nothing happened with is missing."""
    since = stores.now().astimezone(UTC).date() - timedelta(days=days - 1)
    return [LiveDay(**row) for row in await fetch(stores.pool, SQL.live_days, {"since": since})]


async def fleet(stores: Stores) -> dict[str, int]:
    """Return how many devices run which bundle, as the worker last counted: most first."""
    return {row["bundle"]: row["devices"] for row in await fetch(stores.pool, SQL.fleet, {})}


async def put_into_use(
    stores: Stores, version: str, by: str, *, staged: bool | None = None
) -> Literal["promoted", "rolling"]:
    """Put a bundle into use, in stages or at once; returns which of both it is.

    `staged` None: as `EARMARK_ROLLOUT` says, and at once with fewer than `SMALL_FLEET` devices. What takes the models
    back that Earmark came with, or a bundle that was in use before, goes to all at once. Raises NotFound, BadBundle,
    Conflict (retired, in use, or another one is on its way).
    """
    known = {model.version: model for model in await registry.models(stores)}
    tried = version == BUILTIN.version or (version in known and known[version].promoted_at is not None)
    if staged is None:
        many = sum((await fleet(stores)).values()) >= SMALL_FLEET
        staged = stores.settings.rollout == "staged" and many and not tried
    if not staged:
        await registry.promote(stores, version, by)
        return "promoted"
    await begin(stores, version, by)
    return "rolling"


async def begin(stores: Stores, version: str, by: str) -> Rollout:
    """Give a candidate to the first devices. Raises NotFound, BadBundle and Conflict as `put_into_use` does."""
    if version == BUILTIN.version:
        raise Conflict
    await registry.bundle(stores, version)
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        state = await registry.check_usable(connection, version)
        if state == "promoted" or await going_on(connection):
            raise Conflict
        await connection.execute(SQL.stand_up, {"version": version})
        values = {"version": version, "builtin": BUILTIN.version, "stage": STAGES[0], "by": by, "now": stores.now()}
        row = await (await connection.execute(SQL.add_rollout, values)).fetchone()
        assert row is not None
        begun = Rollout(**row)
        why = f"It goes to {STAGES[0]} % of the devices first."
        await write_step(stores, connection, begun, "began", stage=STAGES[0], by=by, why=why, numbers=())
    return begun


async def go_on(
    stores: Stores,
    by: str,
    *,
    why: str = "Somebody decided so.",
    numbers: Numbers = (),
    expected: Rollout | None = None,
) -> Rollout:
    """Take the next step of the roll-out: more devices, in the end all of them.

    `expected`: what the decision was about. Raises Conflict when none is going on, or it has moved since.
    """
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        found = await going_on(connection)
        if found is None or (expected is not None and (found.id, found.stage) != (expected.id, expected.stage)):
            raise Conflict
        stage = STAGES[STAGES.index(found.stage) + 1]
        if stage == 100:
            await end(stores, connection, found, "promoted", by=by, why=why, numbers=numbers)
            await registry.promote_in(stores, connection, found.version, by)
        else:
            await connection.execute(SQL.next_stage, {"id": found.id, "stage": stage, "now": stores.now()})
            await write_step(stores, connection, found, "advanced", stage=stage, by=by, why=why, numbers=numbers)
    now = await rollout(stores)
    assert now is not None
    return now


async def watch(stores: Stores) -> Decision | None:
    """Count what devices live through, and take the roll-out's next step where the numbers say so.

    Returns what was decided; None while nothing is on its way. Raises Forbidden in a process without the signing key.
    """
    await _count(stores)
    out = await rollout(stores)
    if out is None or not out.going_on:
        return None
    out = await _reach(stores, out)
    decision = await _judge(stores, out)
    look = Jsonb({"at": stores.now().isoformat(timespec="seconds"), **decision.to_json()})
    await fetch(stores.pool, SQL.set_look, {"id": out.id, "stage": out.stage, "look": look})
    if decision.do == "wait":
        return decision
    numbers = [finding.to_json() for finding in decision.findings]
    try:
        if decision.do == "back":
            await _go_back(stores, out, decision.why, numbers)
        else:
            await asyncio.to_thread(_whole, stores, out.version)
            await go_on(stores, "policy", why=decision.why, numbers=numbers, expected=out)
    except BadBundle:
        await _go_back(stores, out, "Its files are damaged.", numbers)
    except Conflict:
        pass  # somebody was quicker; the next minute looks again
    return decision


def _whole(stores: Stores, version: str) -> None:
    load(stores.home.models / version, stores.home.public_key())


async def _go_back(stores: Stores, out: Rollout, why: str, numbers: Numbers) -> None:
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_bundles)
        await end(stores, connection, out, "rolled-back", by="policy", why=why, numbers=numbers)


async def _judge(stores: Stores, out: Rollout) -> Decision:
    """Return what the numbers of the present stage say."""
    now = stores.now()
    here = await vault.lived(stores, out.stage_at, now)
    before = await vault.lived(stores, out.began_at - _WEEK, out.began_at)
    arms = arms_of(out, _key(stores), here, before, share=(now - out.stage_at) / _WEEK)
    hours = (now - out.stage_at) / timedelta(hours=1)
    return rollout_rule.decide(out.stage, hours, arms, least_hours=stores.settings.rollout_hours)


def arms_of(
    out: Rollout, key: bytes, here: Sequence[Lived], before: Sequence[Lived], *, share: float
) -> Mapping[str, tuple[Arm, Arm]]:
    """Return both arms of each measure.

    Wakes and refusals count for the bundle that the device said it ran; requests for what it was given, whether or not
    it has taken it yet, or a bundle that never wakes would have no numbers. `share`: of a week since the stage began.
    """
    of = {FALSE_WAKES.name: ([], []), REFUSALS.name: ([], []), REQUESTS.name: ([], [])}
    # What another candidate did to a device in that week says nothing about the device.
    usual = [each for each in before if each.bundle == out.base]
    prone = {FALSE_WAKES.name: _prone(usual, _false_wakes), REFUSALS.name: _prone(usual, _refusals)}
    for each in here:
        if each.bundle in (out.version, out.base):
            arm = int(each.bundle == out.base)
            for name, count in ((FALSE_WAKES.name, _false_wakes), (REFUSALS.name, _refusals)):
                of[name][arm].append((*count(each), prone[name].get(each.device_id, 1.0)))
    understood: dict[DeviceId, int] = defaultdict(int)
    for each in here:
        understood[each.device_id] += each.understood
    expected: dict[DeviceId, float] = defaultdict(float)
    for each in before:
        expected[each.device_id] += each.understood * share
    for device, count in expected.items():
        if count:
            of[REQUESTS.name][int(not out.takes(key, device))].append((understood[device], count, 1.0))
    return {name: (_arm(candidate), _arm(base)) for name, (candidate, base) in of.items()}


def _false_wakes(each: Lived) -> tuple[int, int]:
    return each.false_wakes, each.wakes


def _refusals(each: Lived) -> tuple[int, int]:
    return each.refused, each.refused + each.understood


def _prone(before: Sequence[Lived], count: Callable[[Lived], tuple[int, int]]) -> dict[DeviceId, float]:
    sums: dict[DeviceId, tuple[int, int]] = {}
    for each in before:
        (k, n), (more, of) = sums.get(each.device_id, (0, 0)), count(each)
        sums[each.device_id] = k + more, n + of
    table = np.array(list(sums.values()), dtype=np.float64).reshape(-1, 2)
    return dict(zip(sums, rollout_rule.proneness(table[:, 0], table[:, 1]).tolist(), strict=True))


def _arm(devices: Sequence[tuple[float, float, float]]) -> Arm:
    table = np.array(devices, dtype=np.float64).reshape(-1, 3)
    return Arm(happened=table[:, 0], of=table[:, 1], prone=table[:, 2])


async def _reach(stores: Stores, out: Rollout) -> Rollout:
    """Have at least one device in the share, where there is any."""
    if out.reach is not None:
        return out
    key, share = _key(stores), out.stage / 100
    places = [place_of(key, out.version, device) for device in await vault.device_ids(stores)]
    reach = max(share, math.nextafter(min(places, default=0.0), 1.0))
    await fetch(stores.pool, SQL.set_reach, {"id": out.id, "stage": out.stage, "reach": reach})
    found = await rollout(stores)
    assert found is not None
    return found


def _key(stores: Stores) -> bytes:
    if stores.signing_key is None:
        raise Forbidden
    return place_key(stores.signing_key)


async def _count(stores: Stores) -> None:
    """Count the day that goes on and the one before, and which bundles devices run."""
    today = stores.now().astimezone(UTC).date()
    for day in (today - timedelta(days=1), today):
        start = datetime.combine(day, time(), UTC)
        sums: dict[str, dict[str, int]] = {}
        for each in await vault.lived(stores, start, start + timedelta(days=1)):
            counts = sums.setdefault(each.bundle, dict.fromkeys(("devices", *_COUNTED), 0))
            counts["devices"] += 1
            for name in _COUNTED:
                counts[name] += getattr(each, name)
        async with stores.pool.connection() as connection, connection.transaction():
            for bundle, counts in sorted(sums.items()):
                await connection.execute(SQL.set_live_day, {"day": day, "bundle": bundle, **counts})
    running = await vault.bundles_of_devices(stores)
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.forget_fleet)
        values = {"bundles": list(running), "devices": list(running.values())}
        await connection.execute(SQL.set_fleet, values)


_COUNTED = ("wakes", "false_wakes", "understood", "refused")
