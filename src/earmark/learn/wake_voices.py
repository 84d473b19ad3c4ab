"""Synthetic speakers for wake words: the word on one side, what sounds like it on the other.

People's labels are few, and those of false wakes fewer. Many voices of espeak-ng and of Pico (each in its own process)
say both sides, so that neither "synthetic" nor "this voice" nor "short phrase" tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from earmark.device import Voice
from earmark.learn import pico
from earmark.learn.confusables import confusables, pronounced, written
from earmark.learn.neighbours import neighbours, spoken
from earmark.learn.talk import talk
from earmark.learn.wake_windows import WakeClip
from earmark.words import PcmAudio

ACCENTS = ("en", "en-us", "en-029", "en-us-nyc", "en-gb-scotland", "en-gb-x-rp")
_NAMES = """
    f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 klatt klatt2 klatt4 Alex Alicia Andrea Annie Denis Diogo Gene Gene2 Henrique
    Hugo Jacky Lee Marco Mario Michael Nguyen Reed adam anika antonio belinda benjamin boris caleb ed edward gustave ian
    iven john linda marcelo max michel miguel norbert pablo paul pedro quincy rob robert sandro steph
"""
TIMBRES = tuple(_NAMES.split())
"""Of espeak-ng's voice variants those that sound like people."""
_FOLLOWS = ("", "", "what time is it", "stop", "turn it up")
"""What is said after the wake word, and after what only sounds like it: mostly nothing. What follows begins to sound
within the window that is judged, and must not tell the two apart."""
_LEADS = ("", "", "", "so")
_VOICES_OF_A_NEIGHBOUR = 2
_PAUSE = 0.05


