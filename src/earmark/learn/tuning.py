"""Training the sentence encoder's layers on labelled sentences, together with a head that tells intents apart.

JAX (the extra `train`) differentiates and runs them; the assistant runs what comes of it in onnxruntime, in the same
graph as the packaged encoder (`assistant.layers`). Cross-entropy with a tenth of the probability smoothed over all
intents (Szegedy et al. 2016), Adam (Kingma & Ba 2015) with a rate that rises and then falls in a line, as BERT is
trained (Devlin et al. 2018). Everything random comes from the seed: the same sentences give the same layers, bit for
bit on the same kind of processor.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.assistant import encoder, layers
from earmark.assistant.intent_model import TUNED
from earmark.learn import compute
from earmark.learn.descent import adam

EPOCHS = 3
_RATE = 1.5e-4
_HEADS_RATE = 20.0
"""The head begins at nothing, and learns this much faster than the layers."""
_BATCH = 32
_WARM = 0.06
"""Share of the steps in which the rate rises."""
_SMOOTHED = 0.1
_DROPPED = 0.1
_DECAY = 0.01
_SHARP = 10.0
"""Length of a sentence's numbers before the head. At length 1 it would take the head long to become sure."""
_BUCKET = 8
"""Sentences are padded to a multiple of so many pieces: for each length JAX compiles once."""
_HEADS = 12

Note = Callable[[str, int, int], None]
_Params = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What the encoder is trained on."""

    sentences: Sequence[Sequence[str]]
    """Words."""
    truth: NDArray[np.int64]
    """Shape (sentences,): index of each one's intent."""
    intents: Sequence[str]
    seed: int = 0
    epochs: int = EPOCHS


def can_tune() -> bool:
    """Tell whether JAX and the encoder are installed."""
    return find_spec("jax") is not None and encoder.packaged() is not None


def tune(lesson: Lesson, *, note: Note = lambda what, done, of: None) -> dict[str, bytes]:
    """Return `nlu/encoder.npz`: the tuned layers and a head for the intents; nothing without JAX or the encoder.

    In a process of its own: a GB of memory goes with it. Raises WorkersGone when that was ended from outside.
    """
    if not can_tune():
        return {}
    (made,) = compute.apart(
        _alone, [lesson], told=lambda share: note("training the sentence encoder", round(100 * share), 100)
    )
    return {TUNED: made}


def _alone(lesson: Lesson, said: compute.Said) -> bytes:
    # One thread, so that no sum depends on how many cores there are. XLA asks this variable.
    os.environ["NPROC"] = "1"
    return train(lesson, said)


