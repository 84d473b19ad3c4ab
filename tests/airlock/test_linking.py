"""A trained linker on everything that a reviewer receives beside the sound itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from random import Random

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from earmark import accounts, airlock, consent, review, vault
from earmark.words import PcmAudio

PEOPLE, EACH = 6, 12


@dataclass(frozen=True)
class Received:
    """One task as a reviewer gets it, and for the judge of the linker: whose it is."""

    task: review.Served
    size: float
    position: int
    person: uuid.UUID


def features(one: Received, two: Received) -> list[float]:
    """What two tasks have in common: ids, order, fences, sizes, question, times."""
    ids = one.task.task_id.int, two.task.task_id.int
    return [
        (ids[0] ^ ids[1]).bit_count(),
        abs((ids[0] >> 64) - (ids[1] >> 64)) / 2**64,
        abs(one.position - two.position),
        abs(one.task.fence - two.task.fence),
        abs(one.size - two.size),
        one.size + two.size,
        one.task.question == two.task.question,
        abs((one.task.lease_until - two.task.lease_until).total_seconds()),
    ]


def linker_auc(received: list[Received], people: list[uuid.UUID]) -> float:
    """Train on half of the people, try on the others, both ways round."""
    pairs, aucs = list(combinations(received, 2)), []
    for known in (set(people[::2]), set(people[1::2])):
        train = [pair for pair in pairs if pair[0].person in known and pair[1].person in known]
        test = [pair for pair in pairs if pair[0].person not in known and pair[1].person not in known]
        linker = DecisionTreeClassifier(max_depth=6, min_samples_leaf=40, random_state=0)
        linker.fit([features(*pair) for pair in train], [a.person == b.person for a, b in train])
        scores = linker.predict_proba([features(*pair) for pair in test])[:, 1]
        aucs.append(roc_auc_score([a.person == b.person for a, b in test], scores))
    return float(np.mean(aucs))


@pytest.fixture
async def habits(stores, everything, household, clock) -> list[uuid.UUID]:
    """People with habits: how long they speak, how loud, when."""
    random, noise = Random(4), np.random.default_rng(4)
    people = []
    for index in range(PEOPLE):
        person = await accounts.create_person(stores, name="Somebody", roles=["owner"], household_id=household.id)
        for purpose in ("save", "review"):
            await consent.set_grant(stores, person, purpose, True, how="settings")
        clock.turn(minutes=3)
        for _ in range(EACH):
            seconds = 1.2 + 0.9 * index + random.uniform(-0.2, 0.2)
            samples = noise.normal(0, 300 * (index + 1), round(seconds * 16_000)).astype(np.int16)
            word = vault.Word(text="hello", start=0.3, end=0.8, confidence=0.9)
            new = vault.NewInteraction(
                person_id=person,
                started_at=clock(),
                kind="command",
                audio=PcmAudio(samples=samples),
                content=vault.Content(text="hello", words=(word,), accepted=True),
            )
            await vault.record(stores, new)
        people.append(person)
    await airlock.run(everything, random)
    return people


async def test_two_tasks_of_one_person_can_not_be_linked_by_metadata(
    stores, habits, play_all: Callable, reviewer, all_tasks
):
    async with stores.pool.connection() as connection:
        rows = await (await connection.execute("SELECT id, person_id, duration FROM vault.interactions")).fetchall()
    recording = {row["id"]: row for row in rows}
    source = {task["id"]: recording[task["interaction_id"]] for task in await all_tasks()}
    received, unpadded = [], []
    for position, (task, wav) in enumerate(await play_all(reviewer())):
        row = source[task.task_id]
        common = {"task": task, "position": position, "person": row["person_id"]}
        received.append(Received(size=len(wav), **common))
        unpadded.append(Received(size=row["duration"], **common))
    assert len(received) == 2 * PEOPLE * EACH
    assert linker_auc(unpadded, habits) > 0.7, "this linker would find nothing anyway"
    assert linker_auc(received, habits) <= 0.55
