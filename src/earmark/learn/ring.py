"""`earmark learn`: labels → dataset version → candidate → judged on people it never heard → registered → promoted."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import Callable, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from earmark import accounts, audit
from earmark.bundle import ModelBundle
from earmark.errors import BadRequest, Forbidden, NotFound
from earmark.learn import registry
from earmark.learn.clips import read_sentences
from earmark.learn.datasets import Dataset, make_dataset, open_sound
from earmark.learn.language import PEOPLE
from earmark.learn.lessons import Taught
from earmark.learn.making import Attempt, Made, PartNote, about, make
from earmark.learn.scoring import Scores, summarise
from earmark.settings import settings
from earmark.storage import Stores

PARTS = ("wake", "asr", "nlu")
Say = Callable[[str], None]
"""Told in a few words what is going on."""
DRAFTS = ".draft-learning-"
_ABANDONED = 3600
"""Seconds after which nobody works on a draft any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run of learning did."""

    dataset: str | None
    """Version of the dataset; None when there was no label."""
    labels: int
    people: int
    """Whose recordings were learned from."""
    heldout_people: int
    """Whose recordings it was judged by."""
    parts: tuple[PartNote, ...]
    before: Scores
    """Of the bundle in use, on held-out people, in the fields of `earmark evaluate`."""
    after: Scores
    """Of the candidate, on the same recordings."""
    candidate: str | None
    """Version that was registered; None when nothing was better."""
    promoted: bool
    why: str
    """The decision in plain words."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


async def learn(
    stores: Stores,
    parts: Sequence[str] = PARTS,
    *,
    promote: bool = False,
    data: Path | None = None,
    progress: Say = lambda _: None,
    workers: int | None = None,
) -> Report:
    """Turn the labels that came home into a candidate bundle, and promote it when asked and when it is better.

    `data`: a folder whose `nlu/home.jsonl` is learned from besides. Sound is decrypted in memory only. Raises
    BadRequest for an unknown part, Forbidden in a process without the signing key.
    """
    if unknown := set(parts) - set(PARTS):
        raise BadRequest(why=f"There is no part named {sorted(unknown)[0]}; choose from {', '.join(PARTS)}.")
    if stores.signing_key is None:
        raise Forbidden
    progress("gathering labels")
    began = stores.now()
    await sweep(stores)
    try:
        dataset = await make_dataset(stores)
    except NotFound:
        await registry.end_remakes(stores, began, None)
        return _nothing("There are no labels yet; people must review some recordings first.")
    current = await registry.promoted(stores)
    attempt = Attempt(
        current=current,
        taught=await _open(stores, dataset),
        drafts=stores.home.models / f"{DRAFTS}{secrets.token_hex(6)}",
        key=stores.signing_key,
        progress=lambda what, done, total: progress(f"{what}, {done} of {total}"),
        sentences=_sentences(data),
        workers=workers,
        cost_of_a_miss=settings().cost_of_a_miss,
        device_secret=bytes.fromhex(stores.home.secret("learn-devices")),
        people=1 if await accounts.count_households(stores) == 1 else PEOPLE,
    )
    made = await asyncio.to_thread(make, attempt, [part for part in PARTS if part in parts])
    progress("writing it down")
    candidate = await _register(stores, dataset, current, made) if made.changed else None
    allowed = candidate is not None and made.verdict.promote
    if candidate is not None and promote and allowed:
        await registry.promote(stores, candidate.version, "policy")
    if set(parts) == set(PARTS):
        await registry.end_remakes(stores, began, candidate.version if candidate else None)
    return Report(
        dataset=dataset.version,
        labels=len(dataset.lines),
        people=dataset.people("train"),
        heldout_people=dataset.people("heldout"),
        parts=tuple(made.notes),
        before=summarise(made.before),
        after=summarise(made.after),
        candidate=candidate.version if candidate else None,
        promoted=bool(promote and allowed),
        why=_why(made, dataset),
    )


async def remake(stores: Stores) -> Report | None:
    """Learn again without what was deleted, where a model was retired for it; the worker does this each night."""
    if not any(each.done_at is None for each in await registry.remakes(stores)):
        return None
    return await learn(stores, promote=True)


async def sweep(stores: Stores) -> None:
    """Delete what a killed run left behind: drafts, and bundles that were written and never registered.

    They hold traces of what they were learned from, and no deletion would find them.
    """
    known = {model.version for model in await registry.models(stores) if model.state != "retired"}
    await asyncio.to_thread(_sweep, stores.home.models, known)


def _sweep(models: Path, known: Set[str]) -> None:
    for folder in models.iterdir() if models.exists() else ():
        if folder.is_dir() and folder.name not in known and time.time() - folder.stat().st_mtime > _ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


async def _open(stores: Stores, dataset: Dataset) -> list[Taught]:
    opened_for = {"what": "sound.opened", "by": "training", "dataset": dataset.version}
    await audit.append(stores, {**opened_for, "recordings": len(dataset.lessons)})
    taught = []
    for lesson in dataset.lessons:
        if (opened := await open_sound(stores, lesson)) is not None:
            interaction, audio = opened
            taught.append(Taught(lesson=lesson, interaction=interaction, audio=audio))
    return taught


async def _register(stores: Stores, dataset: Dataset, current: ModelBundle, made: Made) -> ModelBundle:
    inherited: dict[str, str] = dict(current.manifest.get("datasets") or {})
    manifest = about(
        made,
        dataset=dataset.version,
        # Files that were taken over keep the version they were learned from: unlearning must find them.
        datasets={
            name: dataset.version if name in made.learned else inherited.get(name, current.manifest.get("dataset"))
            for name in made.files
        },
        parent=current.version,
        labels=len(dataset.lines),
        people={"train": dataset.people("train"), "heldout": dataset.people("heldout")},
        scores={"before": _steady(summarise(made.before)), "after": _steady(summarise(made.after))},
    )
    return await registry.register(stores, made.files, manifest)


def _steady(scores: Scores) -> Scores:
    """Leave out what differs from run to run: the same labels must give the same version."""
    return {part: {key: value for key, value in values.items() if key != "rtf"} for part, values in scores.items()}


def _sentences(data: Path | None):
    path = data / "nlu" / "home.jsonl" if data else None
    return read_sentences(path) if path and path.is_file() else ()


def _why(made: Made, dataset: Dataset) -> str:
    if made.changed:
        return made.verdict.why
    if not dataset.people("heldout"):
        return "All labels are of one person; another's are needed to judge by."
    return " ".join(note.why for note in made.notes) or made.verdict.why


def _nothing(why: str) -> Report:
    return Report(
        dataset=None,
        labels=0,
        people=0,
        heldout_people=0,
        parts=(),
        before={},
        after={},
        candidate=None,
        promoted=False,
        why=why,
    )
