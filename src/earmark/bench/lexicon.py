"""`earmark bench lexicon [--data DIR]`: how well words are spelled that no dictionary has.

Of the packaged dictionary one word in 32 is held out; both the learned model and the rules that it replaced spell
those. A word is right when one of its pronunciations is. With a data folder, the words of its orders are held out too,
with whatever begins like them, and pronounced by what their letters allow and how half of the speakers say them; then
they are heard from the other half, in quiet and in kitchen noise.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from earmark import audio
from earmark.assistant import SpeechGate, letters
from earmark.assistant.decoding import grammar_decoder
from earmark.assistant.grammar import Grammar, compile_grammar, skill_intents
from earmark.assistant.letters import Letters
from earmark.bench import learn as orders_of
from earmark.bench import letter_rules
from earmark.learn.clips import Clip, read_folder, usable
from earmark.learn.hearing import Job, listen_to
from earmark.learn.language import Utterance, pronunciation
from earmark.learn.noises import Mixing
from earmark.supervisor import Progress
from earmark.words import SAMPLE_RATE

_SHARE = 8
"""Of 256: words that are held out."""
_WORDS = 1000
"""Of them, those that are spelled."""
_MOST = 24
_FEWEST = 6
"""Utterances of a word below which it is not tried."""
_SEED_BYTES = int(1.6 * SAMPLE_RATE) * 2
_HEARD_AT = (None, 12.0)
"""dB of the order over the noise; None: as recorded."""

Spell = Callable[[str], Sequence[str]]


def run(note: Progress, data: Path | None = None) -> dict[str, float]:
    """Return error rates, 0 to 1: `per` of phones, `right` of words, `oracle` where one of 24 candidates is right.

    `learn_s` and `ms` (a word) are processor time. Raises BadManifest when the data folder has no labelled orders.
    """
    words = {word: spoken for word, spoken in letters.dictionary().items() if word.isalpha() and word.isascii()}
    held = sorted((word for word in words if _rank(word) < _SHARE), key=lambda word: _hash(word)[1:])
    note("learning letters")
    began = time.process_time()
    learned = Letters.learn({word: spoken for word, spoken in words.items() if _rank(word) >= _SHARE})
    found: dict[str, float] = {"held_out": len(held[:_WORDS]), "learn_s": round(time.process_time() - began, 1)}
    note("spelling words that neither saw")
    for name, spell in (("rules", _by_rules), ("learned", lambda word: _by(learned, word))):
        for score, value in _scores(spell, {word: words[word] for word in held[:_WORDS]}).items():
            found[f"{name}_{score}"] = round(value, 4)
    return found if data is None else {**found, **_said(note, data)}


def _hash(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


def _rank(word: str) -> int:
    return _hash(word)[0]


def _by_rules(word: str) -> Sequence[str]:
    return letter_rules.spellings(word, most=_MOST)


def _by(learned: Letters, word: str) -> Sequence[str]:
    return [phones for phones, _ in learned.sounds(word, most=_MOST)]


def _scores(spell: Spell, words: Mapping[str, Sequence[tuple[str, ...]]]) -> dict[str, float]:
    wrong = phones = right = oracle = 0
    began = time.process_time()
    for word, spoken in words.items():
        guesses = [tuple(guess.split()) for guess in spell(word)] or [()]
        nearest = min(spoken, key=lambda one: distance(guesses[0], one))
        wrong, phones = wrong + distance(guesses[0], nearest), phones + len(nearest)
        right += guesses[0] in spoken
        oracle += any(guess in spoken for guess in guesses)
    each = (time.process_time() - began) / max(1, len(words))
    count = max(1, len(words))
    return {"per": wrong / max(1, phones), "right": right / count, "oracle": oracle / count, "ms": each * 1000}


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many phones must be put in, left out or changed (Levenshtein)."""
    row = list(range(len(other) + 1))
    for at, mine in enumerate(one, start=1):
        before, row[0] = row[0], at
        for to, theirs in enumerate(other, start=1):
            before, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, before + (mine != theirs))
    return row[-1]


