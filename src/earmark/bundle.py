"""Model bundles: what a device or an assistant loads, signed with Ed25519.

A bundle is a folder: `manifest.json` (lineage, scores, and the SHA-256 of each file), `signature` (Ed25519 over the
manifest's bytes), and the files. Files hold numbers and text only (JSON, NPZ without pickles, ARPA, lexicons), so that
loading one never runs code from it.

    wake/<word>.json|npz    the learned verifier of a wake word and its operating point, or a new wake word's detector
    wake/<word>@<device>.json|npz   the verifier of one device, which no other device is given
    asr/…                   means, lm.arpa, lexicon.dict, decision.json: acoustic means, n-gram model, lexicon and
                            rejection settings of the recogniser
    nlu/…                   the intent and slot model, and the sentence encoder's layers that were trained with it
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import shutil
import tempfile
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from earmark.errors import BadBundle


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBundle:
    """A verified bundle on disk, or the empty built-in one."""

    version: str
    """`builtin`, or the first 16 hex digits of the manifest's SHA-256."""
    folder: Path | None = None
    """Where the files are; None for the built-in bundle, which has none."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """Lineage (`dataset`, `parent`, `labels`), `scores`, and `files`: name → SHA-256."""
    own: str | None = None
    """Opaque name of the device that it runs on, where it holds models of that device alone."""

    def path(self, name: str) -> Path | None:
        """Return the path of a file of the bundle, or None when the bundle does not have it."""
        if self.folder is None or name not in self.manifest["files"]:
            return None
        return self.folder / name

    def read(self, name: str) -> bytes | None:
        path = self.path(name)
        return path.read_bytes() if path else None

    def read_json(self, name: str) -> Any:
        data = self.read(name)
        return None if data is None else json.loads(data)


UNREADABLE: tuple[type[Exception], ...] = (
    *(OSError, EOFError, LookupError, TypeError, ValueError, AttributeError, MemoryError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading a damaged JSON or npz file raises: of numpy, the zip and what is packed in it."""
DEVICE = "wake/"
"""Beginning of the names of those files that a device is given: what people said stays with the assistant."""
_OF_ONE = re.compile(r"wake/[^/@]+@([0-9a-f]+)\.")
BUILTIN = ModelBundle(version="builtin")
"""What a fresh installation runs: the packaged models, nothing learned."""


def own_name(secret: bytes, device: uuid.UUID) -> str:
    """Return the name that a device goes by in bundles: always the same, and traceable by its installation only."""
    return hmac.digest(secret, b"device:" + device.bytes, "sha256").hex()[:16]


def device_of(name: str) -> str | None:
    """Return the opaque name of the one device that a file is for; None when it is for all."""
    found = _OF_ONE.match(name)
    return found[1] if found else None


def for_device(name: str, own: str | None) -> bool:
    """Tell whether a device named `own` is given a file of a bundle, by the file's name."""
    return name.startswith(DEVICE) and device_of(name) in (None, own)


def write(folder: Path, *, files: Mapping[str, bytes], about: Mapping[str, Any], key: Ed25519PrivateKey) -> ModelBundle:
    """Write a signed bundle below `folder` and return it; the folder appears whole or not at all."""
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    manifest = json.dumps({**about, "files": hashes}, sort_keys=True, indent=1).encode()
    version = hashlib.sha256(manifest).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / version
    if target.exists():
        return load(target, key.public_key())
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
    try:
        for name, data in files.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (draft / "manifest.json").write_bytes(manifest)
        (draft / "signature").write_bytes(key.sign(manifest))
        draft.chmod(0o755)
        draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return load(target, key.public_key())


def load(folder: Path, key: Ed25519PublicKey, *, only: str = "") -> ModelBundle:
    """Open a bundle after checking its signature and every file's hash.

    `only`: the beginning of the names of those files that are asked for; the bundle then has no others. Of the files
    made for one device those of other devices are then missing, and may be.

    Raises BadBundle when anything differs from what was signed, or a device was given files of another one.
    """
    try:
        manifest = (folder / "manifest.json").read_bytes()
        key.verify((folder / "signature").read_bytes(), manifest)
        content: dict[str, Any] = json.loads(manifest)
        content["files"] = {
            name: value
            for name, value in content["files"].items()
            if name.startswith(only) and (not only or device_of(name) is None or (folder / name).is_file())
        }
        for name, expected in content["files"].items():
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()):
                raise BadBundle(why="a file outside the bundle is named")
            if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
                raise BadBundle(why="a file differs from what was signed")
    except InvalidSignature:
        raise BadBundle(why="the signature does not fit") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBundle(why="a part is missing or unreadable") from error
    devices = {device for name in content["files"] if (device := device_of(name))} if only else set()
    if len(devices) > 1:
        raise BadBundle(why="it holds what was made for another device")
    own = next(iter(devices), None)
    return ModelBundle(version=hashlib.sha256(manifest).hexdigest()[:16], folder=folder, manifest=content, own=own)


_RETIRED = b"earmark: these versions are retired\n"
"""Stands before what is signed, so that no signature of a manifest fits a list, nor the other way round."""


def sign_retired(versions: Iterable[str], key: Ed25519PrivateKey) -> bytes:
    """Return the list of versions that nobody may run again, as signed JSON: `{"retired": […], "signature": hex}`."""
    listed = sorted(versions)
    signature = key.sign(_RETIRED + json.dumps(listed).encode())
    return json.dumps({"retired": listed, "signature": signature.hex()}).encode()


def read_retired(data: bytes, key: Ed25519PublicKey) -> frozenset[str]:
    """Return the versions of a signed list. Raises BadBundle when the signature does not fit."""
    try:
        said = json.loads(data)
        listed = [str(version) for version in said["retired"]]
        key.verify(bytes.fromhex(said["signature"]), _RETIRED + json.dumps(listed).encode())
    except InvalidSignature:
        raise BadBundle(why="the signature of the list of retired ones does not fit") from None
    except (ValueError, KeyError, TypeError) as error:
        raise BadBundle(why="the list of retired ones is unreadable") from error
    return frozenset(listed)
