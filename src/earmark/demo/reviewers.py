"""Simulated reviewers: clients of the real HTTP API of the floor. They pass the training, then play each clip before
they answer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from random import Random
from typing import Any

import httpx

from earmark import review
from earmark.demo.answering import answer
from earmark.demo.material import Utterance
from earmark.storage import Statements, Stores
from earmark.words import InteractionId, TaskId

SQL = Statements("earmark.demo")


async def review_everything(
    stores: Stores,
    floor: str,
    tokens: list[str],
    truth: Mapping[InteractionId, Utterance],
    random: Random,
    progress,
    waiting: int,
) -> int:
    """Let every reviewer answer until the floor has nothing more for them. Returns how many answers that were."""
    truths = _Truths(stores, truth)
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        progress("simulated reviewers listen and answer", min(1.0, done / (2.2 * waiting)))

    await asyncio.gather(*(_reviewer(floor, token, truths, Random(random.random()), told) for token in tokens))
    return done


class _Truths:
    """What was really said in the clip of a task; tasks appear while the reviewers work."""

    def __init__(self, stores: Stores, truth: Mapping[InteractionId, Utterance]) -> None:
        self._stores, self._truth = stores, truth
        self._of_task: dict[str, Utterance] = {}

    async def lesson(self, task: str) -> dict[str, Any]:
        """Return the known answer of a training clip: whoever is simulated passes."""
        async with self._stores.pool.connection() as connection:
            (label,) = await review.labels_of(self._stores, connection, [TaskId(uuid.UUID(task))])
        return label.answer

    async def of(self, task: str) -> Utterance:
        if task not in self._of_task:
            async with self._stores.pool.connection() as connection:
                rows = await (await connection.execute(SQL.sources)).fetchall()
            self._of_task = {
                str(row["task_id"]): self._truth[row["interaction_id"]]
                for row in rows
                if row["interaction_id"] in self._truth
            }
        return self._of_task[task]


async def _reviewer(floor: str, token: str, truths: _Truths, random: Random, told) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=floor, headers=headers, timeout=60) as client:
        task = await _ask(client, "/api/review/next", {})
        while task is not None:
            sound = await client.get(task["sound"])
            sound.raise_for_status()
            if task["training"]:
                said = await truths.lesson(task["id"])
            else:
                said = answer(task["question"], task["prefill"], await truths.of(task["id"]), random)
            body = {
                "task": task["id"],
                "fence": task["fence"],
                "client_key": str(uuid.UUID(int=random.getrandbits(128), version=4)),
                "answer": said,
                "heard": [[0.0, max([8.0, *(end for _, end in task["speech"])])]],  # each clip is played whole
            }
            task = await _ask(client, "/api/review/submit", body)
            told()


async def _ask(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    response = await client.post(path, json=body)
    response.raise_for_status()
    return response.json()["task"]
