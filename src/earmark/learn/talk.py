"""What is said all day without calling anybody, for synthetic voices to say: a wake word has to sleep through it.

Common words in any order: no sentence, but every sound and every join of two that a language has. The words are those
that the packaged n-gram of general English finds likeliest.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

import numpy as np
import pocketsphinx

from earmark.assistant.decoding import dictionary_words

_COMMON = 3000
_SHORTEST, _LONGEST = 6, 10
"""Words of a stretch of talk: two to four seconds."""


def talk(count: int, *, seed: int, without: Collection[str] = ()) -> list[str]:
    """Return so many stretches of talk without certain words and what begins with one ("computers", "computer's").

    The same arguments give the same.
    """
    rng = np.random.default_rng(seed)
    words = [word for word in _common() if not word.startswith(tuple(without))]
    return [" ".join(rng.choice(words, int(rng.integers(_SHORTEST, _LONGEST + 1)))) for _ in range(count)]


@cache
def _common() -> tuple[str, ...]:
    model = pocketsphinx.NGramModel.readfile(pocketsphinx.get_model_path("en-us/en-us.lm.bin"))
    known = sorted(word for word in dictionary_words() if "(" not in word)
    return tuple(sorted(known, key=lambda word: (-model.prob([word]), word))[:_COMMON])
