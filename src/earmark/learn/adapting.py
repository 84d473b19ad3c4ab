"""From labelled utterances to the recogniser's acoustic model: heard as they are, and on louder days."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from earmark.assistant import SpeechGate, lexicon
from earmark.assistant.network import SILENCE
from earmark.device import SHIFT, frame_count
from earmark.learn import compute
from earmark.learn.acoustic import Stretch, adapt, packaged, write_means
from earmark.learn.alignment import Aligner, stretch
from earmark.learn.background import Background
from earmark.learn.cepstra import ORDER, STREAMS, cepstra
from earmark.learn.lessons import Taught, known_words, spoken_part
from earmark.learn.meant import Meant
from earmark.learn.parting import Halves, parted
from earmark.learn.runs import Files
from earmark.learn.steps import Form
from earmark.words import SAMPLE_RATE

Progress = Callable[[str, int, int], None]
FEWEST = 10
"""Utterances with known words below which nothing is adapted."""
_AT_HOME = 60
"""Recordings whose quiet moments are what the home sounds like: a minute or more; each takes a third of a second."""
_LOUDER = ((8.0, 20.0), (2.0, 10.0))
"""dB of the speech over the home's own background, drawn between these: once each beside the sound as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One utterance, aligned with its words."""

    id: str
    """Of the recording."""
    half: int
    """0 or 1, as in `parting`."""
    phones: NDArray[np.intp]
    """Shape (frames,): the codebook of each 10 ms of what was said after the wake word, quiet included."""
    stretches: tuple[Stretch, ...]
    """The sound as it is, then louder days."""


def spoken(taught: Sequence[Taught], *, progress: Progress, workers: int | None = None) -> list[Spoken]:
    """Align every utterance whose words or meaning are known; those that do not fit their words are left out.

    Where reviewers said what was meant and nobody wrote it down, the words are those of the grammar that mean it.

    `workers`: processes of this machine; without it as `compute.map` chooses.
    """
    known = [(one, said) for one in taught if (said := known_words(one)) or one.lesson.intent]
    words = {word for _, said in known for word in (said or "").lower().split()}
    found = compute.map(
        partial(
            _Aligning,
            lexicon.missing(words, known={}),
            Background(one.audio for one, _ in known[:_AT_HOME]),
            parted(taught),
        ),
        known,
        workers=workers,
        told=lambda done: progress("aligning words with speech", done, len(known)),
    )
    return [one for one in found if one]


class _Aligning:
    """One process's aligner."""

    def __init__(self, spelled: Mapping[str, str], background: Background, halves: Halves) -> None:
        self._aligner, self._background, self._halves = Aligner(spelled), background, halves
        self._meant: Meant | None = None

    def __call__(self, known: tuple[Taught, str | None]) -> Spoken | None:
        one, said = known
        sound = spoken_part(one).samples
        gate = SpeechGate()
        speech = np.concatenate([*gate.feed(sound), sound[:0]])  # quiet cut off as the recogniser does
        if not said and one.lesson.intent:
            self._meant = self._meant or Meant()
            said = self._meant.words(speech, one.lesson.intent, one.lesson.slots)
        aligned = self._aligner.align(speech, said) if len(speech) and said else None
        if aligned is None:
            return None
        sounds = [speech]
        if len(self._background):
            rng = np.random.default_rng(list(hashlib.sha256(one.interaction.id.bytes).digest()[:16]))
            sounds += [self._background.over(speech, snr=rng.uniform(*levels), rng=rng) for levels in _LOUDER]
        return Spoken(
            id=str(one.interaction.id),
            phones=_over_all(aligned[0], gate, frames=frame_count(len(sound))),
            half=self._halves.of(one.lesson.speaker, str(one.interaction.id)),
            stretches=tuple(stretch(cepstra(sound), *aligned) for sound in sounds),
        )


def _written(utterances: Sequence[Spoken]) -> dict[str, bytes]:
    every = [each for one in utterances for each in one.stretches]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        id=np.array([one.id for one in utterances], dtype=np.str_),
        sounds=np.array([len(one.phones) for one in utterances], dtype=np.int64),
        phones=np.concatenate([np.empty(0, np.intp), *(one.phones for one in utterances)]),
        half=np.array([one.half for one in utterances], dtype=np.int64),
        stretches=np.array([len(one.stretches) for one in utterances], dtype=np.int64),
        lengths=np.array([len(each.phone) for each in every], dtype=np.int64),
        frames=np.concatenate([np.empty((0, STREAMS, ORDER), np.float32), *(each.frames for each in every)]),
        phone=np.concatenate([np.empty(0, np.intp), *(each.phone for each in every)]),
        state=np.concatenate([np.empty(0, np.intp), *(each.state for each in every)]),
    )
    return {"spoken.npz": buffer.getvalue()}


def _read(files: Files) -> list[Spoken]:
    with np.load(io.BytesIO(files["spoken.npz"]), allow_pickle=False) as found:
        ends = np.cumsum(found["lengths"])[:-1]
        parts = [np.split(found[name], ends) for name in ("frames", "phone", "state")]
        every = [Stretch(frames=f, phone=p, state=s) for f, p, s in zip(*parts, strict=True)]
        ids, halves, counts = (found[name].tolist() for name in ("id", "half", "stretches"))
        phones = np.split(found["phones"], np.cumsum(found["sounds"])[:-1]) if ids else []
    utterances: list[Spoken] = []
    for identifier, half, count, said in zip(ids, halves, counts, phones, strict=True):
        utterances.append(Spoken(id=identifier, half=half, phones=said, stretches=tuple(every[:count])))
        every = every[count:]
    return utterances


SPOKEN: Form[list[Spoken]] = Form(write=_written, read=_read)
"""How aligned utterances are written while a run lasts; they hold sound in cepstra."""


def means_file(utterances: Sequence[Spoken]) -> dict[str, bytes]:
    """Return a bundle's `asr/means`; nothing when there is too little to learn from."""
    if len(utterances) < FEWEST:
        return {}
    return {"asr/means": write_means(adapt([each for one in utterances for each in one.stretches]))}


def _over_all(phones: NDArray[np.intp], gate: SpeechGate, *, frames: int) -> NDArray[np.intp]:
    """Lay the phones of trimmed speech out over all of the sound; elsewhere it was quiet."""
    found = np.full(frames, packaged().phones.index(SILENCE), dtype=np.intp)
    places = np.array([round(gate.time(at * SHIFT) * SAMPLE_RATE / SHIFT) for at in range(len(phones))], dtype=np.intp)
    inside = places < frames
    found[places[inside]] = phones[inside]
    return found
