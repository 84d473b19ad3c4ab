"""Guarantee 12: two tasks of one person can't be linked by what comes with them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from random import Random

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from earmark import accounts, consent, vault
from earmark.words import PcmAudio, PersonId

PEOPLE, EACH = 6, 10


@dataclass(frozen=True)
class Evidence:
    """All that one task shows beside the sound and the words themselves."""

    person: PersonId
    """For the judge only."""
    numbers: tuple[float, ...]
    """Position in the queue, bytes of sound, length of the headers, fence, end of the lease, four parts of the id."""


def together(one: Evidence, two: Evidence) -> list[float]:
    pairs = list(zip(one.numbers, two.numbers, strict=True))
    return [abs(a - b) for a, b in pairs] + [a + b for a, b in pairs]


def auc(found: list[Evidence], people: list[PersonId]) -> float:
    """Train on pairs of half of the people, judge on pairs of the others, both ways round."""
    scores, pairs = [], list(combinations(found, 2))
    for known in (set(people[::2]), set(people[1::2])):
        train = [pair for pair in pairs if {pair[0].person, pair[1].person} <= known]
        test = [pair for pair in pairs if not {pair[0].person, pair[1].person} & known]
        linker = RandomForestClassifier(60, min_samples_leaf=15, class_weight="balanced", random_state=0)
        linker.fit([together(*pair) for pair in train], [a.person == b.person for a, b in train])
        guesses = linker.predict_proba([together(*pair) for pair in test])[:, 1]
        scores.append(roc_auc_score([a.person == b.person for a, b in test], guesses))
    return float(np.mean(scores))


@pytest.fixture
async def people(ring, household) -> list[PersonId]:
    """Six people, each with an hour, a length and a loudness of their own."""
    random, noise, found = Random(12), np.random.default_rng(12), []
    for index in range(PEOPLE):
        person = await accounts.create_person(ring.stores, name="X", roles=["owner"], household_id=household.id)
        for purpose in ("save", "review"):
            await consent.set_grant(ring.stores, person, purpose, True, how="settings")
        ring.clock.turn(minutes=7)
        for _ in range(EACH):
            seconds = 1.2 + 0.8 * index + random.uniform(-0.2, 0.2)
            samples = noise.normal(0, 400 * (index + 1), round(seconds * 16_000)).astype(np.int16)
            word = vault.Word(text="hello", start=0.3, end=0.8, confidence=0.9)
            new = vault.NewInteraction(
                person_id=person,
                started_at=ring.clock(),
                kind="command",
                audio=PcmAudio(samples=samples),
                content=vault.Content(text="hello", words=(word,), accepted=True),
            )
            await vault.record(ring.stores, new)
        found.append(person)
    return found


@pytest.mark.timeout(900)
async def test_a_trained_linker_does_no_better_than_chance(ring, people, hire, open_page):
    """We took and played 120 tasks of six people with strong habits over HTTP, trained a random forest on ids, order,
    sizes, headers, lease numbers and times of half of them, and let it link the others: AUC at most 0.55, while the
    same forest links them by the recordings' own lengths."""
    assert (await ring.sample()).tasks == 2 * PEOPLE * EACH
    rows = await ring.rows(
        "SELECT s.task_id, i.person_id, i.duration FROM airlock.seals s"
        " JOIN vault.interactions i ON i.id = s.interaction_id"
    )
    source = {row["task_id"]: row for row in rows}
    served, bare = [], []
    while True:
        if len(served) % 6 == 0:  # as many as one person may hold
            console = await open_page("floor", await hire("reviewer"))
        if (task := await console.next_task()) is None:
            break
        sound = await console.play(task)
        assert sound.status_code == 200
        identifier, until = uuid.UUID(task["id"]), datetime.fromisoformat(task["lease_until"])
        row = source[identifier]
        parts = [identifier.int >> shift & 0xFFFFFFFF for shift in (0, 32, 64, 96)]
        headers = len(str(sorted(sound.headers.items())))
        numbers = (len(served), len(sound.content), headers, task["fence"], until.timestamp(), *parts)
        served.append(Evidence(person=row["person_id"], numbers=tuple(float(number) for number in numbers)))
        bare.append(Evidence(person=row["person_id"], numbers=(row["duration"],)))
    assert len(served) == 2 * PEOPLE * EACH
    assert auc(bare, people) > 0.75, "this linker would find nothing anyway"
    assert auc(served, people) <= 0.55
