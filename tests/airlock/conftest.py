"""Things said in a household, and reviewers who answer them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from random import Random

import numpy as np
import pytest

from earmark import airlock, consent, review, vault
from earmark.storage import Row, Stores
from earmark.words import InteractionId, PcmAudio, PersonId

RATE = 16_000


def said(text: str, *, start: float = 1.5, each: float = 0.3) -> tuple[vault.Word, ...]:
    """Words one after the other, `each` seconds long."""
    return tuple(
        vault.Word(text=word, start=start + i * each, end=start + (i + 1) * each, confidence=0.9)
        for i, word in enumerate(text.split())
    )


def hum(seconds: float, hertz: float, *, level: float = 0.3) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (32767 * level * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


@pytest.fixture
def share() -> Callable[[PcmAudio, float], float]:
    """`share(audio, hertz)`: power within 20 Hz of a frequency, as a share of all."""

    def of(audio: PcmAudio, hertz: float) -> float:
        power = np.abs(np.fft.rfft(audio.samples.astype(float))) ** 2
        frequency = np.fft.rfftfreq(len(audio.samples), 1 / RATE)
        return float(power[np.abs(frequency - hertz) < 20].sum() / power.sum())

    return of


Say = Callable[..., Awaitable[InteractionId]]


@pytest.fixture
def say(stores: Stores, household, clock) -> Say:
    """`await say("turn it up")`: an interaction of Ada's, woken by "alexa" at 0.5 to 1.2 s, its command from 1.5 s on.

    The wake word sounds at 500 Hz, the command at 2 kHz.
    """

    async def make(
        text: str = "turn it up",
        *,
        person_id: PersonId | None = None,
        wake: bool = True,
        accepted: bool = True,
        words: tuple[vault.Word, ...] | None = None,
        audio: PcmAudio | None = None,
        kind: vault.Kind = "command",
        **content: object,
    ) -> InteractionId:
        words = said(text) if words is None else words
        if audio is None:
            silence = np.zeros(RATE // 2, np.int16)
            audio = PcmAudio(samples=np.concatenate([silence, hum(0.7, 500), silence[:4800], hum(2.0, 2000), silence]))
        return await vault.record(
            stores,
            vault.NewInteraction(
                person_id=person_id or household.ada,
                device_id=household.kitchen,
                started_at=clock(),
                kind=kind,
                audio=audio,
                wake=vault.Wake(word="alexa", score=0.97, start=0.5, end=1.2) if wake else None,
                content=vault.Content(text=text, words=words, accepted=accepted, **content),
            ),
        )

    return make


@pytest.fixture
async def willing(stores: Stores, household) -> None:
    """Ada and Ben allow review, and donate their false wakes."""
    for person in (household.ada, household.ben):
        await consent.set_grant(stores, person, "review", True, how="settings")
        await consent.set_grant(stores, person, "donate", True, how="settings")


@pytest.fixture
async def everything(role_stores) -> Stores:
    """Stores with a published rate of 100 %."""
    return await role_stores("earmark_worker", review_rate=1.0)


@pytest.fixture
async def floor(role_stores) -> Stores:
    return await role_stores("earmark_review")


@pytest.fixture
def reviewer() -> Callable[..., review.Reviewer]:
    """`reviewer()`: somebody new at the console."""

    def make(*secrets: bytes, role: str = "reviewer") -> review.Reviewer:
        return review.Reviewer(
            id=PersonId(uuid.uuid4()), languages=("en",), secrets=secrets, site="San José", role=role
        )

    return make


@pytest.fixture
def all_tasks(stores: Stores) -> Callable[[], Awaitable[list[Row]]]:
    """`await all_tasks()`: every task with the recording it came from."""

    async def find() -> list[Row]:
        async with stores.pool.connection() as connection:
            return await (
                await connection.execute(
                    "SELECT t.*, s.interaction_id FROM review.tasks t JOIN airlock.seals s ON s.task_id = t.id"
                    " ORDER BY t.id"
                )
            ).fetchall()

    return find


Served = tuple[review.Served, bytes]


@pytest.fixture
def play_all(floor: Stores) -> Callable[[review.Reviewer], Awaitable[list[Served]]]:
    """`await play_all(reviewer())`: lease and play everything there is for one reviewer; their leases stay."""

    async def play(who: review.Reviewer) -> list[Served]:
        got = []
        while (served := await review.next_task(floor, who, most=10_000)) is not None:
            got.append((served, await review.sound(floor, who, served.task_id, served.fence)))
        return got

    return play


@pytest.fixture
def answer_all(floor: Stores, reviewer) -> Callable[..., Awaitable[int]]:
    """`await answer_all(wake=…, transcript=…)`: two new reviewers answer every task alike; how many answers."""

    async def answer(people: int = 2, **answers: dict[str, object]) -> int:
        given = 0
        for _ in range(people):
            who = reviewer()
            served = await review.next_task(floor, who)
            while served is not None:
                await review.sound(floor, who, served.task_id, served.fence)
                raw = answers[served.question]
                key = uuid.uuid4()
                served = (await review.submit_and_next(floor, who, served.task_id, served.fence, key, raw)).next
                given += 1
        return given

    return answer


@pytest.fixture
def sample(everything: Stores) -> Callable[[], Awaitable[airlock.Sampled]]:
    """Run the airlock once at 100 %."""

    async def run() -> airlock.Sampled:
        return await airlock.run(everything, Random(1))

    return run
