"""Making masked copies: open, mask, seal under a fresh key, and put the tasks in the queue in random order."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import Any

import numpy as np

from earmark import accounts, audio, audit, review, vault
from earmark.airlock.choosing import SQL, Asker, ask_owners
from earmark.airlock.identifiers import name_words
from earmark.airlock.planning import Copy, Plan, Step, allowed, plan
from earmark.airlock.sound import mask
from earmark.errors import BadInput, Erased, NotFound
from earmark.storage import Row, Stores
from earmark.vault import Interaction
from earmark.words import DeviceId, InteractionId, PcmAudio, PersonId, TaskId

_BATCH = 32
"""Choices opened at a time: their sound is in memory until their copies are sealed."""
_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """What a task carries about a person, without saying who."""

    language: str
    exclusion_secret: bytes
    names: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    interaction: Interaction
    audio: PcmAudio
    about: _About
    step: Step
    """How far the choice had come when it was opened."""
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    interaction: Interaction
    question: review.Question
    task: review.NewTask


def exclusion(secret: bytes, task_id: TaskId) -> bytes:
    """Return 8 bytes that only the household's own secret can recognise; different for every task."""
    return sha256(secret + task_id.bytes).digest()[:8]


def spread(tasks: Sequence[tuple[TaskId, DeviceId | None]]) -> dict[TaskId, float]:
    """Return a place in the queue, 0 to 1, for each task, so that every device's are spread over all of it.

    A device's tasks each get a stretch of their own, in random order, and a random place within it: whoever goes on
    from any point of the queue hears many microphones, not one household after the other. Places drawn without regard
    to the device come in runs.
    """
    by_device: dict[DeviceId | None, list[TaskId]] = {}
    for task_id, device in tasks:
        by_device.setdefault(device, []).append(task_id)
    places: dict[TaskId, float] = {}
    for ids in by_device.values():
        _CHANCE.shuffle(ids)
        turn = _CHANCE.random()
        for number, task_id in enumerate(ids):
            places[task_id] = (turn + (number + _CHANCE.random()) / len(ids)) % 1.0
    return places


def machine_first(task_id: TaskId) -> bool:
    """Tell which of two texts stands first in a comparison; the id was drawn at random, and nobody else can tell."""
    return sha256(b"compare" + task_id.bytes).digest()[0] < 128


async def make_due(stores: Stores, rng: Random) -> int:
    """Make the tasks of every choice that waits for them. Returns how many tasks."""
    made, after = 0, InteractionId(uuid.UUID(int=0))
    while True:
        async with stores.pool.connection() as connection:
            rows = await (await connection.execute(SQL.due, {"limit": _BATCH, "after": after})).fetchall()
            ids = [row["interaction_id"] for row in rows]
            hidden = {
                row["interaction_id"] for row in await (await connection.execute(SQL.flagged, {"ids": ids})).fetchall()
            }
        if not rows:
            return made
        after = ids[-1]
        made += await _make(stores, [row for row in rows if row["interaction_id"] not in hidden], rng)


async def _make(stores: Stores, rows: Sequence[Row], rng: Random) -> int:
    ask, people, specs = Asker(stores), dict[PersonId, _About](), await review.asked_now(stores)

    def asked(spec: review.Spec) -> bool:
        return spec.share >= 1 or rng.random() < spec.share

    opened: list[_Opened] = []
    for row in rows:
        try:
            interaction, sound = await vault.open_for_review(stores, row["interaction_id"])
            if interaction.person_id not in people:
                people[interaction.person_id] = await _about(stores, interaction.person_id)
        except (NotFound, Erased, BadInput):
            continue  # it is being erased; or it can't be read, and `earmark doctor` says so
        about = people[interaction.person_id]
        opened.append(
            _Opened(
                interaction=interaction,
                audio=sound,
                about=about,
                step=row["step"],
                plan=plan(
                    interaction,
                    step=row["step"],
                    grants=await ask(interaction.person_id),
                    names=about.names,
                    language=about.language,
                    specs=specs,
                    ask=asked,
                ),
            )
        )
    padding = np.random.default_rng(rng.getrandbits(128))
    drafts = await asyncio.to_thread(_draft_all, stores, opened, padding)
    kept: set[TaskId] = set()
    try:
        kept = await _commit(stores, opened, drafts, specs)
    finally:
        await asyncio.to_thread(_take_back, stores, [draft for draft in drafts if draft.task.id not in kept])
    return len(kept)


async def _about(stores: Stores, person_id: PersonId) -> _About:
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.about_person, {"person": person_id})).fetchone()
    if row is None:
        raise NotFound
    if row["household_id"] is None:
        members = [await accounts.person(stores, person_id)]
    else:
        members = await accounts.people(stores, row["household_id"])
    return _About(
        language=row["languages"][0] if row["languages"] else "",
        exclusion_secret=row["exclusion_secret"] or secrets.token_bytes(16),
        names=name_words(member.name for member in members),
    )


