"""The packaged acoustic model's Gaussians, and how labelled speech moves them.

The model is phonetically tied: each phone has one codebook of 128 Gaussians in each of three streams, and each state
weighs its phone's. Maximum a posteriori estimation (Gauvain & Lee 1994) moves a mean as far as speech was heard near
it; where none was, it stays. Learning always starts from the packaged means, never from learned ones, so that the same
labels give the same model and a label that is gone leaves nothing behind.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from earmark.learn.cepstra import ORDER, STREAMS

_PRIOR_FRAMES = 10.0
"""Frames (10 ms) that the packaged mean counts as. Measured: 5, 10 and 20 do equally well."""
_ROUNDS = 2
_LEAST_VARIANCE = 1e-4
_MAGIC = 0x11223344
_WEIGHT_STEP = 1024 * np.log(1.0001)
"""Mixture weights are kept as a byte: this many nats a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Speech of which it is known which state of the model each frame belongs to."""

    frames: NDArray[np.float32]
    """Shape (frames, 3, 13): `cepstra.with_slopes`."""
    phone: NDArray[np.intp]
    """Shape (frames,): the codebook."""
    state: NDArray[np.intp]
    """Shape (frames,): the tied state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acoustics:
    """The packaged model in numbers."""

    means: NDArray[np.float64]
    """Shape (phones, 3, 128, 13)."""
    variances: NDArray[np.float64]
    """The same shape; diagonal."""
    weights: NDArray[np.float32]
    """Shape (3, 128, states): log mixture weights."""
    phones: tuple[str, ...]
    """Names, in the order of the codebooks."""
    header: bytes
    """How the file of means begins."""


@cache
def packaged() -> Acoustics:
    """Read the English model that pocketsphinx ships (0.1 s)."""
    folder = Path(pocketsphinx.get_model_path("en-us/en-us"))
    header, means = _gaussians(folder / "means")
    _, variances = _gaussians(folder / "variances")
    return Acoustics(
        means=means,
        variances=np.maximum(variances, _LEAST_VARIANCE),
        weights=_mixture_weights(folder / "sendump", means.shape[2]),
        phones=_phones(folder / "mdef"),
        header=header,
    )


def adapt(stretches: Sequence[Stretch]) -> NDArray[np.float64]:
    """Return means, shape (phones, 3, 128, 13), moved towards what was heard."""
    model = packaged()
    means = model.means
    for _ in range(_ROUNDS):
        near, total = _gathered(model, means, stretches)
        means = (_PRIOR_FRAMES * model.means + total) / (_PRIOR_FRAMES + near)[..., None]
    return means


def write_means(means: NDArray[np.float64]) -> bytes:
    """Return a bundle's `asr/means`: pocketsphinx's own format, without its optional checksum."""
    header = re.sub(rb"chksum0[^\n]*\n", b"", packaged().header)
    phones, streams, size, order = means.shape
    counts = struct.pack(f"<I{4 + streams}i", _MAGIC, phones, streams, size, *([order] * streams), means.size)
    return header + counts + means.astype("<f4").tobytes()


def _gathered(
    model: Acoustics, means: NDArray[np.float64], stretches: Iterable[Stretch]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many frames lie near each Gaussian, shape (phones, 3, 128), and their sum, (phones, 3, 128, 13)."""
    near, total = np.zeros(means.shape[:3]), np.zeros(means.shape)
    by_phone: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        for phone in np.unique(stretch.phone):
            inside = stretch.phone == phone
            part = Stretch(frames=stretch.frames[inside], phone=stretch.phone[inside], state=stretch.state[inside])
            by_phone.setdefault(int(phone), []).append(part)
    for phone, parts in by_phone.items():
        frames = np.concatenate([part.frames for part in parts]).astype(np.float64)
        states = np.concatenate([part.state for part in parts])
        for stream in range(STREAMS):
            share = _share(model, means, phone, stream, frames[:, stream], states)
            near[phone, stream] = share.sum(axis=0)
            total[phone, stream] = share.T @ frames[:, stream]
    return near, total


def _share(
    model: Acoustics,
    means: NDArray[np.float64],
    phone: int,
    stream: int,
    frames: NDArray[np.float64],
    states: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return which share of each frame each Gaussian of a codebook accounts for, shape (frames, 128)."""
    mean, precision = means[phone, stream], 1.0 / model.variances[phone, stream]
    distance = frames**2 @ precision.T - 2.0 * frames @ (mean * precision).T + (mean**2 * precision).sum(axis=1)
    score = 0.5 * np.log(precision).sum(axis=1) - 0.5 * distance + model.weights[stream][:, states].T
    share = np.exp(score - score.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)


def _gaussians(path: Path) -> tuple[bytes, NDArray[np.float64]]:
    """Read a file of means or variances: a header in words, a byte-order mark, counts, numbers."""
    data = path.read_bytes()
    at = data.index(b"endhdr\n") + len(b"endhdr\n")
    header = data[:at]
    magic, phones, streams, size = struct.unpack_from("<I3i", data, at)
    orders = struct.unpack_from(f"<{streams}i", data, at + 16)
    if magic != _MAGIC or streams != STREAMS or set(orders) != {ORDER}:
        raise ValueError("not the packaged model's layout")
    count = phones * streams * size * ORDER
    values = np.frombuffer(data, "<f4", count, at + 16 + 4 * streams + 4)
    return header, values.reshape(phones, streams, size, ORDER).astype(np.float64)


def _mixture_weights(path: Path, size: int) -> NDArray[np.float32]:
    """Read the bytes that end a `sendump` file: for each stream and Gaussian one a state."""
    data = path.read_bytes()
    states = _states(path.with_name("mdef"))
    kept = np.frombuffer(data[-STREAMS * size * states :], np.uint8).reshape(STREAMS, size, states)
    return (-_WEIGHT_STEP * kept).astype(np.float32)


def _mdef(path: Path) -> tuple[tuple[int, ...], int, bytes]:
    """Return a model definition's counts, where its phones' names begin, and all of it."""
    data = path.read_bytes()
    (described,) = struct.unpack_from("<i", data, 8)
    return struct.unpack_from("<10i", data, 12 + described), 52 + described, data


def _states(path: Path) -> int:
    return _mdef(path)[0][4]


def _phones(path: Path) -> tuple[str, ...]:
    counts, at, data = _mdef(path)
    return tuple(name.decode() for name in data[at:].split(b"\0", counts[0])[: counts[0]])
