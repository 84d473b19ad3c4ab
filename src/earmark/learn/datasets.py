"""Dataset versions: which labels, by id and hash, and on which side each of their people is. For ever.

A person's recordings are either learned from or held out to judge, never both: the side is drawn once, at the first
label, and stays (`learn.sides`, under a keyed hash of the person). Sound is decrypted in memory for one run only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from earmark import airlock, vault
from earmark.airlock import HomeLabel
from earmark.errors import Conflict, EarmarkError, NotFound, Revoked
from earmark.learn.registry import SQL
from earmark.storage import Stores, fetch
from earmark.vault import Interaction
from earmark.words import DeviceId, InteractionId, PcmAudio

Side = Literal["train", "heldout"]
SIDES: tuple[Side, ...] = ("train", "heldout")
HELDOUT_SHARE = 0.3
"""Never to be changed: a folder's voices would change sides, and be judged by a model that learned from them."""
QUESTIONS = ("wake", "transcript", "understood")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One label of a dataset version."""

    label_id: uuid.UUID
    label_hash: bytes
    """HMAC of question and answer under a secret of the installation: tells a changed label, tells no answer."""
    side: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What people found out about one recording."""

    interaction_id: InteractionId
    side: Side
    speaker: str
    """Keyed hash of the person: equal for one person, traceable to nobody."""
    labels: int
    """How many labels it rests on."""
    called: bool | None = None
    """Whether the wake word was said; None when nobody could tell."""
    text: str | None = None
    """The transcript, with `[name]` and the like where words were cut out; None when there is none."""
    understood: bool | None = None
    """Whether the assistant did right; None when nobody was asked."""
    intent: str | None = None
    """What was meant, when it is known."""
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A version and its lessons."""

    version: str
    """The first 16 hex digits of the SHA-256 over its lines."""
    lines: Sequence[Line]
    lessons: Sequence[Lesson]

    def of(self, side: Side) -> list[Lesson]:
        return [lesson for lesson in self.lessons if lesson.side == side]

    def people(self, side: Side) -> int:
        return len({lesson.speaker for lesson in self.of(side)})


def draw_sides(known: Mapping[bytes, Side], new: Iterable[bytes]) -> dict[bytes, Side]:
    """Draw sides for people who have none: about `HELDOUT_SHARE` are held out, from the second person on at least one.

    `new` are keyed hashes; their order, which nobody can choose, decides. Sides that stand are never touched.
    """
    heldout = sum(side == "heldout" for side in known.values())
    drawn: dict[bytes, Side] = {}
    for person in sorted(set(new) - known.keys()):
        total = len(known) + len(drawn) + 1
        side: Side = "heldout" if heldout < round(HELDOUT_SHARE * total) else "train"
        heldout += side == "heldout"
        drawn[person] = side
    return drawn


def version_of(lines: Iterable[Line]) -> str:
    """Hash the lines' ids, contents and sides."""
    rows = sorted(f"{line.label_id} {line.label_hash.hex()} {line.side}" for line in lines)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def lesson_of(labels: Sequence[HomeLabel], *, side: Side, speaker: str) -> Lesson:
    """Put the labels of one recording together."""
    found: dict[str, Any] = {}
    for label in labels:
        answer = label.answer
        if label.question == "wake":
            found["called"] = {"said": True, "not_said": False}.get(answer["value"])
        elif label.question == "transcript":
            found["text"] = answer["text"] or None
        else:
            found["understood"] = answer["value"] == "right"
            found["intent"] = answer.get("intent")
            found["slots"] = dict(answer.get("slots") or {})
    identifier = labels[0].interaction_id
    return Lesson(interaction_id=identifier, side=side, speaker=speaker, labels=len(labels), **found)


async def make_dataset(stores: Stores) -> Dataset:
    """Make a version of all labels that came home, and write it down.

    The same labels give the same version. What is deleted before it is written down is not in it; what is deleted
    afterwards revokes it. Raises NotFound when there is no label at all.
    """
    while (made := await _make(stores)) is None:
        pass  # a label was deleted under our hands
    return made


async def _make(stores: Stores) -> Dataset | None:
    labels = [label for question in QUESTIONS for label in await airlock.labels(stores, question)]
    if not labels:
        raise NotFound
    sides = await _sides(stores, {_person_key(stores, label) for label in labels})
    secret = _secret(stores)
    lines = [
        Line(label_id=label.id, label_hash=_label_hash(secret, label), side=sides[_person_key(stores, label)])
        for label in labels
    ]
    dataset = Dataset(version=version_of(lines), lines=lines, lessons=_lessons(stores, labels, sides))
    async with stores.pool.connection() as connection, connection.transaction():
        # An erasure takes this lock before anything else: it has ended, or it will find this version.
        await connection.execute(SQL.lock_bundles)
        ids = [line.label_id for line in lines]
        alive = await (await connection.execute(SQL.count_labels, {"ids": ids})).fetchone()
        if alive is None or alive["n"] < len(lines):
            return None
        await connection.execute(
            SQL.add_dataset, {"version": dataset.version, "purpose": "improve", "on": stores.now().date()}
        )
        values = {
            "version": dataset.version,
            "ids": ids,
            "hashes": [line.label_hash for line in lines],
            "sides": [line.side for line in lines],
        }
        await connection.execute(SQL.add_dataset_labels, values)
    return dataset


