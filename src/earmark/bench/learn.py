"""`earmark bench learn --data DIR`: what labelled orders are worth to the recogniser, on speakers it never heard.

Every second speaker of `commands/` is learned from, the others are judged by. The orders learned from are mixed with
the first half of `noise/kitchen.flac`; those judged by with the second half. Which are labelled first is drawn, or
chosen by usefulness from what the packaged models made of them. A reviewer's transcript is stood in for by the
grammar's own words where intent and slots are right. Moved means and, from enough labels on, the acoustic network
learn; the decision is the packaged one, the n-gram and the wake word stay as packaged.
"""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import audio, bundle
from earmark.assistant import Decision
from earmark.bundle import BUILTIN, ModelBundle
from earmark.errors import BadRequest
from earmark.learn.acoustics import Acoustics, render, train_networks
from earmark.learn.adapting import spoken
from earmark.learn.choice import by_usefulness, utterance
from earmark.learn.clips import Clip, read_folder, usable
from earmark.learn.datasets import Lesson
from earmark.learn.decoded import Decoded
from earmark.learn.hearing import Job, Result, listen_to
from earmark.learn.lessons import Taught
from earmark.learn.noises import Mixing
from earmark.learn.readings import halves
from earmark.learn.scoring import is_right
from earmark.supervisor import Progress
from earmark.vault import Content, Interaction
from earmark.words import InteractionId, PcmAudio, PersonId

LABELS = (0, 25, 50, 100, 200)
CHOSEN = ("uniform", "useful")
JUDGED_AT = (12.0, 6.0)
"""dB of the order over the noise."""
_BAR = 40
_LEARNED_AT = (24.0, 12.0, 6.0)
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def run(note: Progress, data: Path) -> list[dict[str, Any]]:
    """Return a row for each number of labels and way to choose them: orders read right, and accepted, at each noise.

    Raises BadRequest when the folder has no labelled orders or no kitchen noise.
    """
    noise_path = data / "noise" / "kitchen.flac"
    orders = [clip for clip in usable(read_folder(data)[0])[0] if clip.part == "commands" and clip.intent]
    if not orders or not noise_path.is_file():
        raise BadRequest(why="`earmark bench learn` needs labelled orders in commands/ and noise/kitchen.flac.")
    first, second = halves(audio.read(noise_path))
    train, judged = split(orders)
    rows: list[dict[str, Any]] = []
    decoded, noisy = Decoded(), {snr: _in_noise(judged, Mixing(noise=second, snr=snr)) for snr in JUDGED_AT}
    with tempfile.TemporaryDirectory() as folder:
        lessons, useful = _taught(train, first, note)
        counts = sorted({min(count, len(lessons)) for count in LABELS})
        for labels, chosen in curve(counts):
            order = useful if chosen == "useful" else range(len(lessons))
            taught = [lessons[at] for at in order[:labels]]
            models = _adapted(taught, first, Path(folder), note) if labels else BUILTIN
            row: dict[str, Any] = {"labels": labels, "chosen": chosen, "judged": len(judged)}
            for snr in JUDGED_AT:
                note(f"hearing held-out speakers, {labels} labels ({chosen}), {snr:.0f} dB")
                heard = decoded.hear(noisy[snr], models, partial(listen_to, bundle=models))
                row[f"read_right_{snr:.0f}_db"] = sum(map(read_right, judged, heard))
                row[f"accepted_{snr:.0f}_db"] = sum(map(_accepted, judged, heard))
            rows.append(row | {"curve": bar(row[f"accepted_{JUDGED_AT[-1]:.0f}_db"], len(judged))})
    return rows


def curve(counts: Sequence[int]) -> list[tuple[int, str]]:
    """Return the points of the curve: where there is nothing to choose, with none and with all, one each."""
    between = [(count, how) for count in counts[1:-1] for how in CHOSEN]
    return [(counts[0], "none"), *between, *([(counts[-1], "all")] if len(counts) > 1 else [])]


