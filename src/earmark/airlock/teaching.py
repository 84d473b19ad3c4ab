"""The training set: clips that a machine speaks, with known answers, so that nobody learns the work on a person.

They pass through the same masking as people's recordings and are asked about with the same questions; some prefills are
wrong on purpose, so that whoever accepts without listening does not pass.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from random import Random
from typing import Any

import numpy as np

from earmark import audio, review
from earmark.airlock.choosing import SQL
from earmark.airlock.sound import COMMAND_LENGTHS, WAKE_LENGTHS, mask
from earmark.errors import BadRequest
from earmark.storage import Stores, fetch
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds, TaskId

Synthesise = Callable[[str, str], PcmAudio]
"""Says a text in a voice, 16 kHz mono."""
_ROOM: Seconds = 0.4
"""Before and after what is said."""
_LEVELS = (24.0, 12.0, 6.0)
"""Speech over noise, dB."""
_SWAPPED = 3
"""Every third prefill is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One training clip before it is masked."""

    question: review.Question
    text: str
    voice: str
    prefill: dict[str, Any]
    answer: dict[str, Any]


def languages() -> tuple[str, ...]:
    """Return the languages for which there is a training set."""
    return tuple(_script())


def lessons(language: str, rng: Random) -> list[Lesson]:
    """Return the clips of a language: the wake word or something like it, words to write down, intents to check.

    Raises BadRequest for a language without a training set.
    """
    script = _script().get(language)
    if script is None:
        raise BadRequest(why=f"There is no training set in this language; there is one in {', '.join(languages())}.")
    found = [*_wakes(script, rng)]
    for number, (text, intent) in enumerate(script["commands"]):
        wrong = number % _SWAPPED == 0
        other_text, other = rng.choice([each for each in script["commands"] if each[1] != intent])
        shown = _misheard(text, other_text) if wrong else text
        found.append(
            Lesson(
                question="transcript",
                text=text,
                voice=rng.choice(script["voices"]),
                prefill={"words": shown},
                answer={"text": review.normalise(text)},
            )
        )
        found.append(
            Lesson(
                question="understood",
                text=text,
                voice=rng.choice(script["voices"]),
                prefill={"text": text, "accepted": True, "intent": other if wrong else intent, "slots": {}},
                answer={"value": "wrong"} if wrong else {"value": "right"},
            )
        )
    return found


def _wakes(script: Mapping[str, Any], rng: Random) -> Iterator[Lesson]:
    for value, texts in (("said", script["wakes"]), ("not_said", script["others"])):
        for text in texts:
            yield Lesson(
                question="wake",
                text=text,
                voice=rng.choice(script["voices"]),
                prefill={"word": "alexa"},
                answer={"value": value},
            )


def _misheard(text: str, other: str) -> str:
    """Return the words with one of another sentence in place of the longest."""
    words = text.split()
    longest = max(range(len(words)), key=lambda at: len(words[at]))
    foreign = max((word for word in other.split() if word not in words), key=len)
    return " ".join([*words[:longest], foreign, *words[longest + 1 :]])


async def make_training(stores: Stores, language: str, synthesise: Synthesise, rng: Random) -> int:
    """Put the training set of a language in the queue, unless it is there. Returns how many clips were made."""
    if (await fetch(stores.pool, SQL.count_training, {"language": language}))[0]["n"]:
        return 0
    made = lessons(language, rng)
    for number, lesson in enumerate(made):
        sound = await asyncio.to_thread(synthesise, lesson.text, lesson.voice)
        await _put(stores, language, lesson, sound, np.random.default_rng(rng.getrandbits(64) + number))
    return len(made)


async def training_wanted(stores: Stores) -> list[str]:
    """Return the languages whose people must learn before they work, and for which nothing is there to learn on."""
    rows = await fetch(stores.pool, SQL.training_wanted, {})
    return [row["language"] for row in rows if row["language"] in _script()]


async def _put(stores: Stores, language: str, lesson: Lesson, sound: PcmAudio, rng: np.random.Generator) -> None:
    said, span = _in_a_room(sound, rng)
    lengths = WAKE_LENGTHS if lesson.question == "wake" else COMMAND_LENGTHS
    masked = mask(said, (0.0, said.duration), (), lengths=lengths, rng=rng)
    start, end = span[0] + masked.offset, span[1] + masked.offset
    prefill = dict(lesson.prefill) | {"speech": [[round(start, 2), round(end, 2)]]}
    if isinstance(words := prefill.get("words"), str):
        prefill["words"] = _spread(words.split(), start, end)
    task_id, slot = TaskId(uuid.uuid4()), stores.review_keys.reserve()
    key = review.masked_key(stores, slot)
    sealed = review.seal_sound(key, task_id, audio.encode(masked.audio, format="WAV"))
    task = review.NewTask(
        id=task_id,
        question=lesson.question,
        language=language,
        region="training",
        object=await asyncio.to_thread(stores.objects.put, review.PREFIX, sealed),
        key_slot=slot,
        sealed=review.seal_prefill(key, task_id, prefill),
        exclusion=sha256(secrets.token_bytes(16)).digest()[:8],
    )
    async with stores.pool.connection() as connection, connection.transaction():
        await review.add_task(connection, stores, task, known=lesson.answer)


def _in_a_room(sound: PcmAudio, rng: np.random.Generator) -> tuple[PcmAudio, tuple[Seconds, Seconds]]:
    """Put a voice into a noisy room; returns it and where the voice is."""
    pad = round(_ROOM * SAMPLE_RATE)
    speech = sound.samples.astype(np.float64)
    level = float(np.sqrt(np.mean(speech**2))) or 1.0
    noise = level / 10 ** (rng.choice(_LEVELS) / 20)
    whole = rng.standard_normal(len(speech) + 2 * pad) * noise
    whole[pad : pad + len(speech)] += speech
    room = PcmAudio(samples=np.clip(np.rint(whole), -32768, 32767).astype(np.int16))
    return room, (_ROOM, _ROOM + sound.duration)


def _spread(words: list[str], start: Seconds, end: Seconds) -> list[dict[str, Any]]:
    """Give words their times by their length: the synthesiser says none."""
    total, at, found = sum(len(word) for word in words), start, []
    for word in words:
        until = at + (end - start) * len(word) / total
        found.append({"text": word, "start": round(at, 2), "end": round(until, 2), "confidence": 0.8})
        at = until
    return found


def _script() -> dict[str, Any]:
    return json.loads((files("earmark.airlock") / "training.json").read_text())
