"""How words are pronounced: the bundle's lexicon, the packaged dictionary, and letter rules for names in neither.

Phones are those of the CMU dictionary without stress.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from earmark.assistant.decoding import known_words
from earmark.bundle import ModelBundle

_RULES = (
    ("tch", "CH"), ("sch", "SH"), ("igh", "AY"), ("ough", "AO"), ("eau", "OW"), ("tion", "SH AH N"),
    ("ch", "CH"), ("sh", "SH"), ("th", "TH"), ("ph", "F"), ("ck", "K"), ("qu", "K W"), ("wh", "W"),
    ("gh", "G"), ("kn", "N"), ("wr", "R"), ("ng", "NG"), ("oo", "UW"), ("ee", "IY"), ("ea", "IY"),
    ("ie", "IY"), ("ei", "AY"), ("ai", "EY"), ("ay", "EY"), ("oa", "OW"), ("ou", "AW"), ("ow", "OW"),
    ("oi", "OY"), ("oy", "OY"), ("au", "AO"), ("aw", "AO"), ("ue", "UW"), ("er", "ER"), ("ir", "ER"),
    ("ur", "ER"), ("ar", "AA R"), ("or", "AO R"), ("ce", "S EH"), ("ci", "S IH"), ("cy", "S IY"),
    ("ge", "JH EH"), ("gi", "JH IH"), ("gy", "JH IY"), ("a", "AE"), ("b", "B"), ("c", "K"), ("d", "D"),
    ("e", "EH"), ("f", "F"), ("g", "G"), ("h", "HH"), ("i", "IH"), ("j", "JH"), ("k", "K"), ("l", "L"),
    ("m", "M"), ("n", "N"), ("o", "AA"), ("p", "P"), ("q", "K"), ("r", "R"), ("s", "S"), ("t", "T"),
    ("u", "AH"), ("v", "V"), ("w", "W"), ("x", "K S"), ("y", "Y"), ("z", "Z"),
)  # fmt: skip
"""Longest first. Rough, for names only: everyday words stand in the dictionary."""
_AT_END = {"a": "AH", "e": "", "i": "IY", "o": "OW", "y": "IY", "ie": "IY", "ey": "IY", "u": "UW"}


def load(bundle: ModelBundle) -> Mapping[str, str]:
    """Return the bundle's `asr/lexicon.dict` as word to phones; lines are `word PHONE PHONE …`."""
    text = (bundle.read("asr/lexicon.dict") or b"").decode()
    pairs = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return {word: phones.strip() for word, phones in pairs}


def missing(words: Iterable[str], *, known: Mapping[str, str]) -> Mapping[str, str]:
    """Pronounce by letter rules the words that neither `known` nor the packaged dictionary has."""
    wanted = frozenset(words) - known.keys()
    return {word: phones for word in sorted(wanted - known_words(wanted)) if (phones := spell_out(word))}


def spell_out(word: str) -> str:
    """Guess a pronunciation from letters; empty when the word has none that English uses."""
    rest, phones = "".join(letter for letter in word.lower() if "a" <= letter <= "z"), []
    while rest:
        if rest in _AT_END and phones:
            phones.append(_AT_END[rest])
            break
        letters, sound = next(rule for rule in _RULES if rest.startswith(rule[0]))
        if not (phones and phones[-1] == sound and len(letters) == 1):
            phones.append(sound)
        rest = rest[len(letters) :]
    return " ".join(phone for phone in phones if phone)
