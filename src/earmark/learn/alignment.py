"""Which state of the acoustic model each frame of an utterance belongs to, when its words are known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from earmark.learn.acoustic import Stretch, packaged
from earmark.learn.cepstra import Cepstra, with_slopes

_SEED_FRAMES = 160
"""The mean cepstrum is that of the first 1.6 s of speech, as when the recogniser hears it."""

_WIDE = {"beam": 1e-100, "wbeam": 1e-80, "pbeam": 1e-100}
"""The words are given: a path may be unlikely, it has to arrive."""


class Aligner:
    """Aligns words with speech by the packaged model (Viterbi; quiet between words is found by itself)."""

    def __init__(self, lexicon: Mapping[str, str]) -> None:
        """`lexicon`: word to phones, for words that the packaged dictionary lacks."""
        self._lexicon = lexicon
        self._codebook = {name: index for index, name in enumerate(packaged().phones)}
        self._decoder = self._made()

    def align(self, speech: NDArray[np.int16], text: str) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
        """Return phone and state of each frame, both of shape (frames,).

        None when a word has no pronunciation or the words do not fit the sound. `speech`: mono, 16 kHz, quiet cut off.
        """
        words = text.lower().split()
        if not words or any(self._decoder.lookup_word(word) is None for word in words):
            return None
        try:
            self._decoder.set_align_text(" ".join(words))
            self._run(speech)
            self._decoder.set_alignment()  # the words' own path, again with phones and states
            self._run(speech)
        except RuntimeError:
            self._decoder = self._made()  # it stays inside the utterance that failed
            return None
        phones: list[int] = []
        states: list[int] = []
        for word in self._decoder.get_alignment().words():
            for phone in word:
                for state in phone:
                    phones += [self._codebook[phone.name]] * state.duration
                    states += [int(state.name)] * state.duration
        return np.array(phones, dtype=np.intp), np.array(states, dtype=np.intp)

    def _run(self, speech: NDArray[np.int16]) -> None:
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(speech.tobytes(), full_utt=True)
        self._decoder.end_utt()

    def _made(self) -> pocketsphinx.Decoder:
        decoder = pocketsphinx.Decoder(pocketsphinx.Config(loglevel="FATAL", lm=None, bestpath=False, **_WIDE))
        for index, (word, phones) in enumerate(self._lexicon.items(), start=1):
            decoder.add_word(word, phones, index == len(self._lexicon))
        return decoder


def stretch(found: Cepstra, phones: NDArray[np.intp], states: NDArray[np.intp]) -> Stretch:
    """Put cepstra of the same sound, perhaps with noise added, to an alignment."""
    frames = with_slopes(found, found[:_SEED_FRAMES].mean(axis=0))
    length = min(len(frames), len(phones))
    return Stretch(frames=frames[:length], phone=phones[:length], state=states[:length])
