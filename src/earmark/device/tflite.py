"""A thin ctypes face of TensorFlow Lite's C library, as the wake word wheels ship it.

The wheels' own classes copy every tensor and look every function up again for each call; here the input and output
tensors are numpy views on the interpreter's memory, so that one inference is one foreign call.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from earmark.errors import SetUpError

_TYPES: dict[int, DTypeLike] = {1: np.float32, 3: np.uint8, 9: np.int8}
"""TfLiteType of the C header to numpy."""


class _Quantisation(ctypes.Structure):
    _fields_ = [("scale", ctypes.c_float), ("zero_point", ctypes.c_int32)]


def wheel_folder(package: str) -> Path:
    """Return the folder of an installed wheel without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SetUpError
    return Path(spec.origin).parent


@cache
def _library() -> ctypes.CDLL:
    folder = wheel_folder("pymicro_wakeword") / "lib"
    path = next(iter(sorted(folder.glob("*tensorflowlite_c.*"))), None)
    if path is None:
        raise SetUpError
    mode = ctypes.DEFAULT_MODE if sys.platform == "win32" else os.RTLD_LOCAL
    lib = ctypes.CDLL(str(path), mode=mode)
    pointer, number, status = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int
    for name, result, arguments in (
        ("TfLiteModelCreateFromFile", pointer, [ctypes.c_char_p]),
        ("TfLiteModelDelete", None, [pointer]),
        ("TfLiteInterpreterOptionsCreate", pointer, []),
        ("TfLiteInterpreterOptionsSetNumThreads", None, [pointer, number]),
        ("TfLiteInterpreterOptionsDelete", None, [pointer]),
        ("TfLiteInterpreterCreate", pointer, [pointer, pointer]),
        ("TfLiteInterpreterDelete", None, [pointer]),
        (
            "TfLiteInterpreterResizeInputTensor",
            status,
            [pointer, number, ctypes.POINTER(number), number],
        ),
        ("TfLiteInterpreterAllocateTensors", status, [pointer]),
        ("TfLiteInterpreterInvoke", status, [pointer]),
        ("TfLiteInterpreterGetInputTensor", pointer, [pointer, number]),
        ("TfLiteInterpreterGetOutputTensor", pointer, [pointer, number]),
        ("TfLiteTensorType", status, [pointer]),
        ("TfLiteTensorNumDims", number, [pointer]),
        ("TfLiteTensorDim", number, [pointer, number]),
        ("TfLiteTensorByteSize", ctypes.c_size_t, [pointer]),
        ("TfLiteTensorData", pointer, [pointer]),
        ("TfLiteTensorQuantizationParams", _Quantisation, [pointer]),
    ):
        function = getattr(lib, name)
        function.restype = result
        function.argtypes = arguments
    return lib


class TfLite:
    """One model with one input and one output tensor, run on the calling thread."""

    def __init__(self, path: Path, *, shape: tuple[int, ...] | None = None) -> None:
        """Load a `.tflite` file; `shape` resizes the input before memory is laid out."""
        self._lib = _library()
        self._invoke = self._lib.TfLiteInterpreterInvoke
        self._shape = shape
        self._interpreter: int | None = None
        self._model: int | None = self._lib.TfLiteModelCreateFromFile(os.fsencode(path))
        if not self._model:
            raise SetUpError
        self.restart()

    input: NDArray[Any]
    """View on the input tensor; write here, then call `run()`. Void after `restart()`."""
    output: NDArray[Any]
    """View on the output tensor, overwritten by each `run()`. Void after `restart()`."""
    input_scale: float
    input_zero: int
    output_scale: float
    output_zero: int

    def restart(self) -> None:
        """Forget the state that a streaming model keeps: a new interpreter on the model that is in memory.

        0.14 ms; `TfLiteInterpreterResetVariableTensors` would not do, as it leaves resource variables alone.
        """
        lib = self._lib
        if self._interpreter:
            lib.TfLiteInterpreterDelete(self._interpreter)
        options = lib.TfLiteInterpreterOptionsCreate()
        lib.TfLiteInterpreterOptionsSetNumThreads(options, 1)
        interpreter = self._interpreter = lib.TfLiteInterpreterCreate(self._model, options)
        lib.TfLiteInterpreterOptionsDelete(options)
        if self._shape is not None:
            dimensions = (ctypes.c_int32 * len(self._shape))(*self._shape)
            lib.TfLiteInterpreterResizeInputTensor(interpreter, 0, dimensions, len(self._shape))
        if lib.TfLiteInterpreterAllocateTensors(interpreter) != 0:
            raise SetUpError
        tensors = (
            lib.TfLiteInterpreterGetInputTensor(interpreter, 0),
            lib.TfLiteInterpreterGetOutputTensor(interpreter, 0),
        )
        if self._shape is not None and self._invoke(interpreter) != 0:
            raise SetUpError  # the output's shape is known only after a first run on a resized input
        self.input, self.output = (self._view(tensor) for tensor in tensors)
        scales = [lib.TfLiteTensorQuantizationParams(tensor) for tensor in tensors]
        self.input_scale, self.input_zero = scales[0].scale, scales[0].zero_point
        self.output_scale, self.output_zero = scales[1].scale, scales[1].zero_point

    def _view(self, tensor: int) -> NDArray[Any]:
        lib = self._lib
        shape = [lib.TfLiteTensorDim(tensor, axis) for axis in range(lib.TfLiteTensorNumDims(tensor))]
        memory = (ctypes.c_ubyte * lib.TfLiteTensorByteSize(tensor)).from_address(lib.TfLiteTensorData(tensor))
        return np.frombuffer(memory, dtype=_TYPES[lib.TfLiteTensorType(tensor)]).reshape(shape)

    def run(self) -> None:
        """Run the model on what stands in `input`."""
        self._invoke(self._interpreter)

    def close(self) -> None:
        if self._interpreter:
            self._lib.TfLiteInterpreterDelete(self._interpreter)
            self._interpreter = None
        if self._model:
            self._lib.TfLiteModelDelete(self._model)
            self._model = None

    def __del__(self) -> None:
        if getattr(self, "_model", None):
            self.close()
