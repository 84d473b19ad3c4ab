"""What one run of learning learns from: the household's labels, a labelled folder, or both."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark import audio, audit
from earmark.errors import NotFound
from earmark.learn.clips import Sentence
from earmark.learn.corpus import Complaint, Corpus, read_corpus
from earmark.learn.datasets import Dataset, Side, device_name, make_dataset, open_sound
from earmark.learn.lessons import Taught
from earmark.learn.traits import Progress, described
from earmark.storage import Stores
from earmark.words import PcmAudio, Seconds

_LONGEST_NOISE: Seconds = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """At least one of the two."""

    dataset: Dataset | None
    """None where no label has come home."""
    corpus: Corpus | None
    """None where no folder was named."""

    @property
    def version(self) -> str | None:
        return self.dataset.version if self.dataset else None

    @property
    def corpus_version(self) -> str | None:
        return self.corpus.version if self.corpus else None

    @property
    def labels(self) -> int:
        return len(self.dataset.lines) if self.dataset else 0

    @property
    def recordings(self) -> int:
        """Of the folder."""
        return len(self._folder())

    @property
    def sentences(self) -> Sequence[Sentence]:
        return self.corpus.sentences if self.corpus else ()

    def noises(self) -> list[PcmAudio]:
        """Read the folder's recordings of noise. Raises BadAudio."""
        return [audio.read(path, longest=_LONGEST_NOISE) for path in (self.corpus.noises if self.corpus else ())]

    def people(self, side: Side) -> int:
        household = self.dataset.lessons if self.dataset else ()
        lessons = [*household, *(one.lesson for one in self._folder())]
        return len({lesson.speaker for lesson in lessons if lesson.side == side})

    def _questions(self) -> dict[str, int]:
        """Return how many recordings of the household have an answer to each question."""
        lessons = self.dataset.lessons if self.dataset else ()
        answers = {"wake": "called", "transcript": "text", "understood": "understood"}
        counts = {name: sum(getattr(one, field) is not None for one in lessons) for name, field in answers.items()}
        return {name: count for name, count in counts.items() if count}

    def _folder(self) -> Sequence[Taught]:
        return self.corpus.taught if self.corpus else ()

    async def open(self, stores: Stores, *, progress: Progress) -> list[Taught]:
        """Open every recording in memory, the household's after a line in the log.

        Those to judge by are looked at for what they are like: their slices are what a candidate may not be worse for.
        """
        taught = [*(await opened(stores, self.dataset) if self.dataset else ()), *self._folder()]
        judged = [one for one in taught if one.lesson.side == "heldout"]
        traits = await asyncio.to_thread(described, judged, name=lambda it: device_name(stores, it), progress=progress)
        return [*(one for one in taught if one.lesson.side == "train"), *traits]

    def lineage(self, learned: Sequence[str], kept: Sequence[str], parent: dict[str, Any]) -> dict[str, Any]:
        """Return what a bundle's manifest says about where each file comes from.

        `learned`: files of this run. `kept`: files taken over from the bundle of which `parent` is the manifest; they
        keep the versions they were learned from, because unlearning must find them.
        """
        old: dict[str, str | None] = dict(parent.get("datasets") or {})
        folders: dict[str, str | None] = dict(parent.get("corpora") or {})
        return {
            "dataset": self.version,
            "corpus": self.corpus_version,
            "datasets": dict.fromkeys(learned, self.version)
            | {name: old.get(name, parent.get("dataset")) for name in kept},
            "corpora": dict.fromkeys(learned, self.corpus_version) | {name: folders.get(name) for name in kept},
            "labels": self.labels,
            "questions": self._questions(),
            "recordings": self.recordings,
            "people": {"train": self.people("train"), "heldout": self.people("heldout")},
        }


async def gather(
    stores: Stores, folder: Path | None, *, learned: Sequence[str] = (), complain: Complaint
) -> Sources | None:
    """Make a dataset version of the labels there are and read the folder; None when there is nothing of either.

    `learned`: the wake words that were learned here. `complain` is told of what can't be used in the folder.
    """
    corpus = await asyncio.to_thread(read_corpus, folder, learned=learned, complain=complain) if folder else None
    try:
        dataset = await make_dataset(stores)
    except NotFound:
        dataset = None
    return Sources(dataset=dataset, corpus=corpus) if dataset or corpus else None


async def opened(stores: Stores, dataset: Dataset) -> list[Taught]:
    """Open a dataset's recordings in memory, after a line in the log; what is being erased meanwhile is left out."""
    opened_for = {"what": "sound.opened", "by": "training", "dataset": dataset.version}
    await audit.append(stores, {**opened_for, "recordings": len(dataset.lessons)})
    taught = []
    for lesson in dataset.lessons:
        if (opened := await open_sound(stores, lesson)) is not None:
            interaction, audio = opened
            taught.append(Taught(lesson=lesson, interaction=interaction, audio=audio))
    return taught
