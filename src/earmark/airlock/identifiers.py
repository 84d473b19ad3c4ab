"""Identifiers in what was heard: which words of a transcript may not leave.

Found are: the names of the household's members, as the recogniser wrote them; runs of three and more spoken digits,
runs of four and more number words, numbers of a hundred and above, years; digits in writing, three and more in a row;
and addresses of mail and web (`… at … dot com`). Not found: what the recogniser misheard, names of people outside the
household, street addresses. English only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "number", "address"]
LANGUAGES = frozenset({"en"})
"""Languages whose numbers and addresses are known; no clip in another language leaves."""
_DIGITS = frozenset(
    ("zero", "oh", "o", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
)
_TWICE = frozenset(("double", "triple"))
_TEENS = frozenset(
    ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
)
_TENS = frozenset(("twenty", "thirty", "forty", "fourty", "fifty", "sixty", "seventy", "eighty", "ninety"))
_SCALES = frozenset(("hundred", "thousand", "million", "billion"))
_NUMBERS = _DIGITS | _TWICE | _TEENS | _TENS | _SCALES
_WITHIN = frozenset(("and", "dash", "point"))
"""Between two number words these belong to the number."""
_CENTURIES = frozenset(("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"))
_ENDINGS = frozenset(
    ("com", "org", "net", "edu", "gov", "info", "uk", "de", "fr", "ro", "eu", "io", "co", "cr", "mail")
)
_MOST_BEFORE_AT = 4
"""Words before `at` that are taken as part of a mail address (`ada dot smith at …`)."""
_EDGES = re.compile(r"^\W+|\W+$")
_WRITTEN = re.compile(r"\d[\d\s.,/-]*\d[\d\s.,/-]*\d")
_MAIL = re.compile(r"\S+@\S+|\S+\.(?:com|org|net|edu|gov|info)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """Words `first` to `last` (both included) that may not leave."""

    first: int
    last: int
    kind: Kind

    @property
    def mark(self) -> str:
        return f"[{self.kind}]"


def name_words(names: Iterable[str]) -> frozenset[str]:
    """Split people's names into the words by which they are recognised: `Ada-Marie O'Neil` → ada, marie, o'neil."""
    return frozenset(word for name in names for part in re.split(r"[\s-]+", name) if len(word := _plain(part)) > 1)


def _plain(word: str) -> str:
    return _EDGES.sub("", word.casefold().replace("’", "'")).removesuffix("'s").rstrip("'")


def find(words: Sequence[str], names: frozenset[str]) -> list[Hidden]:
    """Return what must be hidden in a transcript's words, in order, without overlaps."""
    plain = [_plain(word) for word in words]
    kinds: list[Kind | None] = [None] * len(words)
    for index, word in enumerate(plain):
        if word in names or any(part in names for part in word.split("-")):
            kinds[index] = "name"
        if _WRITTEN.search(words[index]):
            kinds[index] = "number"
        if _MAIL.search(words[index].casefold()):
            kinds[index] = "address"
    for first, last in _number_runs(plain):
        if _identifies(plain[first : last + 1]):
            kinds = _marked(kinds, first, last, "number")
    for first, last in _addresses(plain):
        kinds = _marked(kinds, first, last, "address")
    return _joined(kinds)


def _marked(kinds: list[Kind | None], first: int, last: int, kind: Kind) -> list[Kind | None]:
    return [kind if first <= index <= last else old for index, old in enumerate(kinds)]


def _number_runs(plain: Sequence[str]) -> list[tuple[int, int]]:
    """Return runs of number words; an `and` between two of them (`a hundred and five`) belongs to the run."""
    number = [_is_number(word) for word in plain]
    for index in range(1, len(plain) - 1):
        if plain[index] in _WITHIN and number[index - 1] and _is_number(plain[index + 1]):
            number[index] = True
    runs, first = [], None
    for index, is_one in enumerate([*number, False]):
        if is_one and first is None:
            first = index
        elif not is_one and first is not None:
            runs.append((first, index - 1))
            first = None
    return runs


def _is_number(word: str) -> bool:
    return word.isdigit() or all(part in _NUMBERS for part in word.split("-"))


def _identifies(run: Sequence[str]) -> bool:
    """Tell whether a run of number words is more than an amount or a time of day."""
    parts = [part for word in run for part in word.split("-") if part not in _WITHIN]
    if sum(len(part) if part.isdigit() else 1 for part in parts) >= 4 or any(part in _SCALES for part in parts):
        return True
    if len(parts) >= 3 and all(part in _DIGITS or part in _TWICE or part.isdigit() for part in parts):
        return True
    if parts[0] in _TWICE and len(parts) >= 2:
        return True
    return len(parts) >= 2 and parts[0] in _CENTURIES and (parts[1] in _TENS or parts[1] in _TEENS)


def _addresses(plain: Sequence[str]) -> list[tuple[int, int]]:
    found = []
    for index in range(1, len(plain) - 1):
        if plain[index] != "dot" or plain[index + 1] not in _ENDINGS:
            continue
        first = index - 1
        if "at" in plain[max(0, index - 6) : index]:
            at = max(position for position in range(max(0, index - 6), index) if plain[position] == "at")
            first = max(0, at - _MOST_BEFORE_AT)
        found.append((first, index + 1))
    return found


def _joined(kinds: Sequence[Kind | None]) -> list[Hidden]:
    found: list[Hidden] = []
    for index, kind in enumerate(kinds):
        if kind is None:
            continue
        if found and found[-1].last == index - 1 and found[-1].kind == kind:
            found[-1] = Hidden(first=found[-1].first, last=index, kind=kind)
        else:
            found.append(Hidden(first=index, last=index, kind=kind))
    return found


def mask_text(text: str, names: frozenset[str]) -> str:
    """Return a text with its identifiers replaced by `[name]`, `[number]`, `[address]`."""
    words = text.split()
    out, position = [], 0
    for hidden in find(words, names):
        out += [*words[position : hidden.first], hidden.mark]
        position = hidden.last + 1
    return " ".join([*out, *words[position:]])
