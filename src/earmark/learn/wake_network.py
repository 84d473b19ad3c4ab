"""Training the wake verifier's network: windows of which it is known whether the word was said → `WakeNetwork`.

JAX (the extra `train`) differentiates and runs it; a device needs numpy alone. Each time a window is learned from, it
is another throat's, faster or slower and unevenly so, by another microphone, and half the time in noise: all of it
drawn on the mel energies, which costs nothing beside the network. Cross-entropy with smoothed labels (Szegedy et al.
2016), Adam (Kingma & Ba 2015) with a cosine schedule. Everything random comes from the seed: the same windows give the
same network, bit for bit on the same kind of processor.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.device import BANDS, log_mel
from earmark.device.wake_network import (
    FRAMES,
    KERNEL,
    SEEN,
    SPREAD,
    STRIDES,
    TINY,
    WIDTH,
    WakeNetwork,
    steps,
)
from earmark.learn import compute
from earmark.learn.descent import adam
from earmark.learn.rooms import coloured_noise
from earmark.learn.wake_rows import Rows
from earmark.words import SAMPLE_RATE

ENOUGH = 1000
"""Windows below which a network would learn them by heart."""
EPOCHS = 50
_FOLDS = 2
_BATCH = 64
_RATE = 3e-3
_WARM = 100
"""Steps in which the rate rises."""
_SMOOTHED = 0.04
_DROPPED = 0.1
_DECAY = 0.03
_HEAVIEST = 4.0
"""Of a row: one clip of which there are few must not lead a whole batch."""
_THROATS, _PACES, _CHANNELS = 0.1, 0.1, 0.5
"""How far bands are warped and time is stretched, and how much louder or softer bands become, in nats."""
_UNEVEN, _PARTS = 0.2, 13
"""How much slower or faster each tenth of a second is than the rest, as a standard deviation: which sounds are drawn
out is a synthesiser's own rule, and people's own way."""
_NOISY, _LEAST_SNR, _MOST_SNR = 0.5, -3.0, 25.0
_MASKED = 7
"""Neighbouring bands, at most, that are hidden."""

Note = Callable[[str, int, int], None]
_Params = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What one network is trained on, and what it is asked afterwards."""

    mel: NDArray[np.float16]
    """Shape (n, 144, 40)."""
    said: NDArray[np.bool_]
    weight: NDArray[np.float64]
    noise: NDArray[np.float32]
    """Shape (frames, 40): log-mel energies of what homes sound like."""
    asked: NDArray[np.float16]
    """Shape (m, 144, 40): windows that it is not trained on."""
    seed: int = 0
    epochs: int = EPOCHS


def can_train() -> bool:
    """Tell whether JAX is installed."""
    return find_spec("jax") is not None


def witness(
    mel: NDArray[np.float16],
    rows: Rows,
    *,
    noise: NDArray[np.int16] | None = None,
    seed: int = 0,
    epochs: int = EPOCHS,
    note: Note = lambda what, done, of: None,
) -> tuple[WakeNetwork, NDArray[np.float64]] | None:
    """Return a network, and each row's log odds, shape (n,), by one that never heard its speaker.

    `mel` is of each row what `earmark.device.wake_network.look` gives. Three are trained, each in a process of its own:
    one on all rows, two on those of half the speakers and phrases. None without JAX, or where there is too little.
    """
    halves = _halves(rows)
    if not can_train() or halves is None:
        return None
    weight, sounds = rows.weight(), _noise(noise, seed)

    def lesson(taught: NDArray[np.bool_], asked: NDArray[np.bool_]) -> Lesson:
        of = {"mel": mel[taught], "said": rows.said[taught], "weight": weight[taught], "asked": mel[asked]}
        return Lesson(**of, noise=sounds, seed=seed, epochs=epochs)

    nobody, everybody = np.zeros(len(rows), dtype=bool), np.ones(len(rows), dtype=bool)
    lessons = [lesson(everybody, nobody), *(lesson(~half, half) for half in halves)]
    (network, _), *others = compute.apart(
        _alone, lessons, told=lambda share: note("training the wake network", round(100 * share), 100)
    )
    unseen = np.zeros(len(rows))
    for half, (_, found) in zip(halves, others, strict=True):
        unseen[half] = found
    return network, unseen


def _halves(rows: Rows) -> list[NDArray[np.bool_]] | None:
    """Return which rows each half holds; no speaker or phrase is in both. None where a half lacks one of the sides."""
    if len(rows) < ENOUGH:
        return None
    from sklearn.model_selection import GroupKFold  # a second, which each process that trains would take to start

    chosen = [held for _, held in GroupKFold(_FOLDS).split(rows.said, groups=rows.group)]
    halves = [np.isin(np.arange(len(rows)), held) for held in chosen]
    return halves if all(len(set(rows.said[half].tolist())) == _FOLDS for half in halves) else None


