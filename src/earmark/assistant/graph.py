"""Writing an ONNX graph: the few messages of its format that the sentence encoder needs.

The package `onnx` would do it too, and takes 33 MB on a device that builds one graph of 50 nodes. The numbers of fields
are those of onnx.proto (ONNX, Apache-2.0), the wire format is protobuf's.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

MICROSOFT = "com.microsoft"
"""Operators that onnxruntime brings beside the standard's."""
_FLOAT = 1
_KINDS = {np.dtype(np.float32): _FLOAT, np.dtype(np.uint8): 2}
_IR_VERSION = 9
_OPSETS = (("", 18), (MICROSOFT, 1))


class Graph:
    """A graph from one float input to one float output, both of shape (1, any, width)."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []

    def tensor(self, name: str, array: NDArray[np.float32] | NDArray[np.uint8]) -> str:
        """Add numbers, and return their name."""
        dims = b"".join(_number(1, size) for size in array.shape)
        raw = np.ascontiguousarray(array).tobytes()
        self._tensors.append(dims + _number(2, _KINDS[array.dtype]) + _text(8, name) + _bytes(9, raw))
        return name

    def node(
        self, kind: str, inputs: list[str], outputs: list[str], *, domain: str = "", **attributes: int | float
    ) -> str:
        """Add an operator, and return the name of its first output. An input named "" is left out."""
        written = b"".join(_text(1, name) for name in inputs) + b"".join(_text(2, name) for name in outputs)
        written += _text(4, kind) + b"".join(_bytes(5, _attribute(*one)) for one in attributes.items())
        self._nodes.append(written + _text(7, domain))
        return outputs[0]

    def written(self, *, given: str, made: str, width: int) -> bytes:
        """Return the model as onnxruntime loads it, from the input `given` to the output `made`."""
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _text(2, "encoder")
        graph += b"".join(_bytes(5, tensor) for tensor in self._tensors)
        graph += _bytes(11, _value(given, width)) + _bytes(12, _value(made, width))
        opsets = b"".join(_bytes(8, _text(1, domain) + _number(2, version)) for domain, version in _OPSETS)
        return _number(1, _IR_VERSION) + _bytes(7, graph) + opsets


def varint(number: int) -> bytes:
    """Return a number as protobuf writes it: seven bits a byte, the last byte without the eighth."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _number(field: int, value: int) -> bytes:
    # Less than zero is written as what it is in 64 bits.
    return varint(field << 3) + varint(value % 2**64)


def _bytes(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _attribute(name: str, value: int | float) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)


def _value(name: str, width: int) -> bytes:
    dims = _bytes(1, _number(1, 1)) + _bytes(1, _text(2, "any")) + _bytes(1, _number(1, width))
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, dims)))
