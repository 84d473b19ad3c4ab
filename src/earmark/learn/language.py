"""What people say: an n-gram of open speech from reviewed words, and how words are pronounced that no dictionary has.

A bundle's words can be read by whoever opens it, so nothing goes in that too few different people said: no word, no two
or three in a row. Measured in docs/decisions/household-words.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from earmark.assistant import biasing, lexicon
from earmark.assistant.decoding import grammar_decoder, known_words
from earmark.assistant.gate import SpeechGate
from earmark.assistant.grammar import Grammar, compile_grammar, skill_intents
from earmark.learn.lessons import Taught, spoken_part, surely_said
from earmark.learn.ngram import General, count, mix
from earmark.learn.parting import Halves, parted
from earmark.words import SAMPLE_RATE, PcmAudio

Progress = Callable[[str, int, int], None]
PEOPLE = 2
"""Different people who must have said a word, or words in a row. One is enough where there is one household only: its
bundle then holds nobody else's words."""
FEWEST = 20
"""Reviewed utterances below which nothing is learned."""
_TIMES = 2
"""Utterances of a word that no dictionary has, below which it is left out: it may be a slip of the reviewer's pen."""
_VOTES = 5
"""Utterances that decide about its pronunciation."""
_MOST_WORDS = 60
"""Such words that are learned at a time, the commonest; each takes about a second."""
_SEED_BYTES = int(1.6 * SAMPLE_RATE) * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What somebody said."""

    speaker: str
    half: int
    """0 or 1, as in `parting`."""
    words: tuple[str | None, ...]
    """None where something was cut out."""
    sound: PcmAudio


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What was learned from utterances; false when that is nothing."""

    utterances: Sequence[Utterance] = ()
    pronounced: Mapping[str, str] = field(default_factory=dict)
    """Phones of the words that the packaged dictionary lacks."""
    people: int = PEOPLE
    general: General | None = None

    def __bool__(self) -> bool:
        return self.general is not None

    def files(self, *, without: int | None = None) -> dict[str, bytes]:
        """Return `asr/lm.arpa`, `asr/lexicon.dict` and `asr/sentences.json`; `without` leaves out one half of the
        utterances."""
        if self.general is None:
            return {}
        known = known_words(_words(self.utterances)) | self.pronounced.keys()
        said = [
            (one.speaker, [word if word in known else None for word in one.words])
            for one in self.utterances
            if one.half != without
        ]
        skills = compile_grammar(skill_intents()).words
        files = {"asr/lm.arpa": mix(count(said, people=self.people), self.general, also=known_words(skills))}
        if self.pronounced:
            lines = (f"{word} {phones}\n" for word, phones in sorted(self.pronounced.items()))
            files["asr/lexicon.dict"] = "".join(lines).encode()
        if sentences := _sentences(said, people=self.people):
            files[biasing.SENTENCES] = biasing.dump(sentences)
        return files


def learn(
    taught: Sequence[Taught], *, people: int = PEOPLE, progress: Progress, general: General | None = None
) -> Language:
    """Learn from recordings of which it is known what was said; an empty `Language` when there are too few.

    `people`: how many different ones must have said something. `general`: what to mix it into, the packaged model
    without it.
    """
    halves = parted(taught)
    utterances = [one for each in taught if (one := _utterance(each, halves))]
    if len(utterances) < FEWEST or len({one.speaker for one in utterances}) < people:
        return Language()
    pronounced: dict[str, str] = {}
    new = _new_words(utterances, people)
    for done, word in enumerate(new, start=1):
        if phones := pronunciation(word, utterances):
            pronounced[word] = phones
        progress("learning new words", done, len(new))
    return Language(utterances=utterances, pronounced=pronounced, people=people, general=general or General())


def _utterance(taught: Taught, halves: Halves) -> Utterance | None:
    words = surely_said(taught)
    if not words:
        return None
    return Utterance(
        speaker=taught.lesson.speaker,
        half=halves.of(taught.lesson.speaker, str(taught.interaction.id)),
        words=words,
        sound=spoken_part(taught),
    )


def _sentences(said: Sequence[tuple[str, Sequence[str | None]]], *, people: int) -> dict[str, int]:
    """Count the whole sentences that enough different people said: for recognisers that take them as a hint."""
    speakers: dict[str, list[str]] = {}
    for speaker, words in said:
        if whole := " ".join(word for word in words if word is not None) if None not in words else "":
            speakers.setdefault(whole, []).append(speaker)
    return {sentence: len(by) for sentence, by in speakers.items() if len(set(by)) >= people}


def _words(utterances: Sequence[Utterance]) -> frozenset[str]:
    return frozenset(word for one in utterances for word in one.words if word)


def _new_words(utterances: Sequence[Utterance], people: int) -> list[str]:
    """Words that the packaged dictionary lacks and that enough people said often enough, the commonest first."""
    lacking = _words(utterances) - known_words(_words(utterances))
    often = Counter(word for one in utterances for word in set(one.words) & lacking)
    speakers = {word: {one.speaker for one in utterances if word in one.words} for word in often}
    enough = [word for word in lacking if often[word] >= _TIMES and len(speakers[word]) >= people]
    return sorted(enough, key=lambda word: (-often[word], word))[:_MOST_WORDS]


def pronunciation(word: str, utterances: Sequence[Utterance], *, allowed: Mapping[str, float] | None = None) -> str:
    """Return the phones that fit what its letters allow and how it sounded best; empty for none.

    Each utterance is decoded by its own sentence, in which all candidates stand side by side, the likelier by their
    letters the lighter to go through. `allowed`: the candidates with their probabilities; those of `lexicon.spellings`
    without it.
    """
    candidates = lexicon.spellings(word) if allowed is None else allowed
    heard = [one for one in utterances if word in one.words and None not in one.words]
    votes: Counter[str] = Counter()
    for one in heard[:_VOTES] if len(candidates) > 1 else ():
        votes.update(_fitting(one, word, candidates))
    return max(candidates, key=lambda phones: votes[phones], default="")


def _fitting(utterance: Utterance, word: str, candidates: Mapping[str, float]) -> set[str]:
    """Return which candidate the sound goes through; none when the sentence does not fit it at all."""
    names = {f"{word}={number}": phones for number, phones in enumerate(candidates)}
    sentence = [said or "" for said in utterance.words]
    spelled = {**lexicon.missing(set(sentence) - {word}, known={}), **names}
    if not (frozenset(sentence) - {word}) <= known_words(frozenset(sentence)) | spelled.keys():
        return set()
    arcs = [dict.fromkeys(names if said == word else [said], state) for state, said in enumerate(sentence, start=1)]
    chances = {name: candidates[phones] for name, phones in names.items()}
    decoder = grammar_decoder(
        Grammar(arcs=[*arcs, {}], final=frozenset({len(arcs)})),
        lexicon=spelled,
        weights=[*({name: chances.get(name, 1.0) for name in row} for row in arcs), {}],
    )
    speech = b"".join(part.tobytes() for part in SpeechGate().feed(utterance.sound.samples))
    if not speech:
        return set()
    decoder.start(decoder.cepstral_mean(speech[:_SEED_BYTES]))
    decoder.feed(speech)
    return {names[span.name] for span in decoder.finish() if span.name in names}
