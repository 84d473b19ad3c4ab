"""`earmark bench wake-words --data DIR`: how well devices tell a wake word from what sounds like it.

Half of the clips teach and half judge; the confusables' phrases, seven voices of a synthesiser and a whole further
synthesiser are judged by and never learned from. It reports the packaged wake word alone and with a verifier trained
here, and new wake words learned from 22 recordings each.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from earmark import bundle as bundles
from earmark.bench import wake_speech
from earmark.bench.wake_speech import TIMBRES_TO_LEARN, Material
from earmark.bundle import ModelBundle
from earmark.device import (
    FRAME_SAMPLES,
    Listener,
    MicroWakeDetector,
    Rejected,
    SpeechEmbedder,
    learned_head,
    load_verifier,
)
from earmark.errors import BadRequest
from earmark.learn import new_words, wake
from earmark.learn.adding import voices_for
from earmark.learn.clips import key_of
from earmark.learn.confusables import confusables
from earmark.learn.new_words import smoothed
from earmark.learn.new_words_second import firings
from earmark.learn.wake_rows import Trained
from earmark.learn.wake_streams import NEWEST, STEP, Stream, StreamMaker
from earmark.learn.wake_voices import pico_clips, synthetic_clips
from earmark.learn.wake_windows import COST_OF_A_MISS, STAGE1, WakeClip
from earmark.supervisor import Progress
from earmark.words import SAMPLE_RATE

WORD = "alexa"
NEW = ("computer", "jarvis", "smart_mirror")
TEACH = 22
"""Recordings of a new word that are learned from; the others judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is learned from and judged by."""

    hours: float = 2.0
    """Of speech without a wake word."""
    every: int = 1
    """Of the recordings without the word, every so many-th is learned from."""
    voices: Mapping[str, Any] = field(default_factory=dict)
    """For the verifier, see `synthetic_clips`."""
    pico: Mapping[str, Any] = field(default_factory=dict)
    """And `pico_clips`."""
    new: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """For a new word, see `voices_for`."""


LIGHT = Size(
    hours=0.5,
    every=3,
    voices={"says": 3, "phrases": 200, "voices_a_phrase": 3, "invented": 400},
    pico={"says": 4, "phrases": 100, "invented": 250},
    new={
        "espeak": {"phrases": 80, "invented": 120, "talks": 60},
        "pico": {"says": 4, "phrases": 60, "invented": 120},
    },
)
"""Some two fifths of the voices, and a quarter of the speech."""

Asked = list[tuple[float, float]]
"""The first stage's peak and the verifier's score of each time that it was asked."""
Found = dict[str, list[Asked]]
"""What was heard → what came of each clip."""
_SNRS = (None, 5.0, 0.0)
_MINUTE = 60 * SAMPLE_RATE
_ROC = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


def run(note: Progress, data: Path, *, light: bool = False) -> list[dict[str, Any]]:
    """Return rows of numbers: the packaged word, its verifier, the verifier's thresholds, each new word."""
    size = LIGHT if light else Size()
    material = wake_speech.read(data)
    if not any(clip.keyword == WORD for clip in material.judge):
        raise BadRequest(why=f"`earmark bench wake-words` needs recordings of “{WORD}” in the wake folder.")
    note("training the verifier")
    files = trained(material, size)
    found = heard_again(note, material, files)
    note(f"{size.hours} hours of speech")
    hours = wake_speech.talk(
        material, length=size.hours * 3600, without=(WORD, *(word.replace("_", " ") for word in NEW))
    )
    found[f"{size.hours} hours"] = [[asked] for asked in judge_of(files).wakes(hours)]
    rows = table(files, found)
    note("hearing two hours as a stream of embeddings")
    stream = _minutes(hours)
    return [*rows, *(new_word(note, material, stream, word, size) for word in NEW)]


def trained(material: Material, size: Size) -> Mapping[str, bytes]:
    """Train the verifier on the half to learn from. Raises BadRequest when that is too little."""
    said = [clip for clip in material.learn if clip.keyword == WORD]
    others = [clip for clip in material.learn if clip.keyword != WORD][:: size.every]
    people = [WakeClip(audio=clip.sound(), said=True, group=clip.speaker) for clip in said]
    people += [WakeClip(audio=clip.sound(), said=False, group=clip.speaker) for clip in others]
    held = material.confusables
    synthetic = synthetic_clips(WORD, seed=0, timbres=TIMBRES_TO_LEARN, without=held, **size.voices)
    synthetic += pico_clips(WORD, seed=0, without=held, **size.pico)
    learned = wake.train(WORD, people, synthetic=synthetic, noise=material.noise_to_learn)
    if isinstance(learned, str):
        raise BadRequest(why=learned)
    return learned.files


