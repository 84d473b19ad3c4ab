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
from earmark.learn import compute
from earmark.learn.acoustic import Stretch, adapt, write_means
from earmark.learn.alignment import Aligner, stretch
from earmark.learn.background import Background
from earmark.learn.cepstra import ORDER, STREAMS, cepstra
from earmark.learn.lessons import Taught, known_words, spoken_part
from earmark.learn.runs import Files
from earmark.learn.steps import Form

Progress = Callable[[str, int, int], None]
FEWEST = 10
"""Utterances with known words below which nothing is adapted."""
_LOUDER = ((8.0, 20.0), (2.0, 10.0))
"""dB of the speech over the home's own background, drawn between these: once each beside the sound as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One utterance, aligned with its words."""

    half: int
    """0 or 1, drawn once: one half is heard by a model that the other has taught."""
    stretches: tuple[Stretch, ...]
    """The sound as it is, then louder days."""


def half_of(clip_id: str) -> int:
    """Draw a half for a recording; `clip_id` ends in its id."""
    return hashlib.sha256(clip_id.rpartition("/")[2].encode()).digest()[0] % 2


def spoken(taught: Sequence[Taught], *, progress: Progress, workers: int | None = None) -> list[Spoken]:
    """Align every utterance whose words are known; those that do not fit their words are left out.

    `workers`: processes of this machine; without it as `compute.map` chooses.
    """
    known = [(one, said) for one in taught if (said := known_words(one))]
    words = {word for _, said in known for word in said.lower().split()}
    found = compute.map(
        partial(_Aligning, lexicon.missing(words, known={}), Background(one.audio for one, _ in known)),
        known,
        workers=workers,
        told=lambda done: progress("aligning words with speech", done, len(known)),
    )
    return [one for one in found if one]


class _Aligning:
    """One process's aligner."""

    def __init__(self, spelled: Mapping[str, str], background: Background) -> None:
        self._aligner, self._background = Aligner(spelled), background

    def __call__(self, known: tuple[Taught, str]) -> Spoken | None:
        one, said = known
        speech = _trimmed(spoken_part(one).samples)
        aligned = self._aligner.align(speech, said) if len(speech) else None
        if aligned is None:
            return None
        sounds = [speech]
        if len(self._background):
            rng = np.random.default_rng(list(hashlib.sha256(one.interaction.id.bytes).digest()[:16]))
            sounds += [self._background.over(speech, snr=rng.uniform(*levels), rng=rng) for levels in _LOUDER]
        return Spoken(
            half=half_of(str(one.interaction.id)),
            stretches=tuple(stretch(cepstra(sound), *aligned) for sound in sounds),
        )


def _written(utterances: Sequence[Spoken]) -> dict[str, bytes]:
    every = [each for one in utterances for each in one.stretches]
    buffer = io.BytesIO()
    np.savez(
        buffer,
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
        halves, counts = found["half"].tolist(), found["stretches"].tolist()
    utterances: list[Spoken] = []
    for half, count in zip(halves, counts, strict=True):
        utterances.append(Spoken(half=half, stretches=tuple(every[:count])))
        every = every[count:]
    return utterances


SPOKEN: Form[list[Spoken]] = Form(write=_written, read=_read)
"""How aligned utterances are written while a run lasts; they hold sound in cepstra."""


def means_file(utterances: Sequence[Spoken]) -> dict[str, bytes]:
    """Return a bundle's `asr/means`; nothing when there is too little to learn from."""
    if len(utterances) < FEWEST:
        return {}
    return {"asr/means": write_means(adapt([each for one in utterances for each in one.stretches]))}


def _trimmed(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Cut quiet off as the recogniser does."""
    return np.concatenate([*SpeechGate().feed(samples), samples[:0]])
