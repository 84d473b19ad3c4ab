"""What is spoken in the demo: some of it to learn from, the rest, other voices and other phrases, held out to judge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

import numpy as np

from earmark import audio, manifest
from earmark.demo.sentences import COMMANDS, CONFUSABLES, OTHER_SPEECH
from earmark.device import Voice
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

WAKE_WORD = "alexa"
_TRAIN_VOICES = ("en-us", "en-us+f2", "en+m3", "en-us+m5", "en+f4", "en-us+f3")
_HELDOUT_VOICES = ("en-us+m7", "en+f1", "en-us+f5", "en-gb-scotland+m2")
_ROOM_LEVEL = 20.0
"""Of 32768: the noise of a quiet room around every clip, human or synthetic, so that silence tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Something a device in the demo's household hears."""

    audio: PcmAudio
    voice: str
    """Who says it: a voice lives with one device, so that who is learned from is never who judges."""
    called: bool
    """True when the wake word is really said in it."""
    text: str | None = None
    """The command's words, when they are known."""
    intent: str | None = None
    """The command that was meant; None for speech that is no command."""
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The demo's speech."""

    train: tuple[Utterance, ...]
    """Goes through the devices, the review and the learning."""
    heldout: Path
    """A labelled folder (`commands/`, `wake/`, `other/`) of other speakers, voices and phrases."""
    about: str
    """Where it comes from, for the screen."""


def room(seconds: Seconds, random: Random) -> PcmAudio:
    """Return the noise of a quiet room."""
    generator = np.random.default_rng(random.getrandbits(64))
    samples = generator.normal(0.0, _ROOM_LEVEL, round(seconds * SAMPLE_RATE))
    return PcmAudio(samples=samples.astype(np.int16))


def joined(*parts: PcmAudio) -> PcmAudio:
    return PcmAudio(samples=np.concatenate([part.samples for part in parts]))


def in_a_room(sound: PcmAudio, random: Random) -> PcmAudio:
    """Put a clip into a quiet room: noise before and after it, and under it."""
    bed = room(sound.duration, random).samples.astype(np.int32)
    mixed = np.clip(sound.samples.astype(np.int32) + bed, -32768, 32767).astype(np.int16)
    before, after = random.uniform(0.6, 1.2), random.uniform(1.2, 1.6)
    return joined(room(before, random), PcmAudio(samples=mixed), room(after, random))