def _said(note: Progress, data: Path) -> dict[str, float]:
    clips = [clip for clip in usable(read_folder(data)[0])[0] if clip.part == "commands" and clip.intent]
    train, judged = orders_of.split(clips)
    note("reading the orders")
    taught = _utterances(train)
    tested = _utterances(judged)
    often = Counter(word for one in taught for word in set(one.words) if word)
    hidden = sorted(word for word, count in often.items() if count >= _FEWEST and len(word) > 3)
    dictionary = {word: spoken for word, spoken in letters.dictionary().items() if word.isalpha() and word.isascii()}
    truth = {word: dictionary[word] for word in hidden if word in dictionary}
    note("learning letters without the orders' words")
    blind = Letters.learn({word: spoken for word, spoken in dictionary.items() if not word.startswith(tuple(truth))})
    chosen: dict[str, dict[str, str]] = {"dictionary": {}, "rules": {}, "letters": {}, "alignment": {}}
    for done, word in enumerate(truth, start=1):
        note(f"learning new words, {done} of {len(truth)}")
        candidates = dict(blind.sounds(word, most=_MOST))
        chosen["dictionary"][word] = " ".join(truth[word][0])
        chosen["rules"][word] = _by_rules(word)[0]
        chosen["letters"][word] = next(iter(candidates))
        chosen["alignment"][word] = pronunciation(word, taught, allowed=candidates)
    found: dict[str, float] = {"said_words": len(truth), "said_orders": len(tested)}
    for name in ("rules", "letters", "alignment"):
        spoken = {word: [phones] for word, phones in chosen[name].items()}
        scores = _scores(lambda word, spoken=spoken: spoken[word], truth)
        found |= {f"said_{name}_{score}": round(scores[score], 4) for score in ("per", "right")}
    kitchen = audio.read(data / "noise" / "kitchen.flac", longest=24 * 3600)
    grammar = compile_grammar(skill_intents())
    for snr in _HEARD_AT:
        mixing = None if snr is None else Mixing(noise=kitchen, snr=snr)
        note("hearing the others in quiet" if snr is None else f"hearing the others at {snr:.0f} dB")
        where = "quiet" if snr is None else f"{snr:.0f}_db"
        for name, lexicon in chosen.items():
            found[f"heard_{name}_{where}"] = _heard(grammar, lexicon, judged, tested, mixing)
    return found


def _utterances(clips: Sequence[Clip]) -> list[Utterance]:
    """Return the orders of which the words are known: a transcript, or else the grammar's reading where it is right."""
    heard = listen_to([Job(clip=clip, wake=False, hear=True) for clip in clips])
    return [
        Utterance(
            speaker=clip.speaker,
            half=0,
            words=tuple(result.reading.heard.hypothesis.text.split()),
            sound=clip.sound(),
        )
        for clip, result in zip(clips, heard, strict=True)
        if result.reading is not None and orders_of.read_right(clip, result)
    ]


def _heard(
    grammar: Grammar,
    lexicon: Mapping[str, str],
    clips: Sequence[Clip],
    spoken: Sequence[Utterance],
    mixing: Mixing | None,
) -> int:
    """Return how many orders are read word by word as said, when these words are pronounced as the lexicon says."""
    # Under another name, or the packaged dictionary's pronunciation would be taken.
    renamed = {word: f"{word}=new" for word in lexicon}
    arcs = [{renamed.get(word, word): to for word, to in row.items()} for row in grammar.arcs]
    decoder = grammar_decoder(
        Grammar(arcs=arcs, final=grammar.final), lexicon={renamed[word]: phones for word, phones in lexicon.items()}
    )
    by_sound = {one.sound.samples.tobytes(): one for one in spoken}
    right = 0
    for clip in clips:
        sound = clip.sound()
        one = by_sound.get(sound.samples.tobytes())
        if one is None:
            continue
        loud = mixing.apply(clip, sound) if mixing else sound
        speech = b"".join(part.tobytes() for part in SpeechGate().feed(loud.samples))
        if not speech:
            continue
        decoder.start(decoder.cepstral_mean(speech[:_SEED_BYTES]))
        decoder.feed(speech)
        words = [span.word.removesuffix("=new") for span in decoder.finish() if not span.is_filler]
        right += tuple(words) == tuple(one.words)
    return right