def _draft_all(stores: Stores, opened: Sequence[_Opened], rng: np.random.Generator) -> list[_Draft]:
    """Seal every copy, in random order with slots dealt out at random: neighbours in a store say nothing."""
    jobs = [(one, copy) for one in opened for copy in one.plan.copies]
    _CHANCE.shuffle(jobs)
    slots = [stores.review_keys.reserve() for _ in jobs]
    _CHANCE.shuffle(slots)
    drafts: list[_Draft] = []
    try:
        for (one, copy), slot in zip(jobs, slots, strict=True):
            drafts.append(_draft(stores, one, copy, slot, rng))
    except BaseException:
        _take_back(stores, drafts)
        stores.review_keys.destroy(slots)
        raise
    return drafts


def _draft(stores: Stores, one: _Opened, copy: Copy, slot: int, rng: np.random.Generator) -> _Draft:
    task_id = TaskId(uuid.uuid4())
    masked = mask(one.audio, copy.span, copy.hidden, lengths=copy.lengths, rng=rng)
    prefill: dict[str, Any] = dict(copy.prefill)
    prefill["speech"] = [[round(start + masked.offset, 2), round(end + masked.offset, 2)] for start, end in copy.speech]
    if texts := prefill.pop("texts", None):  # which of the two stands first says nothing
        prefill["a"], prefill["b"] = texts if machine_first(task_id) else reversed(texts)
    if copy.words:
        prefill["words"] = [
            {
                "text": text,
                "start": round(start + masked.offset, 2),
                "end": round(end + masked.offset, 2),
                "confidence": round(confidence, 2),
            }
            for text, start, end, confidence in copy.words
        ]
    key = review.masked_key(stores, slot)
    wav = audio.encode(masked.audio, format="WAV")
    name = stores.objects.put(review.PREFIX, review.seal_sound(key, task_id, wav))
    return _Draft(
        interaction=one.interaction,
        question=copy.question,
        task=review.NewTask(
            id=task_id,
            question=copy.question,
            language=one.about.language,
            region=stores.settings.region,
            object=name,
            key_slot=slot,
            sealed=review.seal_prefill(key, task_id, prefill),
            exclusion=exclusion(one.about.exclusion_secret, task_id),
        ),
    )


async def _commit(
    stores: Stores, opened: Sequence[_Opened], drafts: Sequence[_Draft], specs: Mapping[review.Question, review.Spec]
) -> set[TaskId]:
    """Put the drafts in the queue whose recordings still exist and whose owners still allow it.

    The rows' locks come before the question: a withdrawal or an erasure that arrives now waits, and then finds them.
    """
    kept: set[TaskId] = set()
    async with stores.pool.connection() as connection, connection.transaction():
        ids = [one.interaction.id for one in opened]
        held = await (await connection.execute(SQL.hold_choices, {"ids": ids})).fetchall()
        # Another round may have made these tasks while this one was masking.
        due = {one.interaction.id: one.step for one in opened}
        said = {row["interaction_id"]: row["owner_said"] for row in held}
        alive = {row["interaction_id"] for row in held if row["step"] == due[row["interaction_id"]]}
        ask = Asker(stores)
        # Its owner may have turned "Let me hear it first" while it was drawn.
        first = [
            one.interaction.id
            for one in opened
            if one.interaction.id in alive
            and said[one.interaction.id] != "yes"
            and (await ask(one.interaction.person_id)).allows("hear_first")
        ]
        await ask_owners(stores, connection, first)
        alive -= set(first)
        places = spread([(draft.task.id, draft.interaction.device_id) for draft in drafts])
        for draft in drafts:
            interaction = draft.interaction
            if interaction.id not in alive:
                continue
            if draft.question not in allowed(await ask(interaction.person_id), interaction, specs):
                continue
            await review.add_task(connection, stores, draft.task, at=places[draft.task.id])
            values = {"task": draft.task.id, "interaction": interaction.id, "question": draft.question}
            await connection.execute(SQL.add_seal, values)
            kept.add(draft.task.id)
        steps: dict[Step, list[InteractionId]] = {}
        for one in (one for one in opened if one.interaction.id in alive):
            steps.setdefault(one.plan.step, []).append(one.interaction.id)
        for step, of in steps.items():
            await connection.execute(SQL.set_step, {"step": step, "ids": of})
        if kept:
            await audit.append_in(connection, stores, {"what": "copies.made", "tasks": len(kept)})
    return kept


def _take_back(stores: Stores, drafts: Sequence[_Draft]) -> None:
    stores.review_keys.destroy(draft.task.key_slot for draft in drafts)
    for draft in drafts:
        stores.objects.delete(draft.task.object)
