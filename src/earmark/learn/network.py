"""Training the acoustic network: frames whose phone is known → `earmark.assistant.network.Network`.

JAX (the extra `train`) differentiates and runs it; the assistant needs numpy alone. Cross-entropy with a tenth of the
probability smoothed over all phones (Szegedy et al. 2016), Adam (Kingma & Ba 2015) with a cosine schedule, bands
masked (Park et al. 2019) and hidden units dropped by utterance. Everything random comes from the seed: the same
examples give the same network, bit for bit on the same machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.assistant.network import (
    MARGIN,
    OFFSETS,
    SIDE,
    STEP,
    TINY,
    Network,
    embeddings_at,
    padded,
    standardised,
)
from earmark.assistant.sight import Sight
from earmark.device import BANDS, DIMENSIONS
from earmark.errors import MissingExtra
from earmark.learn.descent import adam

Progress = Callable[[str, int, int], None]
WIDTH = 256
"""Hidden units of each layer."""
EPOCHS = 8
CHUNK = 150
"""Frames that are trained on at a time."""
BESIDE = STEP * sum(OFFSETS)
"""Frames before and behind a chunk of which it sees the embeddings."""
_BATCH = 16
_RATE = 2e-3
_WARM = 100
"""Steps in which the rate rises."""
_SMOOTHED = 0.1
_DROPPED = 0.15
_DECAY = 0.01
_BLIND = 0.0
"""Share of chunks that are read without embeddings."""
_MASKED = 8
"""Neighbouring mel bands, at most, that are hidden from a chunk."""
_SEEN_AT_LEAST = 10
"""Frames that each phone counts as seen, so that one that is rare is never impossible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One rendering of an utterance."""

    sight: Sight
    phones: NDArray[np.intp]
    """Shape (frames,): index of the phone of each frame."""
    part: tuple[int, int]
    """Frames from which to which it is learned from; its embeddings may be zeros elsewhere."""


def train(
    examples: Sequence[Example],
    *,
    phones: Sequence[str],
    seed: int = 0,
    epochs: int = EPOCHS,
    progress: Progress = lambda what, done, total: None,
) -> Network:
    """Train a network. Raises MissingExtra without JAX."""
    try:
        import jax
    except ImportError as error:
        raise MissingExtra(extra="train") from error
    scale = _scale(examples)
    chunks = _chunks(examples, scale)
    rng = np.random.default_rng(seed)
    weights = jax.tree.map(jax.numpy.asarray, _first_weights(len(phones), rng))
    step = _step(jax)
    state = (weights, jax.tree.map(jax.numpy.zeros_like, weights), jax.tree.map(jax.numpy.zeros_like, weights))
    batches = epochs * max(1, len(chunks.phones) // _BATCH)
    key = jax.random.key(seed)
    for done, chosen in enumerate(_batches(len(chunks.phones), epochs, rng), start=1):
        rate = _RATE * min(1.0, done / _WARM) * 0.5 * (1.0 + np.cos(np.pi * done / (batches + 1)))
        batch = (chunks.mel[chosen], chunks.embeddings[chosen], chunks.phones[chosen], chunks.inside[chosen])
        state = step(state, batch, jax.random.fold_in(key, done), float(done), rate)
        if done % 10 == 0 or done == batches:
            jax.block_until_ready(state)
            progress("training the acoustic network", done, batches)
    layers = {name: (np.asarray(weight), np.asarray(bias)) for name, (weight, bias) in state[0].items()}
    seen = (
        np.bincount(np.concatenate([one.phones[slice(*one.part)] for one in examples]), minlength=len(phones))
        + _SEEN_AT_LEAST
    )
    return Network(
        phones=tuple(phones), scale=scale, log_prior=np.log(seen / seen.sum()).astype(np.float32), layers=layers
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunks:
    mel: NDArray[np.float16]
    """Shape (chunks, 150 frames and the margins, 40)."""
    embeddings: NDArray[np.float16]
    """Shape (chunks, 50 outputs and those beside them, 96)."""
    phones: NDArray[np.int32]
    """Shape (chunks, 50): of the outputs."""
    inside: NDArray[np.float32]
    """Shape (chunks, 50): 1 inside the utterance, 0 behind its end."""


def _scale(examples: Sequence[Example]) -> NDArray[np.float32]:
    """Return each mel band's deviation within utterances, shape (40,)."""
    spread = np.stack([one.sight.mel.var(axis=0) for one in examples])
    frames = np.array([len(one.sight.mel) for one in examples])
    return np.sqrt(np.average(spread, axis=0, weights=frames)).astype(np.float32)