def heard_again(note: Progress, material: Material, files: Mapping[str, bytes]) -> Found:
    """Play the half to judge, and the synthetic voices, to a device."""
    judge, found = judge_of(files), Found()
    for number, clip in enumerate(material.judge):
        said = clip.keyword == WORD
        for snr in _SNRS:
            noise = None if snr is None else material.noise_to_judge
            samples = wake_speech.heard(clip.sound(), noise=noise, snr=snr or 0.0, seed=number)
            found.setdefault(f"{'hits' if said else 'other words'} {_dB(snr)}", []).append(judge.wakes(samples))
            if said and material.orders_to_judge:
                order = material.orders_to_judge[number % len(material.orders_to_judge)]
                both = wake_speech.followed(clip.sound(), order.sound(), seed=number)
                samples = wake_speech.heard(both, noise=noise, snr=snr or 0.0, seed=number)
                found.setdefault(f"hits before an order {_dB(snr)}", []).append(judge.wakes(samples))
        if not number % 20:
            note(f"judging, {number} of {len(material.judge)} recordings")
    note("judging synthetic voices")
    for number, (by, phrase, sound) in enumerate(wake_speech.voices([WORD, *material.confusables])):
        key = f"{'synthetic hits' if phrase == WORD else 'confusables'} {by}"
        found.setdefault(key, []).append(judge.wakes(wake_speech.heard(sound, seed=number)))
    return found


def table(files: Mapping[str, bytes], found: Found) -> list[dict[str, Any]]:
    """Return what came of it by the first stage alone, with the verifier, and at other thresholds of it."""
    about, cutoff = json.loads(files[f"wake/{WORD}.json"]), MicroWakeDetector(WORD).cutoff
    first = float(about["stage1"])
    rows = [
        {"what": f"{WORD}, first stage alone at {cutoff}"} | _counts(found, first=cutoff, threshold=-1.0),
        {"what": f"{WORD}, with its verifier", "cost_of_a_miss": about["cost_of_a_miss"]}
        | {"stage1": first, "threshold": round(about["threshold"], 3)}
        | _counts(found, first=first, threshold=about["threshold"]),
    ]
    return [*rows, *({"what": f"threshold {at}"} | _counts(found, first=first, threshold=at) for at in _ROC)]


def judge_of(files: Mapping[str, bytes]) -> _Judge:
    everything = json.loads(files[f"wake/{WORD}.json"]) | {"stage1": STAGE1, "threshold": 2.0}
    return _Judge({**files, f"wake/{WORD}.json": json.dumps(everything).encode()})


class _Judge:
    """A listener whose verifier refuses everybody and says how sure it was: one pass serves every threshold."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._detector = MicroWakeDetector(WORD)
        self._folder = tempfile.TemporaryDirectory()
        self._refusing = _bundle(Path(self._folder.name), files)
        verifier = load_verifier(self._refusing, WORD)
        assert verifier is not None
        self._embedder = SpeechEmbedder(verifier.windows)

    def wakes(self, samples: NDArray[np.int16]) -> Asked:
        """Return (first stage's peak, verifier's score) of each time that a device's listener asks it."""
        listener = Listener(bundle=self._refusing, word=WORD, detector=self._detector, embedder=self._embedder)
        frames = (samples[at : at + FRAME_SAMPLES].tobytes() for at in range(0, len(samples) - 159, FRAME_SAMPLES))
        events = [event for frame in frames for event in listener.feed(frame)]
        events += listener.finish()
        return [(event.score, event.verifier) for event in events if isinstance(event, Rejected)]


def _counts(found: Found, *, first: float, threshold: float) -> dict[str, Any]:
    def count(key: str) -> int:
        return sum(any(peak > first and score >= threshold for peak, score in asked) for asked in found[key])

    return {
        key: f"{count(key)} of {len(rows)}" if not key.endswith("hours") else count(key) for key, rows in found.items()
    }


