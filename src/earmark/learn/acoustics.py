"""From aligned utterances to the files that the recogniser hears by: moved means, or a network of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from earmark.assistant import network as networks
from earmark.assistant.network import SILENCE, STEP
from earmark.assistant.sight import EMBEDDED_EVERY, Eyes, Sight
from earmark.device import SHIFT, WINDOW, frame_count, log_mel
from earmark.learn import compute
from earmark.learn.acoustic import packaged
from earmark.learn.adapting import Spoken, means_file
from earmark.learn.background import quiet_parts
from earmark.learn.lessons import Taught, spoken_part
from earmark.learn.louder import Surroundings
from earmark.learn.network import BESIDE, CHUNK, Example, train
from earmark.words import PcmAudio

Progress = Callable[[str, int, int], None]
FEWEST = 50
"""Utterances below which no network is trained: docs/decisions/neural-acoustics.md."""
_DAYS = 5
"""Renderings of each utterance, the first as it was recorded."""
_CROWD = 60
"""Utterances that a crowd is made of, at most."""
_AROUND = 45
"""Frames before and behind what was said that are learned from, at least. The larger part of a recording is quiet; but
where a crowd talks all of it is learned from, as nothing else says that other people's words are quiet."""
_SEEN = 48
"""Frames on both sides of its own that an embedding sees, and some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acoustics:
    """What acoustic models learn from."""

    utterances: Sequence[Spoken] = ()
    networks: Mapping[str, bytes] = field(default_factory=dict)
    """As `train_networks` returns them; empty where there are too few utterances for any."""

    def files(self, *, without: int | None = None) -> dict[str, bytes]:
        """Return `asr/network.npz`, or `asr/means` where there is none, learned from all or without one half.

        Beside a network the packaged means read as well, and what they decoded once need not be decoded again.
        """
        found = self.networks.get(_without(without))
        if found is not None:
            return {networks.FILE: found}
        return means_file([one for one in self.utterances if one.half != without])


def train_networks(
    rendered: Sequence[tuple[int, Example]],
    *,
    halves: Sequence[int | None] = (None, 0, 1),
    workers: int | None = None,
    progress: Progress = lambda *_: None,
) -> dict[str, bytes]:
    """Train a network on all renderings, and one without each half, side by side; nothing without renderings.

    `halves`: which of them, None for all. Raises MissingExtra without JAX.
    """
    if not rendered:
        return {}
    examples = [[example for half, example in rendered if half != without] for without in halves]
    packed = compute.apart(
        _trained,
        examples,
        workers=workers,
        told=lambda share: progress("training the acoustic network", round(100 * share), 100),
    )
    return {_without(half): network for half, network in zip(halves, packed, strict=True)}


def _trained(examples: Sequence[Example], said: compute.Said) -> bytes:
    # One thread for each network: as many are trained side by side as there are cores, and no sum depends on how many
    # there are. XLA asks this variable; its own flags don't keep it to one.
    os.environ["NPROC"] = "1"
    return networks.pack(train(examples, phones=phones(), progress=lambda _, done, total: said(done / total)))


def _without(half: int | None) -> str:
    return "all" if half is None else f"without-{half}"


def phones() -> tuple[str, ...]:
    """Return the outputs of a network: quiet, and the phones of the packaged dictionary."""
    return (SILENCE, *sorted(name for name in packaged().phones if name.isalpha() and name != SILENCE))


def render(
    utterances: Sequence[Spoken],
    taught: Sequence[Taught],
    *,
    noises: Sequence[PcmAudio] = (),
    progress: Progress,
    workers: int | None = None,
) -> list[tuple[int, Example]]:
    """Render each utterance on several days; nothing when there are too few, or no JAX to train with.

    `noises`: recordings of noise; the home's own quiet moments are always among them.
    """
    if len(utterances) < FEWEST or not _can_train():
        return []
    sounds = {str(one.interaction.id): spoken_part(one) for one in taught}
    known = [(one, sounds[one.id].samples) for one in utterances if one.id in sounds]
    surroundings = Surroundings(
        noises=[noise.samples for noise in noises] + _own_quiet([sounds[one.id] for one, _ in known[:_CROWD]]),
        voices=[samples for _, samples in known[:_CROWD]],
    )
    found = compute.map(
        partial(_Rendering, surroundings),
        known,
        workers=workers,
        told=lambda done: progress("hearing it on other days", done, len(known)),
    )
    return [(one.half, example) for (one, _), examples in zip(known, found, strict=True) for example in examples]


class _Rendering:
    """One process's renderings."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings, self._eyes = surroundings, Eyes()
        places: Mapping[str, int] = {name: at for at, name in enumerate(phones())}
        self._outputs = np.array([places.get(name, 0) for name in packaged().phones], dtype=np.intp)

    def __call__(self, known: tuple[Spoken, NDArray[np.int16]]) -> list[Example]:
        one, samples = known
        rng = np.random.default_rng(list(hashlib.sha256(one.id.encode()).digest()[:16]))
        found = [self._example(samples, self._outputs[one.phones])]
        for _ in range(_DAYS - 1):
            day = self._surroundings.another_day(samples, rng)
            frames = np.round(np.arange(frame_count(len(day.samples))) * day.speed).astype(np.intp)
            said = one.phones[np.minimum(frames, len(one.phones) - 1)]
            found.append(self._example(day.samples, self._outputs[said], whole=day.crowd))
        return found

    def _example(self, samples: NDArray[np.int16], phones: NDArray[np.intp], *, whole: bool = False) -> Example:
        """`phones`: one for each frame. Embeddings, which take the longest, are worked out where they are looked at."""
        mel = log_mel(samples)
        first, stop = part = (0, len(phones)) if whole else _part(phones)
        left = max(0, first - BESIDE - _SEEN) // EMBEDDED_EVERY
        right = min(len(mel), stop + BESIDE + _SEEN)
        seen = self._eyes.embeddings(samples[left * EMBEDDED_EVERY * SHIFT : right * SHIFT + WINDOW])
        embeddings = np.zeros((-(-len(mel) // EMBEDDED_EVERY), seen.shape[1]), dtype=np.float32)
        embeddings[left : left + len(seen)] = seen[: len(embeddings) - left]
        return Example(sight=Sight(mel=mel, embeddings=embeddings), phones=phones, part=part)


def _part(phones: NDArray[np.intp]) -> tuple[int, int]:
    """Return the frames to learn from: what was said and the quiet around it, in whole chunks where it reaches."""
    said = np.flatnonzero(phones)
    first, stop = (said[0] - _AROUND, said[-1] + 1 + _AROUND) if len(said) else (0, len(phones))
    first -= (-(stop - first) % CHUNK) // 2
    first = int(max(0, first)) // STEP * STEP
    count = -(-(min(stop, len(phones)) - first) // CHUNK)
    return first, min(len(phones), first + count * CHUNK)


def _own_quiet(recordings: Sequence[PcmAudio]) -> list[NDArray[np.int16]]:
    """Return the moments in which nobody speaks, in one piece; nothing where they are less than a second."""
    quiet = np.concatenate([np.zeros(0, np.int16), *(quiet_parts(one) for one in recordings)])
    return [quiet] if len(quiet) >= 16_000 else []


def _can_train() -> bool:
    try:
        import jax  # noqa: F401
    except ImportError:
        return False
    return True
