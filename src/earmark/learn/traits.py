"""What a recording is like: whose device, which voice cluster, how far speech stands over noise. In memory only.

A voice cluster is a heap of voices whose averaged cepstra lie close together, made without anybody's say and named by
letters. It may follow an accent, an age, a microphone or a room; which, nobody has checked, and it claims none. What it
is for: to see when a model serves one heap worse than another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from earmark.learn.background import parted
from earmark.learn.cepstra import plain_cepstra
from earmark.learn.lessons import Taught
from earmark.words import SAMPLE_RATE, DeviceId, PcmAudio

Progress = Callable[[str, int, int], None]
BANDS = ((30.0, "over 30 dB"), (20.0, "20 to 30 dB"), (10.0, "10 to 20 dB"), (-np.inf, "under 10 dB"))
_SHORTEST = SAMPLE_RATE // 10
"""Of speech and of quiet, below which their ratio is anybody's guess."""
_CLIPS = 6
"""Of one voice that are averaged; more change little."""
_FEWEST = 8
"""Voices below which there is nothing to cluster."""
_MOST_CLUSTERS = 6
_LOOKED_AT = 400
"""Voices that the number of clusters is chosen on; the silhouette takes the square of it."""

Voice = NDArray[np.float64]
"""Shape (25,): mean of cepstra 1 to 12 and spread of 0 to 12, over the moments of speech."""


def described(
    taught: Sequence[Taught], *, name: Callable[[DeviceId], str], progress: Progress = lambda *_: None
) -> list[Taught]:
    """Return the recordings with their traits: `device` (as `name` calls it), `voices` and `noise`.

    A trait that can't be told of a recording is left out. Deterministic; about 15 ms a second of sound.
    """
    found: list[dict[str, str]] = []
    voices: dict[str, list[Voice]] = {}
    for done, one in enumerate(taught, start=1):
        speech, quiet = parted(one.audio)
        device, noise = one.interaction.device_id, band(ratio(speech, quiet))
        found.append(
            ({"device": name(device)} if device is not None else {}) | ({"noise": noise} if noise is not None else {})
        )
        known = voices.setdefault(one.lesson.speaker, [])
        if len(known) < _CLIPS and len(speech) >= _SHORTEST:
            known.append(voice(speech))
        progress("looking at the recordings", done, len(taught))
    clusters = clustered({speaker: np.mean(heard, axis=0) for speaker, heard in voices.items() if heard})
    return [
        replace(
            one, traits=traits | ({"voices": clusters[one.lesson.speaker]} if one.lesson.speaker in clusters else {})
        )
        for one, traits in zip(taught, found, strict=True)
    ]


def ratio(speech: NDArray[np.int16], quiet: NDArray[np.int16]) -> float | None:
    """Return speech over noise in dB; None when there is too little of either. Digital silence is infinitely quiet."""
    if len(speech) < _SHORTEST or len(quiet) < _SHORTEST:
        return None
    loud, still = (float(np.mean(part.astype(float) ** 2)) for part in (speech, quiet))
    if not still:
        return np.inf
    return 10 * np.log10(max(loud - still, 1e-3) / still)


def band(decibels: float | None) -> str | None:
    return None if decibels is None else next(name for least, name in BANDS if decibels >= least)


def snr(recording: PcmAudio) -> float | None:
    """Return how far speech stands over what is heard when nobody speaks, in dB."""
    return ratio(*parted(recording))


def voice(speech: NDArray[np.int16]) -> Voice:
    """Average what a voice sounds like; loudness is left out."""
    frames = plain_cepstra(speech).astype(float)
    return np.concatenate([frames.mean(axis=0)[1:], frames.std(axis=0)])


def clustered(voices: Mapping[str, Voice]) -> dict[str, str]:
    """Return each speaker's cluster, `A` being the largest; nothing where there are too few voices.

    The number of clusters, 2 to 6, is the one with the highest silhouette (Rousseeuw 1987).
    """
    from sklearn.cluster import KMeans  # a second to load that only who trains or reports needs
    from sklearn.metrics import silhouette_score

    speakers = sorted(voices)
    if len(speakers) < _FEWEST:
        return {}
    rows = np.array([voices[speaker] for speaker in speakers])
    rows = (rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-9)
    tried: list[tuple[float, NDArray[np.intp]]] = []
    for count in range(2, min(_MOST_CLUSTERS, len(speakers) - 1) + 1):
        machine = KMeans(count, n_init=10, random_state=0)  # pyright: ignore[reportArgumentType]
        labels = machine.fit_predict(rows)
        if len(set(labels.tolist())) > 1:
            score = silhouette_score(rows, labels, sample_size=min(_LOOKED_AT, len(rows)), random_state=0)
            tried.append((float(score), labels))
    if not tried:
        return {}
    labels = max(tried, key=lambda each: each[0])[1].tolist()
    ranked = sorted(set(labels), key=lambda label: (-labels.count(label), labels.index(label)))
    return {speaker: chr(ord("A") + ranked.index(label)) for speaker, label in zip(speakers, labels, strict=True)}
