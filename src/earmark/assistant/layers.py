"""The sentence encoder's layers: read from its file, to be run or trained further, and the graph that runs them.

The file is an ONNX graph that is known by its hash. A tensor stands in it as its name and, right behind it, its
numbers. Matrices are int8 with a scale for each column. The file's own graph turns them into floats before it runs,
and a sentence of ten pieces then costs what reading 42 MB costs; the one made here multiplies in int8
(docs/decisions/understanding.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.assistant.graph import MICROSOFT, Graph, varint

LAYERS = 6
_WIDTH, _INNER = 384, 1536
_HEADS = 12
_TINY = 1e-12
"""Added to a norm's variance."""
_BLOCK = 32
"""Inputs of a matrix that share one scale while they are multiplied; larger ones are coarser and hardly faster."""
_ZERO = 128
"""What stands for zero in an unsigned byte."""
_INT8 = 4
"""The level of accuracy of MatMulNBits at which it multiplies in int8."""
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
_NORM = ("weight", "bias")
_STEM = "inner.embeddings"

Weights = dict[str, NDArray[np.float32]]
"""A layer's matrices, shape (in, out), by what they do, with `<name>.bias`; its norms with `.weight` and `.bias`."""
Packed = dict[str, NDArray[np.int8] | NDArray[np.float32]]
"""All layers, `<layer>.<part>`: matrices in int8, with a `.scale` for each column."""


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    """In the file."""
    shape: tuple[int, ...]
    dtype: type


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """What each word piece means before the layers read its neighbours."""

    words: NDArray[np.int8]
    """Shape (pieces, 384)."""
    scales: NDArray[np.float32]
    """Shape (pieces, 1)."""
    places: NDArray[np.float32]
    """Shape (512, 384): what is added where a piece stands."""
    weight: NDArray[np.float32]
    """Shape (384,): of the norm, like `bias`."""
    bias: NDArray[np.float32]

    def of(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the numbers of pieces, shape (..., pieces) to (..., pieces, 384)."""
        states = self.words[ids] * self.scales[ids] + self.places[: ids.shape[-1]]
        centred = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_TINY))
        return centred / spread * self.weight + self.bias


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
        for kind in _NORM:
            found[f"{part}.{kind}"] = _Tensor(f"{stem}.{name}.{kind}", (_WIDTH,), np.float32)
    return found


def names() -> list[str]:
    """Return the names of what is packed."""
    return [f"{layer}.{part}" for layer in range(LAYERS) for part in _tensors(layer)]


def read(model: bytes) -> Packed:
    """Return the layers of the encoder's file. Raises ValueError when this is another file."""
    return {
        f"{layer}.{part}": _read(model, tensor) for layer in range(LAYERS) for part, tensor in _tensors(layer).items()
    }


def embeddings(model: bytes) -> Embeddings:
    """Return the embeddings of the encoder's file. Raises ValueError when this is another file."""
    places = _read(model, _Tensor(f"{_STEM}.position_embeddings.weight_q", (512, _WIDTH), np.int8))
    scales = _read(model, _Tensor(f"{_STEM}.position_embeddings.weight_scale", (512, 1), np.float32))
    kind = _read(model, _Tensor(f"{_STEM}.token_type_embeddings.weight", (2, _WIDTH), np.float32))
    return Embeddings(
        words=_read(model, _Tensor(f"{_STEM}.word_embeddings.weight_q", (30522, _WIDTH), np.int8)),
        scales=_read(model, _Tensor(f"{_STEM}.word_embeddings.weight_scale", (30522, 1), np.float32)),
        places=places * scales + kind[0],  # a request is one sentence: the first of two
        weight=_read(model, _Tensor(f"{_STEM}.LayerNorm.weight", (_WIDTH,), np.float32)),
        bias=_read(model, _Tensor(f"{_STEM}.LayerNorm.bias", (_WIDTH,), np.float32)),
    )


def unpacked(layers: Packed, layer: int) -> Weights:
    """Return one layer's weights in floats."""
    parts = {part: layers[f"{layer}.{part}"].astype(np.float32) for part in _tensors(layer)}
    scales = {part: parts.pop(f"{part}.scale") for part in _MATRICES}
    return {part: array * scales[part] if part in scales else array for part, array in parts.items()}


def packed(weights: Sequence[Weights]) -> Packed:
    """Return layers in int8. Raises ValueError when a number isn't finite."""
    found: Packed = {}
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


def graph(layers: Mapping[str, NDArray[Any]], *, coarse: bool = False, depth: int = LAYERS) -> bytes:
    """Return the ONNX graph of the first layers, from the embeddings' numbers to what the last of them makes of them.

    Both have shape (1, pieces, 384). `coarse` rounds what goes into a matrix to 256 steps between its least and its
    greatest number, instead of each block of it: quicker, good enough for who learned from such numbers.
    Raises ValueError unless the layers are whole and fit.
    """
    if not 0 < depth <= LAYERS:
        raise ValueError(f"there are {LAYERS} layers")
    made, states = Graph(), "states"
    for layer in range(depth):
        states = _add(made, layer, _whole(layers, layer), states, _coarse if coarse else _in_blocks)
    return made.written(given="states", made=states, width=_WIDTH)


def _whole(layers: Mapping[str, NDArray[Any]], layer: int) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for part, tensor in _tensors(layer).items():
        array = layers.get(f"{layer}.{part}")
        if array is None or array.shape != tensor.shape or array.dtype != tensor.dtype:
            raise ValueError(f"layer {layer} lacks its {part}, or has it in another shape")
        if not np.isfinite(array).all():
            raise ValueError(f"layer {layer} has a {part} that is no number")
        found[part] = array
    return found


def _add(made: Graph, layer: int, parts: Mapping[str, NDArray[Any]], states: str, multiply: _Multiply) -> str:
    """Add one layer of BERT, and return the name of what it makes."""
    attention = ["query", "key", "value"]
    joined = {
        f"all{kind}": np.concatenate([parts[f"{part}{kind}"] for part in attention], axis=-1)
        for kind in ("", ".scale", ".bias")
    }

    def named(part: str) -> str:
        return f"{layer}.{part}"

    def times(part: str, given: str, numbers: Mapping[str, NDArray[Any]] = parts) -> str:
        matrix, scales = numbers[part], numbers[f"{part}.scale"].reshape(-1)
        # Both operators take unsigned numbers around a zero of 128; signed ones overflow on processors without VNNI.
        unsigned = (matrix.astype(np.int16) + _ZERO).astype(np.uint8)
        bias = made.tensor(named(f"{part}.bias"), numbers[f"{part}.bias"])
        return multiply(made, named(part), given, unsigned, scales, bias)

    def normed(part: str, given: str, beside: str) -> str:
        inputs = [given, beside, *(made.tensor(named(f"{part}.{kind}"), parts[f"{part}.{kind}"]) for kind in _NORM)]
        kind = "SkipLayerNormalization"
        return made.node(kind, inputs, [named(f"{part}.made")], domain=MICROSOFT, epsilon=_TINY)

    three = [named(f"{part}.made") for part in attention]
    made.node("Split", [times("all", states, joined)], three, axis=-1, num_outputs=3)
    seen = made.node("MultiHeadAttention", three, [named("seen")], domain=MICROSOFT, num_heads=_HEADS)
    states = normed("mixed_norm", times("mixed", seen), states)
    wide = made.node("Gelu", [times("wide", states)], [named("gelu")], domain=MICROSOFT)
    return normed("norm", times("narrow", wide), states)


def _in_blocks(
    made: Graph, name: str, given: str, matrix: NDArray[np.uint8], scales: NDArray[np.float32], bias: str
) -> str:
    # It takes a row for each output, and a scale for each block of it.
    inside, out = matrix.shape
    blocks = inside // _BLOCK
    rows = made.tensor(name, matrix.T.reshape(out, blocks, _BLOCK))
    inputs = [given, rows, made.tensor(f"{name}.scale", np.repeat(scales, blocks)), "", "", bias]
    sizes = {"K": inside, "N": out, "bits": 8, "block_size": _BLOCK, "accuracy_level": _INT8}
    return made.node("MatMulNBits", inputs, [f"{name}.made"], domain=MICROSOFT, **sizes)


def _coarse(
    made: Graph, name: str, given: str, matrix: NDArray[np.uint8], scales: NDArray[np.float32], bias: str
) -> str:
    zeros = made.tensor(f"{name}.zero", np.full(len(scales), _ZERO, dtype=np.uint8))
    inputs = [given, made.tensor(name, matrix), made.tensor(f"{name}.scale", scales), zeros, bias]
    return made.node("DynamicQuantizeMatMul", inputs, [f"{name}.made"], domain=MICROSOFT)


_Multiply = Callable[[Graph, str, str, NDArray[np.uint8], NDArray[np.float32], str], str]
"""Adds a matrix of shape (in, out) with a scale and a bias for each column; returns the name of what it makes."""


def _read(model: bytes, tensor: _Tensor) -> NDArray[Any]:
    start, end = _place(model, tensor)
    # A copy: a view would keep the whole file in memory.
    return np.frombuffer(model[start:end], dtype=tensor.dtype).reshape(tensor.shape)


def _place(model: bytes, tensor: _Tensor) -> tuple[int, int]:
    """Return where a tensor's numbers begin and end: behind protobuf's fields 8, its name, and 9, its raw data."""
    size = int(np.prod(tensor.shape)) * np.dtype(tensor.dtype).itemsize
    mark = b"\x42" + bytes([len(tensor.name)]) + tensor.name.encode() + b"\x4a" + varint(size)
    start = model.find(mark) + len(mark)
    if start < len(mark) or start + size > len(model):
        raise ValueError(f"the file holds no {tensor.name} of this shape")
    return start, start + size