def _noise(noise: NDArray[np.int16] | None, seed: int) -> NDArray[np.float32]:
    """Return the mel energies of a recording of noise, and of drawn noise where there are not a few seconds of it."""
    if noise is None or len(noise) < 4 * SAMPLE_RATE:
        rng = np.random.default_rng([seed, 1])
        parts = [coloured_noise(10 * SAMPLE_RATE, colour=colour, rng=rng) for colour in (0.0, 0.5, 1.0, 1.5, 2.0)]
        noise = np.rint(1000.0 * np.concatenate(parts)).clip(-32768, 32767).astype(np.int16)
    return log_mel(noise)


def _alone(lesson: Lesson, said: compute.Said) -> tuple[WakeNetwork, NDArray[np.float64]]:
    # One thread, so that no sum depends on how many cores there are. XLA asks this variable.
    os.environ["NPROC"] = "1"
    network = train(lesson, said)
    parts = [network.margins(lesson.asked[at : at + 256]) for at in range(0, len(lesson.asked), 256)]
    return network, np.concatenate([np.zeros(0), *parts])


def train(lesson: Lesson, said: compute.Said = lambda share: None) -> WakeNetwork:
    """Train in this process."""
    import jax

    rng, key, count = np.random.default_rng(lesson.seed), jax.random.key(lesson.seed), len(lesson.mel)
    truth, weight = lesson.said.astype(np.float32), np.minimum(lesson.weight, _HEAVIEST).astype(np.float32)
    params = _first(rng)
    state = (params, jax.tree.map(jax.numpy.zeros_like, params), jax.tree.map(jax.numpy.zeros_like, params))
    step, noise = _compiled_step(), jax.numpy.asarray(lesson.noise)
    batches = [chosen for _ in range(lesson.epochs) for chosen in _batches(rng.permutation(count))]
    total = len(batches)
    for done, chosen in enumerate(batches, start=1):
        rate = _RATE * min(1.0, done / _WARM) * 0.5 * (1.0 + np.cos(np.pi * done / (total + 1)))
        batch = (lesson.mel[chosen], truth[chosen], weight[chosen])
        state = step(state, batch, noise, jax.random.fold_in(key, done), float(done), rate)
        if done % 20 == 0 or done == total:
            jax.block_until_ready(state)
            said(done / total)
    layers = {name: (np.asarray(weights), np.asarray(bias)) for name, (weights, bias) in state[0].items()}
    # As a bundle holds it, so that what is known of it is known of what devices run.
    return WakeNetwork(
        layers={name: (weights.astype(np.float16).astype(np.float32), bias) for name, (weights, bias) in layers.items()}
    )


