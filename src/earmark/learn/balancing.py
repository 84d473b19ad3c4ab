"""How a dataset is balanced: how much of it is of each device, voice cluster and loudness of noise, on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from earmark.errors import BadRequest, NotFound
from earmark.learn.corpus import Complaint, read_corpus
from earmark.learn.datasets import device_name, load_dataset, make_dataset
from earmark.learn.lessons import Taught
from earmark.learn.sources import opened
from earmark.learn.traits import Progress, described
from earmark.storage import Stores

KINDS = ("device", "voices", "noise")
UNKNOWN = "unknown"
_OF_ALL = 0.05
"""Share of the lessons below which a slice is too small to learn from or be judged by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One slice of a dataset."""

    kind: str
    """`device`, `voices` or `noise`."""
    slice: str
    """Its name; `unknown` where that could not be told."""
    lessons: int
    people: int
    share: float
    """Of all lessons."""
    train: int
    """Lessons to learn from."""
    heldout: int
    """Lessons to judge by."""

    @property
    def lacking(self) -> str:
        """Say what it lacks; empty when nothing."""
        if not self.train:
            return "nothing to learn from"
        if not self.heldout:
            return "nothing to judge by"
        return "little of it" if self.share < _OF_ALL else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What a dataset, or a folder, is made of."""

    version: str
    lessons: int
    people: int
    slices: tuple[Share, ...]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "slices": [{**asdict(one), "lacking": one.lacking} for one in self.slices]}


async def balance(stores: Stores, version: str | None = None, *, progress: Progress = lambda *_: None) -> Balance:
    """Look at every recording of a version, of today's labels without one. The log says that they were opened.

    Raises NotFound for an unknown version, Revoked when something in it was deleted, BadRequest without any label.
    """
    try:
        dataset = await (load_dataset(stores, version) if version else make_dataset(stores))
    except NotFound:
        if version:
            raise
        raise BadRequest(why="There are no labels yet; --data looks at a labelled folder instead.") from None
    taught = await opened(stores, dataset)
    found = await asyncio.to_thread(described, taught, name=lambda it: device_name(stores, it), progress=progress)
    return balance_of(found, dataset.version)


def balance_of_folder(
    folder: Path, *, progress: Progress = lambda *_: None, complain: Complaint = lambda _: None
) -> Balance:
    """Look at every recording of a labelled folder. Raises BadManifest, BadAudio."""
    corpus = read_corpus(folder, complain=complain)
    return balance_of(described(corpus.taught, name=str, progress=progress), corpus.version)


def balance_of(taught: Sequence[Taught], version: str) -> Balance:
    """Count recordings whose traits are known."""
    slices: list[Share] = []
    for kind in KINDS:
        found: dict[str, list[Taught]] = {}
        for one in taught:
            found.setdefault(one.traits.get(kind, UNKNOWN), []).append(one)
        for name, inside in sorted(found.items(), key=lambda each: (-len(each[1]), each[0])):
            train = sum(one.lesson.side == "train" for one in inside)
            slices.append(
                Share(
                    kind=kind,
                    slice=name,
                    lessons=len(inside),
                    people=len({one.lesson.speaker for one in inside}),
                    share=len(inside) / len(taught),
                    train=train,
                    heldout=len(inside) - train,
                )
            )
    people = len({one.lesson.speaker for one in taught})
    return Balance(version=version, lessons=len(taught), people=people, slices=tuple(slices))