def train(lesson: Lesson, said: compute.Said = lambda share: None) -> bytes:
    """Train in this process, and return the file. Raises ValueError when the weights ran away from every number."""
    import jax

    found = encoder.packaged()
    assert found is not None
    model, pieces = found
    truth, rng, key = lesson.truth, np.random.default_rng(lesson.seed), jax.random.key(lesson.seed)
    ids = [encoder.pieces_of(words, pieces)[0] for words in lesson.sentences]
    lengths = np.array([len(row) for row in ids])
    embeddings = layers.embeddings(model)
    params = _first(model, len(lesson.intents))
    state = (params, jax.tree.map(jax.numpy.zeros_like, params), jax.tree.map(jax.numpy.zeros_like, params))
    step = _compiled_step()
    steps = lesson.epochs * -(-len(ids) // _BATCH)
    for done, chosen in enumerate(_batches(lengths, lesson.epochs, rng), start=1):
        warm = max(1.0, _WARM * steps)
        rate = _RATE * min(done / warm, (steps + 1 - done) / max(1.0, steps + 1 - warm))
        padded, inside = _padded([ids[index] for index in chosen])
        batch = (embeddings.of(padded), inside, truth[chosen])
        state = step(state, batch, jax.random.fold_in(key, done), float(done), rate)
        if done % 10 == 0 or done == steps:
            jax.block_until_ready(state)
            said(done / steps)
    tuned = jax.tree.map(np.asarray, state[0])
    stacks = tuned["layers"]
    arrays: dict[str, Any] = {
        "head": (_SHARP * tuned["head"]).astype(np.float32),
        "bias": tuned["bias"].astype(np.float32),
        "intents": np.array(lesson.intents, dtype=np.str_),
        **layers.packed([{part: stack[at] for part, stack in stacks.items()} for at in range(layers.LAYERS)]),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _padded(ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return pieces, shape (sentences, pieces), and 1 where a sentence goes on."""
    length = -(-max(map(len, ids)) // _BUCKET) * _BUCKET
    padded = np.zeros((len(ids), length), dtype=np.int32)
    inside = np.zeros((len(ids), length), dtype=np.float32)
    for row, found in enumerate(ids):
        padded[row, : len(found)] = found
        inside[row, : len(found)] = 1.0
    return padded, inside


def _batches(lengths: NDArray[np.int64], epochs: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield batches of about equal length, in another order each epoch; the last is filled up from the first."""
    for _ in range(epochs):
        order = rng.permutation(len(lengths))
        order = np.resize(order, -(-len(order) // _BATCH) * _BATCH)
        for start in range(0, len(order), 16 * _BATCH):
            near = order[start : start + 16 * _BATCH]
            batches = near[np.argsort(lengths[near], kind="stable")].reshape(-1, _BATCH)
            yield from rng.permutation(batches)


def _first(model: bytes, intents: int) -> _Params:
    found = layers.read(model)
    own = [layers.unpacked(found, layer) for layer in range(layers.LAYERS)]
    # One above the other, so that JAX compiles a single layer and runs it six times.
    stacks = {part: np.stack([weights[part] for weights in own]) for part in own[0]}
    width = own[0]["norm.bias"].shape[0]
    head, bias = np.zeros((width, intents), dtype=np.float32), np.zeros(intents, dtype=np.float32)
    return {"layers": stacks, "head": head, "bias": bias}


@cache
def _compiled_step() -> Any:
    import jax

    return jax.jit(_step)


def _step(state: Any, batch: Any, key: Any, number: Any, rate: Any) -> Any:
    """Return the state (weights, and Adam's two means of their slopes) after one more batch."""
    import jax
    import jax.numpy as jnp

    params, mean, square = state
    slope = jax.grad(_loss)(params, *batch, key)
    length = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(slope)))
    slope = jax.tree.map(lambda leaf: leaf / jnp.maximum(1.0, length), slope)
    way, mean, square = adam(slope, mean, square, number, kept=0.999, tiny=1e-8)
    moved = {
        # The layers' matrices shrink a little; what is added and the norms don't.
        "layers": jax.tree.map(
            lambda leaf, by: leaf - rate * (by + (_DECAY * leaf if leaf.ndim == 3 else 0.0)),
            params["layers"],
            way["layers"],
        ),
        "head": params["head"] - _HEADS_RATE * rate * way["head"],
        "bias": params["bias"] - _HEADS_RATE * rate * way["bias"],
    }
    return moved, mean, square


def _loss(params: _Params, states: Any, inside: Any, truth: Any, key: Any) -> Any:
    """Return the mean cross-entropy of sentences of which `states`, shape (batch, pieces, 384), are the words."""
    import jax
    import jax.numpy as jnp

    def through(states: Any, layer: Any) -> tuple[Any, None]:
        weights, key = layer
        return _layer(weights, states, inside, key), None

    states, _ = jax.lax.scan(through, states, (params["layers"], jax.random.split(key, layers.LAYERS)))
    meant = jnp.sum(states * inside[..., None], axis=1) / jnp.sum(inside, axis=1, keepdims=True)
    meant = meant / jnp.linalg.norm(meant, axis=1, keepdims=True)
    likely = jax.nn.log_softmax(_SHARP * meant @ params["head"] + params["bias"])
    count = likely.shape[1]
    wanted = (1.0 - _SMOOTHED) * jax.nn.one_hot(truth, count) + _SMOOTHED / count
    return -jnp.mean(jnp.sum(wanted * likely, axis=1))


def _layer(weights: Mapping[str, Any], states: Any, inside: Any, key: Any) -> Any:
    """One layer of BERT; nothing is dropped without a key."""
    import jax
    import jax.numpy as jnp

    batch, pieces, width = states.shape
    keys = iter(() if key is None else jax.random.split(key))

    def heads(name: str) -> Any:
        return (states @ weights[name] + weights[f"{name}.bias"]).reshape(batch, pieces, _HEADS, width // _HEADS)

    def dropped(array: Any) -> Any:
        if key is None:
            return array
        kept = jax.random.bernoulli(next(keys), 1.0 - _DROPPED, array.shape)
        return jnp.where(kept, array / (1.0 - _DROPPED), 0.0)

    alike = jnp.einsum("bqhd,bkhd->bhqk", heads("query"), heads("key")) / np.sqrt(width // _HEADS)
    shares = jax.nn.softmax(alike + (inside[:, None, None, :] - 1.0) * 1e4)
    seen = jnp.einsum("bhqk,bkhd->bqhd", shares, heads("value")).reshape(batch, pieces, width)
    mixed = seen @ weights["mixed"] + weights["mixed.bias"]
    states = _norm(states + dropped(mixed), weights, "mixed_norm")
    wide = jax.nn.gelu(states @ weights["wide"] + weights["wide.bias"], approximate=False)
    narrow = wide @ weights["narrow"] + weights["narrow.bias"]
    return _norm(states + dropped(narrow), weights, "norm")


def _norm(states: Any, weights: Mapping[str, Any], name: str) -> Any:
    centred = states - states.mean(axis=-1, keepdims=True)
    spread = ((centred**2).mean(axis=-1, keepdims=True) + 1e-12) ** 0.5
    return centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]