def _trimmed(sound: PcmAudio) -> PcmAudio:
    """Cut the quiet ends off, keeping 50 ms."""
    frame = 160
    frames = sound.samples[: len(sound.samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    level = np.sqrt((frames**2).mean(axis=1))
    loud = np.flatnonzero(level > max(level.max() * 0.05, 40.0))
    if not len(loud):
        return sound
    first, last = max(0, loud[0] - 5), min(len(frames), loud[-1] + 6)
    return PcmAudio(samples=sound.samples[first * frame : last * frame].copy())


def _spoken(call: PcmAudio, command: PcmAudio, random: Random) -> PcmAudio:
    pause = room(random.uniform(0.25, 0.45), random)
    return in_a_room(joined(_trimmed(call), pause, _trimmed(command)), random)


class Kitchen:
    """Noise of a kitchen under recordings that were made in silence, louder or softer; none where there is none."""

    LEVELS = (24.0, 12.0, 6.0)
    """Signal to noise, dB."""

    def __init__(self, data: Path, random: Random) -> None:
        path = data / "noise" / "kitchen.flac"
        self._noise = audio.read(path) if path.exists() else None
        self._random = random

    def around(self, sound: PcmAudio) -> PcmAudio:
        if self._noise is None:
            return sound
        start = self._random.randrange(len(self._noise.samples))
        return audio.mix(sound, self._noise, snr=self._random.choice(self.LEVELS), start=start)


def _rank(name: str) -> bytes:
    return sha256(name.encode()).digest()


class _Folder:
    """Writes a labelled folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines: dict[str, list[str]] = {}

    def add(self, part: str, sound: PcmAudio, **known: object) -> None:
        lines = self._lines.setdefault(part, [])
        name = f"{len(lines):04}.flac"
        path = self.folder / part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(audio.encode(sound))
        lines.append(json.dumps({"audio_filepath": name, "duration": round(sound.duration, 3), **known}))

    def close(self) -> Path:
        for part, lines in self._lines.items():
            (self.folder / part / manifest.NAME).write_text("\n".join(lines) + "\n")
        return self.folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much of a labelled folder the demo uses: enough to see a difference, little enough to wait for."""

    commands: int = 100
    """To learn from."""
    other_words: int = 50
    """To learn from, and as many again to judge by."""
    judged_commands: int = 60
    judged_wakes: int = 40


def from_recordings(data: Path, scratch: Path, voice: Voice, *, seed: int = 1, sizes: Sizes | None = None) -> Material:
    """Split a labelled folder by speaker: two thirds of the speakers to learn from, the rest held out.

    Words that sound like the wake word are synthesised from the folder's `confusables.txt`, phrases and voices apart.
    Raises BadManifest when the folder has no `commands/` or no `wake/`.
    """
    random, sizes = Random(seed), sizes or Sizes()
    kitchen = Kitchen(data, random)
    commands, _ = manifest.read(data / "commands")
    wakes, _ = manifest.read(data / "wake")
    speakers = sorted({entry.speaker or entry.name for entry in commands}, key=_rank)
    heldout_speakers = set(speakers[::3])
    calls = sorted((e for e in wakes if e.wake), key=lambda e: _rank(e.name))
    others = sorted((e for e in wakes if e.wake is False), key=lambda e: _rank(e.name))
    folder = _Folder(scratch)
    train: list[Utterance] = []
    train_calls = [audio.read(entry.path) for entry in calls[::2]]
    chosen = [entry for entry in commands if (entry.speaker or entry.name) not in heldout_speakers]
    random.shuffle(chosen)
    for index, entry in enumerate(chosen[: sizes.commands]):
        spoken = _spoken(train_calls[index % len(train_calls)], audio.read(entry.path), random)
        train.append(
            Utterance(
                audio=kitchen.around(spoken),
                voice=entry.speaker or entry.name,
                called=True,
                text=entry.text,
                intent=entry.intent,
                slots=dict(entry.slots),
            )
        )
    judged = [entry for entry in commands if (entry.speaker or entry.name) in heldout_speakers]
    random.shuffle(judged)
    for entry in judged[: sizes.judged_commands]:
        known = {"intent": entry.intent, "slots": dict(entry.slots), "speaker": entry.speaker}
        if entry.text:
            known["text"] = entry.text
        folder.add("commands", kitchen.around(audio.read(entry.path)), **known)
    for entry in calls[1::2][: sizes.judged_wakes]:
        folder.add("wake", in_a_room(audio.read(entry.path), random), wake=True, keyword=entry.keyword)
    for entry in others[::2][: sizes.other_words]:
        sound = in_a_room(audio.read(entry.path), random)
        train.append(Utterance(audio=sound, voice=entry.speaker or entry.name, called=False))
    for entry in others[1::2][: sizes.other_words]:
        folder.add("wake", in_a_room(audio.read(entry.path), random), wake=False, keyword=entry.keyword)
    listed = data / "wake" / "confusables.txt"
    phrases = [line.strip() for line in listed.read_text().splitlines() if line.strip()] if listed.exists() else []
    _add_confusables(train, folder, phrases or list(CONFUSABLES), voice, random)
    random.shuffle(train)
    people = f"{len(speakers) - len(heldout_speakers)} speakers to learn from, {len(heldout_speakers)} held out"
    about = f"recordings of {people}, the commands in kitchen noise"
    return Material(train=tuple(train), heldout=folder.close(), about=about)


def _add_confusables(train: list[Utterance], folder: _Folder, phrases: list[str], voice: Voice, random: Random) -> None:
    for index, phrase in enumerate(sorted(phrases, key=_rank)):
        learnt = index % 2
        # One in ten of them wakes a device: said three times each, there are enough to learn from.
        for name in 3 * _TRAIN_VOICES if learnt else _HELDOUT_VOICES:
            said = voice.synthesise(phrase, voice=name, speed=random.randint(135, 175), pitch=random.randint(35, 65))
            sound = in_a_room(said, random)
            if learnt:
                train.append(Utterance(audio=sound, voice=name, called=False))
            else:
                folder.add("wake", sound, wake=False, keyword=phrase)


def synthesised(scratch: Path, voice: Voice, *, seed: int = 1) -> Material:
    """Let espeak-ng say it all: the wake word, what sounds like it, commands, and other speech; voices apart."""
    random = Random(seed)
    folder = _Folder(scratch)
    train: list[Utterance] = []

    def say(text: str, name: str) -> PcmAudio:
        return voice.synthesise(text, voice=name, speed=random.randint(140, 165), pitch=random.randint(35, 65))

    for index, (text, intent, slots) in enumerate(COMMANDS):
        for turn in range(3):
            name = _TRAIN_VOICES[(index + 2 * turn) % len(_TRAIN_VOICES)]
            spoken = _spoken(say(WAKE_WORD, name), say(text, name), random)
            train.append(Utterance(audio=spoken, voice=name, called=True, text=text, intent=intent, slots=slots))
        for turn in range(2):
            name = _HELDOUT_VOICES[(index + turn) % len(_HELDOUT_VOICES)]
            known = {"text": text, "intent": intent, "slots": slots, "speaker": name}
            folder.add("commands", in_a_room(say(text, name), random), **known)
            folder.add("wake", in_a_room(say(WAKE_WORD, name), random), wake=True, keyword=WAKE_WORD)
    for index, text in enumerate(OTHER_SPEECH):
        if index % 2:
            name = _TRAIN_VOICES[index % len(_TRAIN_VOICES)]
            spoken = _spoken(say(WAKE_WORD, name), say(text, name), random)
            train.append(Utterance(audio=spoken, voice=name, called=True, text=text))
        else:
            name = _HELDOUT_VOICES[index % len(_HELDOUT_VOICES)]
            folder.add("other", in_a_room(say(text, name), random), text=text)
    _add_confusables(train, folder, list(CONFUSABLES), voice, random)
    random.shuffle(train)
    about = f"voices synthesised by espeak-ng: {len(_TRAIN_VOICES)} to learn from, {len(_HELDOUT_VOICES)} held out"
    return Material(train=tuple(train), heldout=folder.close(), about=about)
