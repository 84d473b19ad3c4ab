"""Synthetic speakers for the wake verifier: the wake word on one side, what sounds like it on the other.

People's labels are few, and those of false wakes fewer. Many voices of espeak-ng (in its own process) say both sides,
so that neither "synthetic" nor "this voice" nor "short phrase" tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from earmark.device import Voice
from earmark.learn.confusables import confusables, written
from earmark.learn.wake_windows import WakeClip

ACCENTS = ("en", "en-us", "en-029", "en-us-nyc", "en-gb-scotland", "en-gb-x-rp")
_NAMES = """
    f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 klatt klatt2 klatt4 Alex Alicia Andrea Annie Denis Diogo Gene Gene2 Henrique
    Hugo Jacky Lee Marco Mario Michael Nguyen Reed adam anika antonio belinda benjamin boris caleb ed edward gustave ian
    iven john linda marcelo max michel miguel norbert pablo paul pedro quincy rob robert sandro steph
"""
TIMBRES = tuple(_NAMES.split())
"""Of espeak-ng's voice variants those that sound like people."""
_CARRIERS = ("{}", "{}", "{}, what time is it", "{} stop", "so {}", "{}, turn it up")
"""How the wake word is said: mostly alone; what follows begins to sound within the verifier's window."""


def synthetic_clips(
    word: str,
    *,
    seed: int,
    says: int = 4,
    phrases: int = 160,
    voices_a_phrase: int = 8,
    timbres: tuple[str, ...] = TIMBRES,
    without: Collection[str] = (),
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> list[WakeClip]:
    """Return `says` wakes of every timbre and `phrases` confusables by `voices_a_phrase` timbres each.

    `without` are phrases that are left for judging, with all that share a word of four letters or more with them.
    Raises MissingExtra when there is no synthesiser. The same arguments give the same clips.
    """
    rng = np.random.default_rng(seed)
    spelling = written(word)
    said = [(timbre, str(rng.choice(_CARRIERS)).format(spelling), True) for timbre in timbres for _ in range(says)]
    for phrase in _others(word, phrases, without):
        chosen = rng.choice(len(timbres), size=min(voices_a_phrase, len(timbres)), replace=False)
        said += [(timbres[index], phrase, False) for index in chosen]
    clips: list[WakeClip] = []
    with Voice() as voice:
        for timbre, text, wake in said:
            sound = voice.synthesise(
                text,
                voice=f"{rng.choice(ACCENTS)}+{timbre}",
                speed=int(rng.integers(110, 210)),
                pitch=int(rng.integers(20, 80)),
            )
            # A wake is judged by voices that training never heard, a confusable by phrases that it never heard.
            group = f"voice-{timbre}" if wake else f"phrase-{text}"
            clips.append(WakeClip(audio=sound, said=wake, group=group, synthetic=True))
            if not len(clips) % 50 or len(clips) == len(said):
                progress("speaking", len(clips), len(said))
    return clips


def _others(word: str, count: int, without: Collection[str]) -> list[str]:
    """Return the nearest phrases that share no word with those left for judging."""
    held = {part for phrase in without for part in phrase.split() if len(part) > 3} | set(without)
    near = confusables(word, count + 20 * len(without)) if without else confusables(word, count)
    return [phrase for phrase in near if phrase not in held and held.isdisjoint(phrase.split())][:count]
