"""The layout of `$EARMARK_HOME`, its lock, and its secrets.

home.json        the format's number and who made it
lock             held by the running supervisor
secrets/         one connection string a database role, the signing key of receipts, bundles and checkpoints
keys/vault/      keys of people and recordings
keys/review/     keys of masked copies: all that the floor gets
objects/         encrypted sound
models/          signed bundles
runs/            what an unfinished `earmark learn` has worked out, encrypted
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

import earmark
from earmark.errors import HomeInUse, OldHome, SetUpError
from earmark.storage.keys import FolderKeyStore
from earmark.storage.objects import Objects, open_objects

FORMAT = 1
"""Grows when a folder of an older Earmark can't be used as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One installation's folder."""

    folder: Path
    """`$EARMARK_HOME`, absolute."""

    @staticmethod
    def at(folder: Path) -> Home:
        """Open the folder, making it when it isn't there. Raises OldHome when another format made it."""
        folder = folder.expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetUpError from error
        about = folder / "home.json"
        if about.exists():
            _check_format(folder, about)
        else:
            for name in ("secrets", "keys", "objects", "models"):
                (folder / name).mkdir(exist_ok=True, mode=0o700)
            write_private(about, json.dumps({"format": FORMAT, "made_by": f"Earmark {earmark.__version__}"}))
        return Home(folder=folder)

    @property
    def models(self) -> Path:
        return self.folder / "models"

    def key_store(self, name: str) -> FolderKeyStore:
        return FolderKeyStore(self.folder / "keys" / name)

    def objects(self, url: str | None = None) -> Objects:
        return open_objects(url, self.folder / "objects")

    def secret(self, name: str) -> str:
        """Return a secret of this installation, made on first use (32 random bytes, hexadecimal)."""
        path = self.folder / "secrets" / name
        if not path.exists():
            # Two processes may come here at once: the first one's secret stands.
            draft = path.with_name(f".{name}-{secrets.token_hex(4)}")
            write_private(draft, secrets.token_hex(32))
            with suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_text()

    def keep_secret(self, name: str, value: str) -> None:
        write_private(self.folder / "secrets" / name, value)

    def read_secret(self, name: str) -> str | None:
        path = self.folder / "secrets" / name
        return path.read_text() if path.exists() else None

    def signing_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.secret("signing-key")))

    def public_key(self) -> Ed25519PublicKey:
        return self.signing_key().public_key()

    def lock(self) -> HomeLock:
        return HomeLock(self.folder)


class HomeLock:
    """Held by whoever runs the database of a home; the system lets go of it when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise HomeInUse(home=folder) from None

    def release(self) -> None:
        os.close(self._fd)


def _check_format(folder: Path, about: Path) -> None:
    try:
        found = json.loads(about.read_text())
        number, made_by = int(found["format"]), str(found["made_by"])
    except (ValueError, KeyError, TypeError):
        number, made_by = -1, "an unknown program"
    if number != FORMAT:
        raise OldHome(
            home=folder,
            made_by=made_by,
            needs=f"format {FORMAT}",
            advice="go on with the Earmark that made it, or set EARMARK_HOME to a new folder.",
        )


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