def _chunks(examples: Sequence[Example], scale: NDArray[np.float32]) -> _Chunks:
    mel, embeddings, phones, inside = [], [], [], []
    outputs, beside = CHUNK // STEP, 2 * sum(OFFSETS)
    for one in examples:
        frames = len(one.sight.mel)
        first, stop = one.part
        starts = first + CHUNK * np.arange(-(-(stop - first) // CHUNK))
        end = int(starts[-1]) + CHUNK
        values = padded(standardised(one.sight.mel, scale))
        values = np.pad(values, ((0, max(0, end + 2 * MARGIN - len(values))), (0, 0)), mode="edge")
        other = embeddings_at(one.sight)
        other = np.pad(other, ((0, max(0, end // STEP + beside - len(other))), (0, 0)), mode="edge")
        known = np.zeros(max(frames, end), dtype=np.int32)
        known[:frames] = one.phones
        for start in starts.tolist():
            mel.append(values[start : start + CHUNK + 2 * MARGIN].astype(np.float16))
            embeddings.append(other[start // STEP :][: outputs + beside].astype(np.float16))
            phones.append(known[start + 1 : start + CHUNK : STEP])
            inside.append((np.arange(start, start + CHUNK) < frames)[1::STEP].astype(np.float32))
    return _Chunks(mel=np.stack(mel), embeddings=np.stack(embeddings), phones=np.stack(phones), inside=np.stack(inside))


def _batches(chunks: int, epochs: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Yield which chunks each step learns from; of each epoch what fills no batch is left out.

    Fewer than a batch are repeated until they fill one, so that the step is compiled for one shape alone.
    """
    for _ in range(epochs):
        order = np.resize(rng.permutation(chunks), max(chunks, _BATCH))
        for start in range(0, len(order) - _BATCH + 1, _BATCH):
            yield order[start : start + _BATCH]


def _first_weights(phones: int, rng: np.random.Generator) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Draw weights as deep as they are wide (He et al. 2015)."""

    def layer(seen: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return rng.normal(0.0, np.sqrt(2.0 / seen), (seen, width)).astype(np.float32), np.zeros(width, np.float32)

    first = layer((2 * SIDE + 1) * BANDS + DIMENSIONS, WIDTH)
    return {
        "first": first,
        **{f"layer{number}": layer(3 * WIDTH, WIDTH) for number in range(len(OFFSETS))},
        "phones": layer(WIDTH, phones),
    }


def _step(jax: Any) -> Callable[..., Any]:
    """Return the compiled step of training: (weights, moments), batch, key, number, rate → (weights, moments)."""
    jnp = jax.numpy

    def layer(weights: Any, name: str, values: Any) -> Any:
        matrix, bias = weights[name]
        found = jax.nn.relu(values @ matrix + bias)
        centred = found - found.mean(-1, keepdims=True)
        return centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + TINY)

    def loss(weights: Any, mel: Any, embeddings: Any, phones: Any, inside: Any, key: Any) -> Any:
        keys = jax.random.split(key, 3 + len(OFFSETS))
        many, count = len(mel), embeddings.shape[1]
        lowest = jax.random.randint(keys[0], (many, 1, 1), 0, BANDS)
        hidden_bands = jax.random.randint(keys[1], (many, 1, 1), 0, _MASKED)
        band = jnp.arange(BANDS)
        mel = mel.astype(jnp.float32) * ((band < lowest) | (band >= lowest + hidden_bands))
        # Some utterances have to be read from the mel energies alone: the embeddings must not be leant on blindly.
        blind = jax.random.bernoulli(keys[2], _BLIND, (many, 1, 1))
        other = embeddings.astype(jnp.float32) * ~blind
        seen = [mel[:, 1 + at : 1 + at + STEP * (count - 1) + 1 : STEP] for at in range(2 * SIDE + 1)]
        hidden = layer(weights, "first", jnp.concatenate([*seen, other], -1))
        for number, offset in enumerate(OFFSETS):
            kept = jax.random.bernoulli(keys[3 + number], 1.0 - _DROPPED, (many, 1, WIDTH))
            hidden = hidden * kept / (1.0 - _DROPPED)
            length = hidden.shape[1] - 2 * offset
            beside = jnp.concatenate([hidden[:, at : at + length] for at in (0, offset, 2 * offset)], -1)
            hidden = layer(weights, f"layer{number}", beside) + hidden[:, offset : offset + length]
        matrix, bias = weights["phones"]
        odds = jax.nn.log_softmax(hidden @ matrix + bias)
        right = jnp.take_along_axis(odds, phones[..., None], -1)[..., 0]
        return -(((1.0 - _SMOOTHED) * right + _SMOOTHED * odds.mean(-1)) * inside).sum() / inside.sum()

    @jax.jit
    def step(state: Any, batch: Any, key: Any, number: Any, rate: Any) -> Any:
        weights, mean, square = state
        slope = jax.grad(loss)(weights, *batch, key)
        way, mean, square = adam(slope, mean, square, number, kept=0.98, tiny=1e-6)
        weights = jax.tree.map(lambda weight, by: weight * (1.0 - _DECAY * rate) - rate * by, weights, way)
        return weights, mean, square

    return step
