"""What `earmark bench wake-words` judges by: people, synthetic voices and hours of speech that nobody trained on.

Words of the data folder are parted by the hash of their name, as most have no speaker; each counts as its own. Orders
are parted by speaker. Noise is learned in its first half and judged in its second.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from earmark import audio
from earmark.device import Voice
from earmark.learn.clips import Clip, read_folder, read_sentences, usable
from earmark.learn.wake_streams import loudest
from earmark.learn.wake_voices import ACCENTS, TIMBRES
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

HELD_TIMBRES = ("f3", "m4", "Annie", "ed", "Hugo", "klatt2", "linda")
"""Of the synthesiser that training uses, seven voices that it does not."""
TIMBRES_TO_LEARN = tuple(timbre for timbre in TIMBRES if timbre not in HELD_TIMBRES)
FLITE = ("kal", "awb", "rms", "slt")
"""Voices of a synthesiser that training never uses, where `flite` is installed."""
_LEAD, _TAIL = 1.6, 1.0
_LEVEL = 1500.0
_BLOCK: Seconds = 300.0
_BREATH = SAMPLE_RATE // 20
"""Samples that are kept beside the loudest stretch of a clip, in which its words are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A data folder, parted."""

    learn: Sequence[Clip]
    judge: Sequence[Clip]
    orders_to_learn: Sequence[Clip]
    orders_to_judge: Sequence[Clip]
    """By other speakers."""
    noise_to_learn: NDArray[np.int16]
    noise_to_judge: NDArray[np.int16]
    confusables: Sequence[str]
    """Phrases that are left for judging."""
    sentences: Sequence[str]


def read(data: Path) -> Material:
    """Read `wake/`, `commands/`, `noise/kitchen.flac`, `nlu/home.jsonl` of a folder. Raises BadManifest, BadAudio."""
    clips, _ = usable(read_folder(data)[0])
    noise = audio.read(data / "noise" / "kitchen.flac", longest=24 * 3600).samples
    wake = [clip for clip in clips if clip.part == "wake"]
    orders = [clip for clip in clips if clip.part == "commands"]
    words = {(clip.keyword or "").lower() for clip in wake}
    texts = [one.text for one in read_sentences(data / "nlu" / "home.jsonl")]
    phrases = (data / "wake" / "confusables.txt").read_text(encoding="utf-8").splitlines()
    return Material(
        learn=[clip for clip in wake if not _half(clip.id)],
        judge=[clip for clip in wake if _half(clip.id)],
        orders_to_learn=[clip for clip in orders if not _half(clip.speaker)],
        orders_to_judge=[clip for clip in orders if _half(clip.speaker)],
        noise_to_learn=noise[: len(noise) // 2],
        noise_to_judge=noise[len(noise) // 2 :],
        confusables=[phrase.strip() for phrase in phrases if phrase.strip()],
        sentences=[text for text in texts if len(text.split()) > 4 and not any(word in text for word in words)],
    )


def _half(name: str) -> bool:
    return bool(hashlib.sha256(name.encode()).digest()[0] % 2)


def heard(sound: PcmAudio, *, noise: NDArray[np.int16] | None = None, snr: float = 0.0, seed: int) -> NDArray[np.int16]:
    """Return a clip as it stands in a quiet room, or in `noise` at `snr` dB over the clip, 1.6 s before it on."""
    rng = np.random.default_rng(seed)
    lead, tail = round(_LEAD * SAMPLE_RATE), round(_TAIL * SAMPLE_RATE)
    out = rng.normal(0.0, 8.0, lead + len(sound.samples) + tail)
    out[lead : lead + len(sound.samples)] += sound.samples
    if noise is not None:
        added = noise[(int(rng.integers(len(noise))) + np.arange(len(out))) % len(noise)].astype(np.float64)
        under = added[lead : lead + len(sound.samples)]
        power = float(np.mean(sound.samples.astype(np.float64) ** 2)) / max(float(np.mean(under**2)), 1e-9)
        out += added * np.sqrt(power / 10 ** (snr / 10))
    return np.clip(np.rint(out), -32768, 32767).astype(np.int16)


def followed(call: PcmAudio, order: PcmAudio, *, seed: int) -> PcmAudio:
    """Return a call that is followed, within a quarter of a second, by two seconds of an order, as loud as the call."""
    rng = np.random.default_rng(seed)
    begins, ends = loudest(call.samples.astype(np.float64))
    word = call.samples[: ends + _BREATH].astype(np.float64)
    first, _ = loudest(order.samples.astype(np.float64))
    said = order.samples[max(0, first - _BREATH) :][: 2 * SAMPLE_RATE].astype(np.float64)
    said *= np.sqrt(np.mean(word[begins:] ** 2) / max(1.0, float(np.mean(said**2))))
    gap = rng.normal(0.0, 8.0, int(rng.integers(SAMPLE_RATE // 4)))
    return PcmAudio(samples=np.clip(np.rint(np.concatenate([word, gap, said])), -32768, 32767).astype(np.int16))


def voices(phrases: Sequence[str]) -> Iterator[tuple[str, str, PcmAudio]]:
    """Yield (synthesiser, phrase, sound) of every phrase in every held-out voice."""
    with Voice() as voice:
        for timbre in HELD_TIMBRES:
            for phrase in phrases:
                yield "espeak-ng", phrase, voice.synthesise(phrase, voice=f"en-us+{timbre}")
    for name in FLITE if shutil.which("flite") else ():
        for phrase in phrases:
            yield "flite", phrase, flite(phrase, name)


def flite(text: str, voice: str, *, stretch: float = 1.0) -> PcmAudio:
    """Say a text with CMU Flite, in a process of its own."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-t", text, "-o", file.name]
        subprocess.run(command, check=True, capture_output=True)
        samples, rate = soundfile.read(file.name, dtype="float32")
    at_16k = soxr.resample(samples, rate, SAMPLE_RATE) if rate != SAMPLE_RATE else samples
    return PcmAudio(samples=np.clip(np.rint(at_16k * 32767), -32768, 32767).astype(np.int16))


