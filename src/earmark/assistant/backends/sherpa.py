"""sherpa-onnx streaming transducers (extra `sherpa`), with names and terms as hotwords.

The folder holds `tokens.txt`, one file each of `encoder*.onnx`, `decoder*.onnx` and `joiner*.onnx`, and `bpe.vocab`
where its tokens are pieces of words: without that file no hotword can be taken apart, and none is given. A reading's
confidence is the mean probability of its tokens.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from earmark.assistant.backends import SUPPORTS
from earmark.assistant.backends.readings import Presence, open_reading, spoken_words
from earmark.assistant.biasing import Biasing
from earmark.assistant.recogniser import NOTHING, Hypothesis
from earmark.errors import MissingExtra, NoRecogniserModel
from earmark.words import SAMPLE_RATE, Seconds

_SCORE = 1.5
"""Added for each token of a hotword of weight 1: sherpa-onnx's own default."""
_MOST = 200
"""Words among the hotwords: each costs a little search, and a false alarm now and then."""
_TAIL: Seconds = 0.4
"""Quiet after the last sound: a streaming encoder gives its last words only when something follows."""


def load(folder: Path) -> Sherpa:
    """Find a transducer's files. Raises MissingExtra, NoRecogniserModel."""
    try:
        import sherpa_onnx
    except ImportError as error:
        raise MissingExtra(extra="sherpa") from error
    parts = {part: next(iter(sorted(folder.glob(f"{part}*.onnx"))), None) for part in ("encoder", "decoder", "joiner")}
    if None in parts.values() or not (folder / "tokens.txt").is_file():
        raise NoRecogniserModel(recogniser="sherpa")
    return Sherpa(
        sherpa_onnx.OnlineRecognizer.from_transducer, folder, {name: str(path) for name, path in parts.items()}
    )


def hotwords(biasing: Biasing, *, upper: bool) -> str:
    """Return a hotwords file: a phrase a line, with its score. `upper`: the model's tokens are capitals."""
    lines: list[str] = []
    for phrase in biasing.phrases(_MOST):
        weight = max(biasing.terms.values(), default=1.0) if phrase in biasing.names else biasing.terms[phrase]
        lines.append(f"{phrase.upper() if upper else phrase} :{_SCORE * min(2.0, weight):.2f}\n")
    return "".join(lines)


class Sherpa:
    """A `Backend`. Hotwords are a part of the model's search, so every household's recognisers load it anew."""

    supports = SUPPORTS["sherpa"]

    def __init__(self, make: Any, folder: Path, parts: dict[str, str]) -> None:
        """`make`: `OnlineRecognizer.from_transducer`."""
        self._make, self._folder, self._parts = make, folder, parts

    def recogniser(self, biasing: Biasing) -> SherpaRecogniser:
        """Raises NoRecogniserModel when a file is damaged."""
        tokens = self._folder / "tokens.txt"
        letters = "".join(line.rsplit(maxsplit=1)[0] for line in tokens.read_text("utf-8").splitlines() if line.strip())
        told: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as folder:
            vocabulary = self._folder / "bpe.vocab"
            listed = hotwords(biasing, upper=not any(letter.islower() for letter in letters.replace("<blk>", "")))
            if vocabulary.is_file() and listed:
                file = Path(folder) / "hotwords.txt"
                file.write_text(listed, "utf-8")
                told = {"hotwords_file": str(file), "modeling_unit": "bpe", "bpe_vocab": str(vocabulary)}
            try:
                model = self._make(
                    tokens=str(tokens),
                    **self._parts,
                    sample_rate=SAMPLE_RATE,
                    decoding_method="modified_beam_search",  # greedy search knows no hotwords
                    num_threads=1,
                    **told,
                )
            except (RuntimeError, ValueError) as error:
                raise NoRecogniserModel(recogniser="sherpa") from error
        return SherpaRecogniser(model)


class SherpaRecogniser:
    """A `Recogniser`."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._presence = Presence()
        self._stream = model.create_stream()

    def start(self) -> None:
        self._presence.reset()
        self._stream = self._model.create_stream()

    def feed(self, pcm: bytes) -> None:
        self._accept(np.frombuffer(self._presence.feed(pcm), dtype="<i2").astype(np.float32) / 32768.0)

    def _accept(self, sound: Any) -> None:
        self._stream.accept_waveform(SAMPLE_RATE, sound)
        while self._model.is_ready(self._stream):
            self._model.decode_stream(self._stream)

    def partial(self) -> str:
        return str(self._model.get_result(self._stream)).casefold()

    def finish(self) -> Hypothesis:
        self._accept(np.zeros(int(_TAIL * SAMPLE_RATE), dtype=np.float32))
        self._stream.input_finished()
        while self._model.is_ready(self._stream):
            self._model.decode_stream(self._stream)
        if not self._presence.speech:
            return NOTHING
        found = self._model.get_result_all(self._stream)
        return open_reading(spoken_words(_joined(found.tokens, found.timestamps, found.ys_probs)))


def _joined(
    tokens: Sequence[str], starts: Sequence[Seconds], logs: Sequence[float]
) -> list[tuple[str, Seconds, Seconds, float]]:
    """Join pieces of words; a word ends where the next begins, and the last after its last piece."""
    words: list[tuple[str, Seconds, list[float]]] = []
    for at, (token, start) in enumerate(zip(tokens, starts, strict=True)):
        chance = math.exp(min(0.0, logs[at])) if at < len(logs) else 0.0
        if token.startswith(("▁", " ")) or not words:
            words.append((token.lstrip("▁ "), start, [chance]))
        else:
            text, first, chances = words[-1]
            words[-1] = (text + token, first, [*chances, chance])
    ends = [start for _, start, _ in words[1:]] + [starts[-1] + 0.1 if len(starts) else 0.0]
    return [
        (text, first, end, sum(chances) / len(chances)) for (text, first, chances), end in zip(words, ends, strict=True)
    ]