def _batches(order: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return an epoch's batches; what fills none is left out.

    Fewer than a batch are repeated until they fill one, so that the step is compiled for one shape alone.
    """
    order = np.resize(order, max(len(order), _BATCH))
    return [order[at : at + _BATCH] for at in range(0, len(order) - _BATCH + 1, _BATCH)]


def _first(rng: np.random.Generator) -> _Params:
    """Draw weights as deep as they are wide (He et al. 2015)."""

    def layer(seen: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        weights = rng.normal(0.0, np.sqrt(2.0 / (KERNEL * seen)), (KERNEL * seen, WIDTH))
        return weights.astype(np.float32), np.zeros(WIDTH, np.float32)

    def column(places: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return rng.normal(0.0, 0.1, WIDTH).astype(np.float32), np.zeros(places, np.float32)

    layers = {f"layer{at}": layer(WIDTH if at else BANDS) for at in range(len(STRIDES))}
    return {**layers, "said": column(1), "attends": column(steps())}


@cache
def _compiled_step() -> Any:
    import jax

    return jax.jit(_step)


def _step(state: Any, batch: Any, noise: Any, key: Any, number: Any, rate: Any) -> Any:
    """Return the state (weights, and Adam's two means of their slopes) after one more batch."""
    import jax

    params, mean, square = state
    mel, said, weight = batch
    heard = _elsewhere(mel.astype(jax.numpy.float32), noise, jax.random.fold_in(key, 1))
    slope = jax.grad(_loss)(params, heard, said, weight, jax.random.fold_in(key, 2))
    way, mean, square = adam(slope, mean, square, number, kept=0.99, tiny=1e-6)
    params = jax.tree.map(lambda leaf, by: leaf - rate * (by + _DECAY * leaf), params, way)
    return params, mean, square


def _loss(params: _Params, mel: Any, said: Any, weight: Any, key: Any) -> Any:
    import jax

    odds = odds_of(params, mel, key)
    wanted = (1.0 - _SMOOTHED) * said + _SMOOTHED / 2
    found = wanted * jax.nn.log_sigmoid(odds) + (1.0 - wanted) * jax.nn.log_sigmoid(-odds)
    return -(weight * found).mean()


def odds_of(params: _Params, mel: Any, key: Any = None) -> Any:
    """Return the log odds, shape (n,), of mel energies of shape (n, 128, 40), as the device's network does; with a key
    hidden units are dropped, the same at all moments of a window.
    """
    import jax
    import jax.numpy as jnp

    hidden = (mel - mel.mean((1, 2), keepdims=True)) / SPREAD
    for number, stride in enumerate(STRIDES):
        weights, bias = params[f"layer{number}"]
        kernel = weights.reshape(KERNEL, -1, WIDTH)
        found = jax.lax.conv_general_dilated(
            hidden, kernel, (stride,), "VALID", dimension_numbers=("NWC", "WIO", "NWC")
        )
        found = jax.nn.relu(found + bias)
        centred = found - found.mean(-1, keepdims=True)
        hidden = centred / jnp.sqrt((centred**2).mean(-1, keepdims=True) + TINY)
        if key is not None and number:
            kept = jax.random.bernoulli(jax.random.fold_in(key, number), 1.0 - _DROPPED, (len(mel), 1, WIDTH))
            hidden = hidden * kept / (1.0 - _DROPPED)
    said, bias = params["said"]
    attends, places = params["attends"]
    counts = jax.nn.softmax(hidden @ attends + places, axis=1)
    return (hidden @ said * counts).sum(1) + bias[0]


def _elsewhere(mel: Any, noise: Any, key: Any) -> Any:
    """Return windows of shape (n, 144, 40) as other people would say them elsewhere, shape (n, 128, 40)."""
    import jax
    import jax.numpy as jnp

    many, keys = len(mel), iter(jax.random.split(key, 16))
    frames, bands = jnp.arange(FRAMES), jnp.arange(BANDS)

    def drawn(least: float, most: float) -> Any:
        return jax.random.uniform(next(keys), (many, 1), minval=least, maxval=most)

    at = jax.random.randint(next(keys), (many, 1), 0, SEEN - FRAMES + 1) + frames
    heard = jnp.take_along_axis(mel, at[:, :, None], 1)
    warped = bands * drawn(1.0 - _THROATS, 1.0 + _THROATS) + drawn(-0.7, 0.7)
    heard = jnp.swapaxes(_between(jnp.swapaxes(heard, 1, 2), warped), 1, 2)
    uneven = _UNEVEN * jax.random.normal(next(keys), (many, _PARTS, 1))
    uneven = _between(uneven, jnp.broadcast_to(frames / (FRAMES - 1) * (_PARTS - 1), (many, FRAMES)))[:, :, 0]
    back = (FRAMES - 1 - frames) * drawn(1.0 - _PACES, 1.0 + _PACES) + jnp.cumsum(uneven[:, ::-1], 1)[:, ::-1]
    heard = _between(heard, FRAMES - 1 - back)
    gains = _CHANNELS * jax.random.normal(next(keys), (many, 8, 1))
    heard = heard + _between(gains, jnp.broadcast_to(bands / (BANDS - 1) * 7, (many, BANDS)))[:, None, :, 0]
    start = jax.random.randint(next(keys), (many, 1), 0, len(noise) - FRAMES)
    under = noise[start + frames]
    lift = _level(heard) - _level(under) - drawn(_LEAST_SNR, _MOST_SNR)[:, :, None] * np.log(10.0) / 10.0
    noisy = (drawn(0.0, 1.0) < _NOISY)[:, :, None]
    heard = jnp.where(noisy, jnp.logaddexp(heard, under + lift), heard)
    lowest = jax.random.randint(next(keys), (many, 1), 0, BANDS)
    hidden = (bands >= lowest) & (bands < lowest + jax.random.randint(next(keys), (many, 1), 0, _MASKED))
    return jnp.where(hidden[:, None, :], heard.mean(1, keepdims=True), heard)


def _level(mel: Any) -> Any:
    """Return the log of each window's mean energy, shape (n, 1, 1)."""
    import jax.numpy as jnp

    return jnp.log(jnp.exp(mel).mean((1, 2), keepdims=True))


def _between(values: Any, places: Any) -> Any:
    """Return `values`, shape (n, length, m), at fractional places of shape (n, k) along their length."""
    import jax.numpy as jnp

    last = values.shape[1] - 1
    places = jnp.clip(places, 0, last)
    below = jnp.floor(places).astype(int)
    share = (places - below)[:, :, None]
    above = jnp.minimum(below + 1, last)
    return (
        jnp.take_along_axis(values, below[:, :, None], 1) * (1.0 - share)
        + jnp.take_along_axis(values, above[:, :, None], 1) * share
    )
