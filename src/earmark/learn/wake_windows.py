"""From clips to what the wake verifier sees of the window in which the first stage fires: embeddings, mel energies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from earmark.device import (
    BANDS,
    DIMENSIONS,
    FRAME_SAMPLES,
    MicroWakeDetector,
    SpeechEmbedder,
    clearness,
    wake_network,
)
from earmark.learn import compute
from earmark.learn.rooms import another_channel, another_throat, draw_room, hear, pad
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

STAGE1 = 0.1
"""Threshold of the first stage with a verifier behind it. At 0 dB of kitchen noise the packaged "alexa" finds 83 % of
wakes above its own cutoff of 0.9, 95 % above 0.5 and 98 % above 0.1; what else passes the verifier has to refuse."""
SETTLE: Seconds = 0.52
"""The last window ends this long after the first stage fires, which is at the word's last vowel: what tells "a lexus"
and "a lecture" from the wake word comes after it. Nothing is lost meanwhile, the device holds it back. Sooner,
at 0.36, more such phrases passed; later, at 0.6, no fewer."""
NEWEST = 9
"""Embeddings in a window: 1.4 s, the longest wake word and what leads into it; more would bring what came before."""
LOOKS = 3
"""Windows that are looked at, 80 ms apart; the mean of their margins counts. One pass makes them all."""
COST_OF_A_MISS = 3.0
"""A missed wake counts as much as so many false ones, unless the setting `EARMARK_COST_OF_A_MISS` says otherwise: who
was missed says it again, who had not called was recorded."""
_ENOUGH = 60
"""Clips below which starting further processes costs more than they save."""
_LEAD: Seconds = 1.6
_TAIL: Seconds = 0.8
_CHANNELS, _RECORDED = 0.6, 0.5
"""Share of drawn rooms with another microphone, and of those with recorded noise where there is some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeClip:
    """A clip of which it is known whether the wake word was said in it."""

    audio: PcmAudio
    """The wake span, or more around it."""
    said: bool
    group: str
    """Who spoke: clips of one group are never on both sides of a split. An opaque id."""
    synthetic: bool = False
    talk: bool = False
    """Synthetic talk at length, and not a phrase that may sound like the word."""
    device: str | None = None
    """The device that heard it, by its opaque name; None when that is not known or does not matter."""
    word_ends: int | None = None
    """Sample at which the word ends, where more is said after it; None when nobody measured it."""
    network_only: bool = False
    """What people said besides the wake word: a machine would keep windows of it, and devices are given the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """What the verifier is trained on, one row a window."""

    embeddings: NDArray[np.float32]
    """Shape (n, 11, 96): three windows of nine, 80 ms apart."""
    mel: NDArray[np.float16]
    """Shape (n, 144, 40): what the verifier's network sees, see `wake_network.look`."""
    peak: NDArray[np.float32]
    """Shape (n,): the first stage's highest score until the window was taken."""
    clear: NDArray[np.float32]
    """Shape (n,): dB that the loud moments lie above the quiet ones."""
    said: NDArray[np.bool_]
    clip: NDArray[np.int64]
    """Index of the clip that a row was made of."""

    def __len__(self) -> int:
        return len(self.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """Where the first stage fired."""

    end: int
    """Sample at which the device takes the window: SETTLE after the score passed STAGE1."""
    peak: float
    """Highest score until then."""
    fired: bool
    """False when the score never passed; then `end` lies after its highest point."""


class WindowMaker:
    """Runs the device's own first stage and embedder over clips."""

    def __init__(self, word: str) -> None:
        self._detector = MicroWakeDetector(word)
        self._embedder = SpeechEmbedder(NEWEST + LOOKS - 1)

    def find(self, samples: NDArray[np.int16]) -> Firing:
        """Return where the first stage fires first, or comes nearest to it."""
        self._detector.reset()
        settle = round(SETTLE * SAMPLE_RATE)
        highest, where = -1.0, 0
        fired_at: int | None = None
        for at in range(FRAME_SAMPLES, len(samples) + 1, FRAME_SAMPLES):
            score = self._detector.feed(samples[at - FRAME_SAMPLES : at].tobytes())
            if score is not None and score > highest:
                highest, where = score, at
            if fired_at is None and score is not None and score > STAGE1:
                fired_at = at
            if fired_at is not None and at >= fired_at + settle:
                break
        if fired_at is None:
            return Firing(end=where + settle, peak=highest, fired=False)
        return Firing(end=fired_at + settle, peak=highest, fired=True)

    def window(self, samples: NDArray[np.int16], end: int) -> NDArray[np.float32]:
        """Return the embeddings, shape (11, 96), of the 1.6 s before a sample."""
        return self._embedder.embed(samples[: max(FRAME_SAMPLES, end)])

    def make(
        self,
        clips: Sequence[WakeClip],
        *,
        rooms: int,
        seed: int,
        first: int = 0,
        noise: NDArray[np.int16] | None = None,
        embedded: bool = True,
    ) -> Windows:
        """Hear every clip once as it is and in `rooms` drawn rooms, and cut each time the window that fires.

        In a room another throat says it into another microphone, and half the rooms have `noise` for a background.

        Where the first stage stays silent the verifier is never asked, so such windows are left out; but for people's
        voices without the wake word, of which too few fire: there the nearest miss is taken, so that a human voice
        alone never passes for the word. `first` is the index of the first clip among all: what is drawn depends on it.
        Without `embedded` the embeddings are zeros: for who needs the mel energies alone.
        """
        unseen = np.zeros((NEWEST + LOOKS - 1, DIMENSIONS), dtype=np.float32)
        rows: list[tuple[NDArray[np.float32], NDArray[np.float16], float, float, bool, int]] = []
        for index, clip in enumerate(clips, start=first):
            rng = np.random.default_rng([seed, index])
            for room in range(rooms + 1):
                audio = another_throat(clip.audio, rng) if room else clip.audio
                sound = pad(audio, before=_LEAD, after=_TAIL, rng=rng)
                if room:
                    sound = another_channel(sound, rng) if rng.random() < _CHANNELS else sound
                    background = noise if noise is not None and rng.random() < _RECORDED else None
                    samples = hear(sound, draw_room(rng), rng, noise=background)
                else:
                    samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
                firing = self.find(samples)
                if not firing.fired and (clip.said or clip.synthetic):
                    if not room:
                        break  # rooms rarely make a clip fire that is silent on its own: not worth the time
                    continue
                jitter = int(rng.integers(-4, 5)) * FRAME_SAMPLES if room else 0
                end = max(FRAME_SAMPLES, firing.end + jitter)
                seen = wake_network.look(samples[:end]).astype(np.float16)
                window = self.window(samples, end) if embedded else unseen
                rows.append((window, seen, firing.peak, clearness(samples[:end]), clip.said, index))
        return Windows(
            embeddings=np.array([row[0] for row in rows], dtype=np.float32).reshape(-1, NEWEST + LOOKS - 1, DIMENSIONS),
            mel=np.array([row[1] for row in rows], dtype=np.float16).reshape(-1, wake_network.SEEN, BANDS),
            peak=np.array([row[2] for row in rows], dtype=np.float32),
            clear=np.array([row[3] for row in rows], dtype=np.float32),
            said=np.array([row[4] for row in rows], dtype=bool),
            clip=np.array([row[5] for row in rows], dtype=np.int64),
        )


def make_windows(
    word: str,
    clips: Sequence[WakeClip],
    *,
    rooms: int,
    seed: int,
    noise: NDArray[np.int16] | None = None,
    embedded: bool = True,
    workers: int | None = None,
    told: Callable[[int], None] = lambda done: None,
) -> Windows:
    """Do what `WindowMaker.make` does, wherever `compute.map` chooses; the result does not depend on where.

    `workers`: processes of this machine; without it as `compute.map` chooses. `told` hears how many clips are done.
    """
    parts = compute.map(
        partial(_Cutter, word, rooms, seed, noise, embedded),
        list(enumerate(clips)),
        workers=workers,
        enough=_ENOUGH,
        told=told,
    )
    if not parts:
        return WindowMaker(word).make((), rooms=rooms, seed=seed, noise=noise)
    return Windows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Windows.__slots__})


class _Cutter:
    """One process's window maker."""

    def __init__(self, word: str, rooms: int, seed: int, noise: NDArray[np.int16] | None, embedded: bool) -> None:
        self._make = partial(WindowMaker(word).make, rooms=rooms, seed=seed, noise=noise, embedded=embedded)

    def __call__(self, numbered: tuple[int, WakeClip]) -> Windows:
        number, clip = numbered
        return self._make([clip], first=number)