async def load_dataset(stores: Stores, version: str) -> Dataset:
    """Open a version again, exactly as it was.

    Raises NotFound for an unknown version, Revoked when something in it was deleted, Conflict when a label of it
    reads differently now.
    """
    async with stores.pool.connection() as connection:
        row = await (await connection.execute(SQL.dataset, {"version": version})).fetchone()
        lines = await (await connection.execute(SQL.dataset_labels, {"version": version})).fetchall()
    if row is None:
        raise NotFound
    if row["state"] != "current":
        raise Revoked
    wanted = {
        line["label_id"]: Line(label_id=line["label_id"], label_hash=bytes(line["label_hash"]), side=line["side"])
        for line in lines
    }
    labels = [label for name in QUESTIONS for label in await airlock.labels(stores, name) if label.id in wanted]
    secret = _secret(stores)
    if len(labels) < len(wanted):
        raise Revoked
    if any(wanted[label.id].label_hash != _label_hash(secret, label) for label in labels):
        raise Conflict
    sides: dict[bytes, Side] = {_person_key(stores, label): wanted[label.id].side for label in labels}
    return Dataset(version=version, lines=list(wanted.values()), lessons=_lessons(stores, labels, sides))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A dataset version in the list of all."""

    version: str
    made_on: date
    revoked: bool
    """Something in it was deleted, and it is not used any more."""
    train: int
    """Labels to learn from."""
    heldout: int
    """Labels to judge by."""
    models: tuple[str, ...]
    """Versions of the models of which any part was learned from it."""


async def dataset_versions(stores: Stores) -> list[Version]:
    """Return every version, newest first."""
    rows = await fetch(stores.pool, SQL.datasets, {})
    return [Version(**{**row, "models": tuple(row["models"])}) for row in rows]


async def dataset_lines(stores: Stores, version: str) -> list[Line]:
    """Return the lines of a version, also of a revoked one: ids and hashes. Raises NotFound."""
    rows = await fetch(stores.pool, SQL.dataset_labels, {"version": version})
    if not rows:
        raise NotFound
    return [Line(label_id=r["label_id"], label_hash=bytes(r["label_hash"]), side=r["side"]) for r in rows]


async def open_sound(stores: Stores, lesson: Lesson) -> tuple[Interaction, PcmAudio] | None:
    """Decrypt one recording in memory; None when it is being erased at this moment."""
    try:
        return await vault.open_for_review(stores, lesson.interaction_id)
    except EarmarkError:
        return None


def device_name(stores: Stores, device: DeviceId) -> str:
    """Return what a device is called in reports and slices: eight digits of a keyed hash, traceable to nobody."""
    return hmac.digest(_secret(stores), b"device:" + device.bytes, "sha256").hex()[:8]


def _lessons(stores: Stores, labels: Sequence[HomeLabel], sides: Mapping[bytes, Side]) -> list[Lesson]:
    by_recording: dict[InteractionId, list[HomeLabel]] = {}
    for label in labels:
        by_recording.setdefault(label.interaction_id, []).append(label)
    lessons = []
    for found in sorted(by_recording.values(), key=lambda labels: labels[0].interaction_id):
        person = _person_key(stores, found[0])
        lessons.append(lesson_of(found, side=sides[person], speaker=person.hex()[:16]))
    return lessons


async def _sides(stores: Stores, people: Iterable[bytes]) -> dict[bytes, Side]:
    async with stores.pool.connection() as connection, connection.transaction():
        await connection.execute(SQL.lock_sides)
        rows = await (await connection.execute(SQL.sides)).fetchall()
        known: dict[bytes, Side] = {bytes(row["person_key"]): row["side"] for row in rows}
        drawn = draw_sides(known, people)
        for person, side in drawn.items():
            await connection.execute(SQL.add_side, {"person": person, "side": side})
    return known | drawn


def _secret(stores: Stores) -> bytes:
    return bytes.fromhex(stores.home.secret("learn-sides"))


def _person_key(stores: Stores, label: HomeLabel) -> bytes:
    return hmac.digest(_secret(stores), b"person:" + label.person_id.bytes, "sha256")


def _label_hash(secret: bytes, label: HomeLabel) -> bytes:
    content = json.dumps([label.question, label.answer], sort_keys=True, ensure_ascii=False)
    return hmac.digest(secret, b"label:" + content.encode(), "sha256")