def bar(right: int, of: int) -> str:
    """Draw one point of the curve: accepted at the loudest noise, of all."""
    return "█" * round(_BAR * right / max(1, of)) + "·" * (_BAR - round(_BAR * right / max(1, of)))


def split(orders: Sequence[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Return the orders to learn from and those to judge by: no speaker has any in both."""
    speakers = sorted({clip.speaker for clip in orders}, key=_rank)
    learned = set(speakers[::2])
    return (
        sorted((clip for clip in orders if clip.speaker in learned), key=lambda clip: _rank(clip.id)),
        [clip for clip in orders if clip.speaker not in learned],
    )


def _rank(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _taught(train: Sequence[Clip], noise: PcmAudio, note: Progress) -> tuple[list[Taught], list[int]]:
    """Return the orders of which the words are known, each as recorded in a kitchen, and the most useful first."""
    note("reading the orders to learn from")
    lessons: list[Taught] = []
    noisy: list[Clip] = []
    for clip, result in zip(train, _hear(train), strict=True):
        if read_right(clip, result) and result.reading is not None:
            snr = _LEARNED_AT[len(lessons) % len(_LEARNED_AT)]
            noisy += _in_noise([clip], Mixing(noise=noise, snr=snr))
            lessons.append(_lesson(clip, noisy[-1].sound(), result.reading.heard.hypothesis.text))
    note("reading them in a kitchen")
    heard = [utterance(c.id, c.speaker, r) for c, r in zip(noisy, _hear(noisy), strict=True)]
    place = {one.id: at for at, one in enumerate(heard)}
    return lessons, [place[one] for one in by_usefulness(heard, threshold=Decision.load(BUILTIN).threshold)]


def _lesson(clip: Clip, sound: PcmAudio, text: str) -> Taught:
    identifier = InteractionId(uuid.uuid5(uuid.NAMESPACE_OID, clip.id))
    interaction = Interaction(
        id=identifier,
        person_id=PersonId(uuid.uuid5(uuid.NAMESPACE_OID, clip.speaker)),
        device_id=None,
        started_at=_SOME_DAY,
        expires_at=_SOME_DAY,
        kind="command",
        duration=sound.duration,
        wake=None,
        bundle=BUILTIN.version,
        content=Content(),
    )
    lesson = Lesson(interaction_id=identifier, side="train", speaker=clip.speaker, labels=1, text=text)
    return Taught(lesson=lesson, interaction=interaction, audio=sound)


def _adapted(lessons: Sequence[Taught], noise: PcmAudio, folder: Path, note: Progress) -> ModelBundle:
    note(f"learning from {len(lessons)} orders")

    def told(*_: object) -> None: ...

    utterances = spoken(lessons, progress=told)
    rendered = render(utterances, lessons, noises=[noise], progress=told)
    files = Acoustics(utterances=utterances, networks=train_networks(rendered, halves=[None])).files()
    return bundle.write(folder, files=files, about={}, key=Ed25519PrivateKey.generate())


def _in_noise(clips: Sequence[Clip], mixing: Mixing) -> list[Clip]:
    return [replace(clip, source=mixing.apply(clip, clip.sound())) for clip in clips]


def _hear(clips: Sequence[Clip]) -> list[Result]:
    return listen_to([Job(clip=clip, wake=False, hear=True) for clip in clips])


def _accepted(clip: Clip, result: Result) -> bool:
    return result.reading is not None and is_right(result.reading.heard, clip.intent or "", clip.slots)[0]


def read_right(clip: Clip, result: Result) -> bool:
    """Tell whether the grammar's sentence was right, whatever the decision made of it."""
    if result.reading is None or result.reading.heard.hypothesis.source != "grammar":
        return False
    heard = result.reading.heard
    understood = replace(heard.understanding, accepted=True)
    return is_right(replace(heard, understanding=understood), clip.intent or "", clip.slots)[0]