def synthetic_clips(
    word: str,
    *,
    seed: int,
    says: int = 6,
    phrases: int = 300,
    voices_a_phrase: int = 5,
    invented: int = 1200,
    talks: int = 0,
    timbres: tuple[str, ...] = TIMBRES,
    without: Collection[str] = (),
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> list[WakeClip]:
    """Return `says` wakes of every timbre, `phrases` confusables by `voices_a_phrase` timbres each, `invented` words
    next to the wake word by two each, and `talks` stretches of talk by one each.

    `without` are phrases that are left for judging, with all that share a word of four letters or more with them.
    Raises MissingExtra when there is no synthesiser. The same arguments give the same clips.
    """
    rng = np.random.default_rng(seed)

    def some(count: int) -> list[str]:
        return [timbres[index] for index in rng.choice(len(timbres), size=min(count, len(timbres)), replace=False)]

    said = [(timbre, written(word), True) for timbre in timbres for _ in range(says)]
    said += [(timbre, phrase, False) for phrase in _others(word, phrases, without) for timbre in some(voices_a_phrase)]
    for phones in neighbours(word, invented, seed=seed, without=without):
        said += [(timbre, spoken(phones), False) for timbre in some(_VOICES_OF_A_NEIGHBOUR)]
    stretches = set(talk(talks, seed=seed, without={*written(word).split(), *_held(without)})) if talks else set()
    said += [(timbre, text, False) for text in sorted(stretches) for timbre in some(1)]
    clips: list[WakeClip] = []
    with Voice() as voice:
        for timbre, text, wake in said:
            accent, speed, pitch = rng.choice(ACCENTS), int(rng.integers(110, 210)), int(rng.integers(20, 80))

            def say(text: str, *, name: str = f"{accent}+{timbre}", speed: int = speed, pitch: int = pitch) -> PcmAudio:
                return voice.synthesise(text, voice=name, speed=speed, pitch=pitch, phonemes="[[" in text)

            alone = text in stretches
            lead, follow = ("", "") if alone else (str(rng.choice(_LEADS)), str(rng.choice(_FOLLOWS)))
            group = _group(timbre, text, wake or alone)
            clip = _clip(say(f"{lead} {text}".strip()), say(follow) if follow else None, wake, group)
            clips.append(replace(clip, talk=alone))
            if not len(clips) % 50 or len(clips) == len(said):
                progress("speaking", len(clips), len(said))
    return clips


def pico_clips(
    word: str,
    *,
    seed: int,
    says: int = 8,
    phrases: int = 200,
    voices_a_phrase: int = 3,
    invented: int = 600,
    without: Collection[str] = (),
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> list[WakeClip]:
    """Return the same by Pico: `says` wakes of each of its speakers, as it reads the word and phone for phone.

    None where Pico is not installed. The same arguments give the same clips.
    """
    if not pico.installed():
        return []
    rng, speakers = np.random.default_rng([seed, 2]), range(len(pico.SPEAKERS))
    wakes = [written(word), *(pico.spoken(way.split()) for way in pronounced(word)[:2])]
    said = [(speaker, wakes[turn % len(wakes)], True) for speaker in speakers for turn in range(says)]
    for phrase in _others(word, phrases, without):
        said += [(speaker, phrase, False) for speaker in rng.choice(speakers, voices_a_phrase, replace=False).tolist()]
    for phones in neighbours(word, invented, seed=seed + 1, without=without):
        chosen = rng.choice(speakers, _VOICES_OF_A_NEIGHBOUR, replace=False).tolist()
        said += [(speaker, pico.spoken(phones), False) for speaker in chosen]
    sentences: list[pico.Sentence] = []
    told: list[tuple[int, int | None]] = []  # where each clip's phrase stands, and what follows it
    for speaker, text, _ in said:
        higher = pico.SPEAKERS[speaker][1] ** 1.5
        manner = {"pitch": float(rng.uniform(0.7, 1.2)) * higher, "speed": float(rng.uniform(0.8, 1.25))}
        lead, follow = str(rng.choice(_LEADS)), str(rng.choice(_FOLLOWS))
        texts = [f"{lead} {text}".strip(), *([follow] if follow else [])]
        told.append((len(sentences), len(sentences) + 1 if follow else None))
        sentences += [pico.Sentence(text=each, speaker=speaker, **manner) for each in texts]
    sounds = pico.speak(sentences, told=lambda share: progress("speaking", round(share * len(said)), len(said)))
    return [
        _clip(sounds[at], None if after is None else sounds[after], wake, _group(f"pico-{speaker}", text, wake))
        for (speaker, text, wake), (at, after) in zip(said, told, strict=True)
    ]


def parted(clips: Sequence[WakeClip], *, most: int) -> tuple[list[int], list[int]]:
    """Return the indices of clips for machine and network, and of those for the network alone.

    A device holds what a machine learned of each clip; so of synthetic clips that only sound like the word it learns
    from `most` at most, evenly chosen, and from no clip that is the network's only, while the network learns from all.
    """
    alike = [at for at, clip in enumerate(clips) if clip.synthetic and not clip.said and not clip.talk]
    kept = set(alike[:: -(-len(alike) // most)] if alike else ())
    more = [at for at, clip in enumerate(clips) if clip.network_only] + [at for at in alike if at not in kept]
    without = set(more)
    return [at for at in range(len(clips)) if at not in without], more


def _group(voice: str, phrase: str, by_voice: bool) -> str:
    """A wake, and talk, is judged by voices that training never heard, a confusable by phrases that it never heard."""
    return f"voice-{voice}" if by_voice else f"phrase-{phrase}"


def _clip(sound: PcmAudio, follow: PcmAudio | None, wake: bool, group: str) -> WakeClip:
    """Put what follows after the word, and mark where the word ends; a synthesiser ends in silence."""
    loud = np.flatnonzero(np.abs(sound.samples) > 300)
    ends = int(loud[-1]) + 1 if len(loud) else len(sound.samples)
    if follow is None:
        return WakeClip(audio=sound, said=wake, group=group, synthetic=True, word_ends=ends if wake else None)
    gap = np.zeros(round(_PAUSE * 16_000), dtype=np.int16)
    samples = np.concatenate([sound.samples[:ends], gap, follow.samples])
    return WakeClip(
        audio=PcmAudio(samples=samples), said=wake, group=group, synthetic=True, word_ends=ends if wake else None
    )


def _others(word: str, count: int, without: Collection[str]) -> list[str]:
    """Return the nearest phrases that share no word with those left for judging."""
    held = _held(without)
    near = confusables(word, count + 20 * len(without)) if without else confusables(word, count)
    return [phrase for phrase in near if phrase not in held and held.isdisjoint(phrase.split())][:count]


def _held(without: Collection[str]) -> set[str]:
    """Return phrases that are left for judging, and their words."""
    return {part for phrase in without for part in phrase.split() if len(part) > 3} | set(without)
