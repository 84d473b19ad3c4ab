"""A learned wake word, learned again: judged calls and false wakes, and what else the same people said.

`earmark wake add` learns a word from a folder. Once it is in use, reviewers judge its wakes; from twenty calls by three
people on these teach it anew, with the synthetic voices, and with the folder where a run is given one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

from earmark.device import WORD_TAIL
from earmark.errors import MissingExtra
from earmark.learn.adding import ENOUGH, ENOUGH_SPEAKERS, MOST_OTHERS, voices_for
from earmark.learn.background import Background
from earmark.learn.clips import Clip
from earmark.learn.corpus import is_of_a_folder
from earmark.learn.lessons import Taught, padded_clip, spoken_part, wake_span
from earmark.learn.wake_windows import COST_OF_A_MISS, WakeClip
from earmark.words import SAMPLE_RATE, PcmAudio, Seconds

_MOST_JUDGED_BY = 100
"""Recordings of held-out people's other speech, drawn by their hash, that a candidate is judged by."""
_SHORTEST: Seconds = 0.5


def learn_again(
    word: str,
    taught: Sequence[Taught],
    *,
    cost_of_a_miss: float = COST_OF_A_MISS,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> dict[str, bytes] | str:
    """Train the word's head and network on everything that was judged; or say in one sentence what is missing.

    `taught` is everything to learn from, of this word and of others. The same recordings give the same files.
    """
    own = [one for one in taught if _is_of(one, word)]
    said = [one for one in own if one.lesson.called]
    people = {one.lesson.speaker for one in said}
    if len(said) < ENOUGH or len(people) < ENOUGH_SPEAKERS:
        return (
            f"To learn “{written(word)}” again takes {ENOUGH} judged calls by {ENOUGH_SPEAKERS} people, besides "
            f"those held out to judge by; there are {len(said)} by {len(people)}. `earmark wake add` learns it from "
            "recordings."
        )
    others = other_speech(word, taught, most=MOST_OTHERS)
    if not others:
        return f"To learn “{written(word)}” again takes other speech too, so that not every word wakes."
    try:
        voices = voices_for(word, progress=progress)
    except MissingExtra:
        return f"To learn “{written(word)}” again takes synthetic voices: the extra `voices`, and espeak-ng."
    from earmark.learn.new_words import train  # scikit-learn takes a second to load: only who trains needs it

    clips = [
        *(_clip(one, wake_span(one), said=True) for one in said),
        *(_clip(one, wake_span(one), said=False) for one in own if one.lesson.called is False),
        *(_clip(one, sound, said=False, network_only=not is_of_a_folder(one)) for one, sound in others),
        *voices,
    ]
    noise = Background(one.audio for one in own).samples()
    return train(word, clips, cost_of_a_miss=cost_of_a_miss, noise=noise, progress=progress)


def other_speech(word: str, taught: Sequence[Taught], *, most: int) -> list[tuple[Taught, PcmAudio]]:
    """Return what people surely said besides the word: after it, and in recordings that are not about it."""
    found: list[tuple[Taught, PcmAudio]] = []
    for one in sorted(taught, key=_rank):
        own = _is_of(one, word)
        if len(found) == most or (own and not one.lesson.called) or _may_say(one, word):
            continue
        sound = spoken_part(one) if own else one.audio
        if sound.duration >= _SHORTEST:
            found.append((one, sound))
    return found


def judged_by(word: str, heldout: Sequence[Taught]) -> list[Clip]:
    """Return other speech of held-out people, by which the word must not wake."""
    return [
        padded_clip(one, sound, name="not woken", wake=False, keyword=word)
        for one, sound in other_speech(word, heldout, most=_MOST_JUDGED_BY)
    ]


def written(word: str) -> str:
    """Return a wake word as it is written: `smart_mirror` is "smart mirror"."""
    return word.replace("_", " ")


def _is_of(one: Taught, word: str) -> bool:
    wake = one.interaction.wake
    return wake is not None and wake.word == word


def _may_say(one: Taught, word: str) -> bool:
    """Tell whether the word may be in what is not its wake span: of a household's recording its transcript must know,
    and what was cut out of that may be the word; a folder says it by its keywords."""
    text = one.lesson.text
    if text is None:
        return not is_of_a_folder(one)
    return "[" in text or written(word) in " ".join(re.findall(r"\w+", text.lower()))


def _clip(one: Taught, sound: PcmAudio, *, said: bool, network_only: bool = False) -> WakeClip:
    wake, ends = one.interaction.wake, None
    if said and wake is not None and not is_of_a_folder(one):
        ends = round((wake.end - WORD_TAIL) * SAMPLE_RATE)
    # Of a folder's recording nobody knows where in it the word lies.
    return WakeClip(audio=sound, said=said, group=one.lesson.speaker, word_ends=ends, network_only=network_only)


def _rank(one: Taught) -> bytes:
    return hashlib.sha256(one.interaction.id.bytes).digest()
