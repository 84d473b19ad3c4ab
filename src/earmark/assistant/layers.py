"""The sentence encoder's layers: read from its file to be trained further, and written back into it.

The file is an ONNX graph that is known by its hash. A tensor stands in it as its name and, right behind it, its
numbers, so that other numbers in the same places are the same graph with other weights: it runs as fast, and in the
same library. Matrices are int8 with a scale for each column, as in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LAYERS = 6
_WIDTH, _INNER = 384, 1536
_APART = 71
"""The exporter numbered a layer's matrices in a row; so far lie the same matrices of two neighbouring layers apart."""
_MATRICES: Mapping[str, tuple[int, str, tuple[int, int]]] = {
    "query": (51, "attention.self.query", (_WIDTH, _WIDTH)),
    "key": (59, "attention.self.key", (_WIDTH, _WIDTH)),
    "value": (67, "attention.self.value", (_WIDTH, _WIDTH)),
    "mixed": (105, "attention.output.dense", (_WIDTH, _WIDTH)),
    "wide": (109, "intermediate.dense", (_WIDTH, _INNER)),
    "narrow": (118, "output.dense", (_INNER, _WIDTH)),
}
_NORMS = {"mixed_norm": "attention.output.LayerNorm", "norm": "output.LayerNorm"}

Weights = dict[str, NDArray[np.float32]]
"""A layer's matrices, shape (in, out), by what they do, with `<name>.bias`; its norms with `.weight` and `.bias`."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    """In the file."""
    shape: tuple[int, ...]
    dtype: type


def _tensors(layer: int) -> dict[str, _Tensor]:
    found: dict[str, _Tensor] = {}
    stem = f"inner.encoder.layer.{layer}"
    for part, (first, name, shape) in _MATRICES.items():
        # In the first layer something stands between the attention's three matrices and the rest.
        number = first + _APART * layer - (2 if not layer and name.startswith("attention.self") else 0)
        found[part] = _Tensor(f"val_{number}_q", shape, np.int8)
        found[f"{part}.scale"] = _Tensor(f"val_{number}_scale", (1, shape[1]), np.float32)
        found[f"{part}.bias"] = _Tensor(f"{stem}.{name}.bias", (shape[1],), np.float32)
    for part, name in _NORMS.items():
        for kind in ("weight", "bias"):
            found[f"{part}.{kind}"] = _Tensor(f"{stem}.{name}.{kind}", (_WIDTH,), np.float32)
    return found


def names() -> list[str]:
    """Return the names of all that `packed` gives."""
    return [f"{layer}.{part}" for layer in range(LAYERS) for part in _tensors(layer)]


def read(model: bytes, layer: int) -> Weights:
    """Return one layer's weights. Raises ValueError when this is another file."""
    found = {part: _read(model, tensor) for part, tensor in _tensors(layer).items()}
    scales = {part: found.pop(f"{part}.scale") for part in _MATRICES}
    return {part: array * scales[part] if part in scales else array for part, array in found.items()}


def embeddings(model: bytes) -> Weights:
    """Return `words`, shape (pieces, 384), and `places`, shape (512, 384), with the norm that follows their sum.

    Raises ValueError when this is another file.
    """
    stem = "inner.embeddings"
    found: Weights = {}
    for part, name in (("words", "word_embeddings"), ("places", "position_embeddings")):
        rows = 30522 if part == "words" else 512
        scale = _read(model, _Tensor(f"{stem}.{name}.weight_scale", (rows, 1), np.float32))
        found[part] = _read(model, _Tensor(f"{stem}.{name}.weight_q", (rows, _WIDTH), np.int8)) * scale
    kind = _read(model, _Tensor(f"{stem}.token_type_embeddings.weight", (2, _WIDTH), np.float32))
    found["places"] = found["places"] + kind[0]  # a request is one sentence: the first of two
    for kind_of in ("weight", "bias"):
        found[f"norm.{kind_of}"] = _read(model, _Tensor(f"{stem}.LayerNorm.{kind_of}", (_WIDTH,), np.float32))
    return found


def packed(weights: Sequence[Weights]) -> dict[str, NDArray[np.int8] | NDArray[np.float32]]:
    """Return layers as `replaced` takes them, `<layer>.<part>`: matrices in int8, with a scale for each column.

    Raises ValueError when a number isn't finite.
    """
    found: dict[str, NDArray[np.int8] | NDArray[np.float32]] = {}
    for layer, parts in enumerate(weights):
        for part, array in parts.items():
            if not np.isfinite(array).all():
                raise ValueError(f"layer {layer} has a {part} that is no number")
            if part in _MATRICES:
                scale = np.maximum(np.abs(array).max(axis=0, keepdims=True) / 127, 1e-12).astype(np.float32)
                found[f"{layer}.{part}.scale"] = scale
                found[f"{layer}.{part}"] = np.rint(array / scale).astype(np.int8)
            else:
                found[f"{layer}.{part}"] = array.astype(np.float32)
    return found


def replaced(model: bytes, layers: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the file with these layers instead of its own. Raises ValueError unless they are whole and fit."""
    data = bytearray(model)
    for layer in range(LAYERS):
        for part, tensor in _tensors(layer).items():
            array = layers.get(f"{layer}.{part}")
            if array is None or array.shape != tensor.shape or array.dtype != tensor.dtype:
                raise ValueError(f"layer {layer} lacks its {part}, or has it in another shape")
            if not np.isfinite(array).all():
                raise ValueError(f"layer {layer} has a {part} that is no number")
            start, end = _place(model, tensor)
            data[start:end] = np.ascontiguousarray(array).tobytes()
    return bytes(data)


def _read(model: bytes, tensor: _Tensor) -> NDArray[np.float32]:
    start, end = _place(model, tensor)
    return np.frombuffer(model[start:end], dtype=tensor.dtype).reshape(tensor.shape).astype(np.float32)


def _place(model: bytes, tensor: _Tensor) -> tuple[int, int]:
    """Return where a tensor's numbers begin and end: behind protobuf's fields 8, its name, and 9, its raw data."""
    size = int(np.prod(tensor.shape)) * np.dtype(tensor.dtype).itemsize
    mark = b"\x42" + bytes([len(tensor.name)]) + tensor.name.encode() + b"\x4a" + _varint(size)
    start = model.find(mark) + len(mark)
    if start < len(mark) or start + size > len(model):
        raise ValueError(f"the file holds no {tensor.name} of this shape")
    return start, start + size


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