def new_word(note: Progress, material: Material, stream: Sequence[Stream], word: str, size: Size) -> dict[str, Any]:
    note(f"training “{word}”")
    clips = [*material.learn, *material.judge]
    own = [clip for clip in clips if key_of(clip.keyword) == word]
    teach, judged = own[:TEACH], own[TEACH:]
    others = [clip for clip in material.learn if key_of(clip.keyword) != word]
    others = [*others, *material.orders_to_learn][:: size.every]
    people = [WakeClip(audio=clip.sound(), said=True, group=clip.speaker) for clip in teach]
    people += [WakeClip(audio=clip.sound(), said=False, group=clip.speaker) for clip in others]
    phrases = confusables(word, 50)[::2]
    espeak = {"timbres": TIMBRES_TO_LEARN, **size.new.get("espeak", {})}
    synthetic = voices_for(word, without=phrases, espeak=espeak, pico=size.new.get("pico"))
    files = new_words.train(word, [*people, *synthetic], cost_of_a_miss=COST_OF_A_MISS, noise=material.noise_to_learn)
    with tempfile.TemporaryDirectory() as folder:
        head = _Head(_bundle(Path(folder), files), word)
    row: dict[str, Any] = {
        "what": f"new word {word}",
        "learned_from": len(teach),
        "threshold": round(head.threshold, 3),
    }
    for snr in _SNRS:
        noise = None if snr is None else material.noise_to_judge
        sounds = [
            wake_speech.heard(clip.sound(), noise=noise, snr=snr or 0.0, seed=number)
            for number, clip in enumerate(judged)
        ]
        row[f"hits {_dB(snr)}"] = f"{sum(head.wakes(sound) > 0 for sound in sounds)} of {len(sounds)}"
    for said in ("confusables", "synthetic hits"):
        sounds = wake_speech.voices(phrases if said == "confusables" else [word.replace("_", " ")])
        woke = [head.wakes(wake_speech.heard(sound, seed=at)) > 0 for at, (_, _, sound) in enumerate(sounds)]
        row[said] = f"{sum(woke)} of {len(woke)}"
    rest = [clip for clip in material.judge if key_of(clip.keyword) != word]
    woke = [head.wakes(wake_speech.heard(clip.sound(), seed=at)) > 0 for at, clip in enumerate(rest)]
    row["other words"] = f"{sum(woke)} of {len(woke)}"
    row["false wakes an hour"] = round(head.woken(stream) / size.hours, 2)
    return row


class _Head:
    """A learned wake word over whole clips: the embeddings of a stream, in one pass a minute of sound."""

    def __init__(self, bundle: ModelBundle, word: str) -> None:
        machine, self._cutoff = learned_head(bundle, word)
        self._curve, self._behind = machine.curve, load_verifier(bundle, word)
        self.threshold = self._behind.threshold if self._behind else self._cutoff
        self._machine = Trained(
            mean=machine.mean,
            scale=machine.scale,
            vectors=machine.vectors,
            weights=machine.weights,
            gamma=machine.gamma,
            intercept=machine.intercept,
        )
        self._maker = StreamMaker()

    def wakes(self, samples: NDArray[np.int16]) -> int:
        """Return how often it wakes in a clip."""
        return self.woken([self._maker.heard(samples)])

    def woken(self, streams: Sequence[Stream]) -> int:
        """Return how often it wakes; then it hears nothing for two seconds, as while a command is captured."""
        count = 0
        for stream in streams:
            free = 0
            for at in self._fires(stream):
                if at >= free:
                    count, free = count + 1, at + 25
        return count

    def _fires(self, stream: Stream) -> Iterator[int]:
        smooth = smoothed(self._curve.slope * self._machine.margins(stream.windows(stream.all)) + self._curve.offset)
        if self._behind is None:
            yield from np.flatnonzero(smooth > self._cutoff).tolist()
            return
        assert self._behind.network is not None
        for fired in firings(smooth, above=self._behind.stage1):
            second = float(self._behind.network.margins(stream.seen(int(stream.all[fired.end]))[None])[0])
            if self._behind.accepts(self._behind.curve.score(peak=fired.peak, second=second)):
                yield fired.end


def _minutes(samples: NDArray[np.int16]) -> list[Stream]:
    """Return sound as a stream a minute; they overlap by one window."""
    maker, step = StreamMaker(), _MINUTE - (NEWEST + 9) * STEP
    return [maker.heard(samples[at : at + _MINUTE]) for at in range(0, max(1, len(samples) - 2 * STEP), step)]


def _dB(snr: float | None) -> str:  # noqa: N802  (the unit is written so)
    return "clean" if snr is None else f"{snr:.0f} dB"


def _bundle(folder: Path, files: Mapping[str, bytes]) -> ModelBundle:
    return bundles.write(folder, files=files, about={}, key=Ed25519PrivateKey.generate())