def talk(material: Material, *, length: Seconds, without: Collection[str]) -> NDArray[np.int16]:
    """Return so much speech in which no wake word is said: orders by people, other words by people who judge, and
    sentences by held-out synthetic voices, shuffled; five minutes in a quiet room, five in kitchen noise at 10 dB, five
    over four people talking at 10 dB, and so on.
    """
    rng = np.random.default_rng(7)
    people = [clip.sound().samples for clip in material.orders_to_judge]
    parts = [*people, *(clip.sound().samples for clip in material.judge if clip.keyword not in without)]
    seconds = sum(len(part) / SAMPLE_RATE + 0.25 for part in parts)
    with_flite = shutil.which("flite") is not None
    with Voice() as voice:
        order: list[int] = rng.permutation(len(material.sentences)).tolist()
        for index, at in enumerate(order):
            if seconds >= length:
                break
            text = material.sentences[at]
            if with_flite and not index % 4:
                sound = flite(text, FLITE[index // 4 % len(FLITE)], stretch=float(rng.uniform(0.85, 1.2)))
            else:
                name = f"{rng.choice(ACCENTS)}+{HELD_TIMBRES[index % len(HELD_TIMBRES)]}"
                sound = voice.synthesise(text, voice=name, speed=int(rng.integers(120, 190)))
            parts.append(sound.samples)
            seconds += sound.duration + 0.25
    out = np.concatenate([_part(parts[at], rng) for at in rng.permutation(len(parts)).tolist()])
    block = round(_BLOCK * SAMPLE_RATE)
    for number, start in enumerate(range(0, len(out), block)):
        stretch = out[start : start + block]
        stretch += _background(number % 3, len(stretch), people, material.noise_to_judge, rng) * float(
            np.sqrt(np.mean(stretch**2))
        )
    return np.clip(np.rint(out), -32768, 32767).astype(np.int16)[: round(length * SAMPLE_RATE)]


def _part(samples: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.float32]:
    """Bring a part to a drawn loudness, with a quarter of a second of quiet after it."""
    values = samples.astype(np.float32)
    gain = _LEVEL * 10 ** (rng.uniform(-12, 4) / 20) / max(float(np.sqrt(np.mean(values**2))), 1.0)
    padded = np.concatenate([values * gain, np.zeros(SAMPLE_RATE // 4, dtype=np.float32)])
    return (padded + rng.normal(0.0, 5.0, len(padded))).astype(np.float32)


def _background(
    kind: int, length: int, people: Sequence[NDArray[np.int16]], noise: NDArray[np.int16], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return what lies under a block of speech of RMS 1: nothing, a kitchen or people, the latter 10 dB below."""
    if kind == 0:
        return np.zeros(length, dtype=np.float32)
    sound = np.zeros(length)
    for _ in range(1 if kind == 1 else 4):
        one = noise if kind == 1 else np.concatenate([people[at] for at in rng.permutation(len(people))[:60]])
        sound += one[(int(rng.integers(len(one))) + np.arange(length)) % len(one)]
    return (sound * 10**-0.5 / max(float(np.sqrt(np.mean(sound**2))), 1e-9)).astype(np.float32)
