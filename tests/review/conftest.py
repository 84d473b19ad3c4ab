"""Tasks without an airlock, and people to answer them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from hashlib import sha256

import pytest

from earmark import review
from earmark.storage import Stores
from earmark.words import PersonId, TaskId

MakeTask = Callable[..., Awaitable[TaskId]]
WAV = b"RIFF not a real recording"


@pytest.fixture
async def floor(role_stores) -> Stores:
    """The stores of the floor's process: role `earmark_review`, keys of masked copies, nothing else."""
    return await role_stores("earmark_review")


@pytest.fixture
def make_task(stores: Stores) -> MakeTask:
    """`await make_task("wake")`: put a task in the queue as the airlock would."""

    async def make(
        question: review.Question = "wake",
        *,
        language: str = "en",
        region: str = "home",
        secret: bytes = b"",
        wav: bytes = WAV,
        prefill: dict[str, object] | None = None,
        known: dict[str, object] | None = None,
    ) -> TaskId:
        task_id, slot = TaskId(uuid.uuid4()), stores.review_keys.reserve()
        key = review.masked_key(stores, slot)
        task = review.NewTask(
            id=task_id,
            question=question,
            language=language,
            region=region,
            object=stores.objects.put(review.PREFIX, review.seal_sound(key, task_id, wav)),
            key_slot=slot,
            sealed=review.seal_prefill(key, task_id, prefill or {"word": "alexa"}),
            exclusion=sha256(secret + task_id.bytes).digest()[:8],
        )
        async with stores.pool.connection() as connection:
            await review.add_task(connection, stores, task, known=known)
        return task_id

    return make


@pytest.fixture
def reviewer() -> Callable[..., review.Reviewer]:
    """`reviewer()`: somebody new at the console."""

    def make(
        *, languages: tuple[str, ...] = ("en",), secrets: tuple[bytes, ...] = (), role: str = "reviewer"
    ) -> review.Reviewer:
        return review.Reviewer(
            id=PersonId(uuid.uuid4()), languages=languages, secrets=secrets, site="Boston", role=role
        )

    return make
