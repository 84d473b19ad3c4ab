"""Letter rules written by hand, which the learned model replaced: what `earmark bench lexicon` compares it with."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

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
_OTHERWISE = {
    "a": ("EY", "AA", "AH"), "e": ("IY", "AH", "EY"), "i": ("AY", "IY"), "o": ("OW", "AO"), "u": ("UW", "Y UW", "UH"),
    "y": ("IY", "AY"), "c": ("S", "CH"), "g": ("JH",), "j": ("Y",), "s": ("Z",), "w": ("V",), "z": ("T S",),
    "ea": ("EH", "EY"), "ei": ("IY", "EY"), "ie": ("AY",), "ai": ("AY",), "ou": ("UW", "AH"), "ow": ("AW",),
    "oo": ("UH",), "au": ("AW",), "ch": ("K", "SH"), "th": ("DH", "T"), "gh": ("",), "ough": ("OW", "AH F"),
    "ge": ("G EH", "JH"), "gi": ("G IH", "JH"), "gy": ("G IY",), "ce": ("S",), "kn": ("K N",), "ng": ("NG G",),
    "ar": ("ER",), "or": ("ER",),
}  # fmt: skip
"""What letters may sound like instead, inside a word or at its end."""


def spellings(word: str, *, most: int = 96) -> Sequence[str]:
    """Return pronunciations that a word's letters allow, the rules' own first, then those that change one sound
    of it, then two, and so on."""
    sounds = _sounds(word)
    choices = [(sound, *_OTHERWISE.get(letters, ())) for letters, sound in sounds]
    found: dict[str, None] = {}
    for changes in range(len(sounds) + 1):
        for places in itertools.combinations(range(len(sounds)), changes):
            rows = [each[1:] if at in places else each[:1] for at, each in enumerate(choices)]
            for chosen in itertools.product(*rows):
                if spelled := _joined(chosen):
                    found[spelled] = None
                if len(found) >= most:
                    return list(found)
    return list(found)


def _sounds(word: str) -> list[tuple[str, str]]:
    """Part a word into letters and what they sound like by the rules."""
    rest, found = "".join(letter for letter in word.lower() if "a" <= letter <= "z"), list[tuple[str, str]]()
    while rest:
        if rest in _AT_END and found:
            found.append((rest, _AT_END[rest]))
            break
        letters, sound = next(rule for rule in _RULES if rest.startswith(rule[0]))
        if not (found and found[-1][1] == sound and len(letters) == 1):
            found.append((letters, sound))
        rest = rest[len(letters) :]
    return found


def _joined(sounds: Iterable[str]) -> str:
    return " ".join(sound for sound in sounds if sound)
