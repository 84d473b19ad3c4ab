"""The model bundles of a device: fetched, checked against the pinned key, and the last good one kept."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import tarfile
import tempfile
from collections.abc import Set
from pathlib import Path, PurePosixPath

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earmark.bundle import BUILTIN, DEVICE, ModelBundle, load, read_retired
from earmark.errors import AssistantUnreachable, BadBundle, SignInNeeded

LARGEST = 256 * 1024 * 1024
"""Bytes; a bundle that unpacks to more is refused before it fills the disk."""
_VERSION = re.compile(r"[0-9a-f]{16}")


class BundleStore:
    """A folder that holds the pinned key and the bundles in use.

    `installation.pub`, `current` and `previous` (versions), `retired` (versions that it never runs again), and a folder
    named by each version.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` comes to be when there is something to put into it."""
        self._folder = folder

    def pin(self, key: bytes) -> None:
        """Keep the installation's public key (32 raw bytes) on first sight. Raises BadBundle when another is pinned."""
        path = self._folder / "installation.pub"
        if not path.exists():
            try:
                Ed25519PublicKey.from_public_bytes(key)
            except ValueError as error:
                raise BadBundle(why="the installation's key is not one") from error
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(key)
        elif path.read_bytes() != key:
            raise BadBundle(why="it comes from another installation than the one this device belongs to")

    @property
    def key(self) -> Ed25519PublicKey:
        path = self._folder / "installation.pub"
        if not path.exists():
            raise BadBundle(why="this device does not know its installation's key yet")
        return Ed25519PublicKey.from_public_bytes(path.read_bytes())

    @property
    def pinned(self) -> bool:
        return (self._folder / "installation.pub").exists()

    def current(self) -> ModelBundle:
        """Return the newest bundle that still verifies and was not retired, or the built-in one."""
        for mark in ("current", "previous"):
            if found := self._marked(mark):
                return found
        return BUILTIN

    def instead_of(self, version: str) -> ModelBundle:
        """Return the last good bundle that is another one than `version`, which may not be run any more."""
        for mark in ("current", "previous"):
            if (found := self._marked(mark)) and found.version != version:
                return found
        return BUILTIN

    def _marked(self, mark: str) -> ModelBundle | None:
        version = self._version(mark)
        if version is None or version in self.retired:
            return None
        try:
            return load(self._folder / version, self.key, only=DEVICE)
        except BadBundle:
            return None

    def _version(self, mark: str) -> str | None:
        try:
            version = (self._folder / mark).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return version if _VERSION.fullmatch(version) else None

    def _mark(self, mark: str, version: str) -> None:
        draft = self._folder / f".{mark}-new"
        draft.write_text(version, encoding="ascii")
        draft.replace(self._folder / mark)

    @property
    def retired(self) -> frozenset[str]:
        """Versions that this device never runs again."""
        path = self._folder / "retired"
        return frozenset(path.read_text(encoding="ascii").split()) if path.exists() else frozenset()

    def retire(self, data: bytes) -> None:
        """Take a signed list of retired versions and delete their files; what was on an earlier list stays retired.

        Raises BadBundle when the signature does not fit: nothing changes then.
        """
        listed = {version for version in read_retired(data, self.key) if _VERSION.fullmatch(version)}
        known = self.retired
        if listed <= known:
            return
        self._mark("retired", "\n".join(sorted(known | listed)))
        for version in listed:
            shutil.rmtree(self._folder / version, ignore_errors=True)

    def go_builtin(self) -> ModelBundle:
        """Go back to the models that the device came with."""
        for mark in ("current", "previous"):
            (self._folder / mark).unlink(missing_ok=True)
        self.drop_others(BUILTIN)
        return BUILTIN

    def install(self, version: str, archive: bytes) -> ModelBundle:
        """Unpack a tar of a bundle, check signature, hashes and version, and make it the current one.

        The one before stays beside it as the last good one. Raises BadBundle, also for a version that was retired;
        what was current stays.
        """
        if not _VERSION.fullmatch(version):
            raise BadBundle(why="its version is not one")
        if version in self.retired:
            raise BadBundle(why="it was retired for good")
        target = self._folder / version
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self._folder))
        try:
            _unpack(archive, draft)
            if load(draft, self.key, only=DEVICE).version != version:
                raise BadBundle(why="it is another version than the one asked for")
            if target.exists():
                shutil.rmtree(target)
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        bundle = load(target, self.key, only=DEVICE)
        before, back_to = self._version("current"), self._version("previous")
        self._mark("current", version)
        if version == back_to:  # going back: the one that was left is no good one
            (self._folder / "previous").unlink(missing_ok=True)
        elif before not in (None, version):
            self._mark("previous", before)
        self._drop(but={version, self._version("previous")})
        return bundle

    def drop_others(self, keep: ModelBundle) -> None:
        """Delete every bundle but `keep`, once it is in use."""
        self._drop(but={keep.version})

    def _drop(self, *, but: Set[str | None]) -> None:
        for path in self._folder.glob("*"):
            if _VERSION.fullmatch(path.name) and path.name not in but:
                shutil.rmtree(path, ignore_errors=True)


def raw_key(key: Ed25519PublicKey) -> bytes:
    """Return the 32 bytes that `BundleStore.pin` takes."""
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _unpack(archive: bytes, folder: Path) -> None:
    size = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                name = PurePosixPath(member.name)
                if member.isdir():
                    continue
                if not member.isfile() or name.is_absolute() or ".." in name.parts:
                    raise BadBundle(why="its archive holds something other than plain files")
                size += member.size
                if size > LARGEST:
                    raise BadBundle(why="it is far too large")
                source = tar.extractfile(member)
                assert source is not None
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(source.read())
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadBundle(why="its archive is damaged") from error


async def fetch(
    store: BundleStore, version: str, *, address: str, token: str, transport: httpx.AsyncBaseTransport | None = None
) -> ModelBundle:
    """Download a bundle from the assistant at a device's `address` (ws://…/api/device), check and install it.

    The installation's key is asked for and pinned the first time only, the list of retired versions each time. Raises
    BadBundle, SignInNeeded or AssistantUnreachable; what was current stays.
    """
    base = re.sub(r"^ws", "http", address).rstrip("/")
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with httpx.AsyncClient(headers=headers, timeout=30, transport=transport) as client:
            if not store.pinned:
                store.pin(await _get(client, f"{base}/key"))
            store.retire(await _get(client, f"{base}/retired"))
            if version == BUILTIN.version:
                return store.go_builtin()
            archive = await _get(client, f"{base}/bundle/{version}")
    except httpx.HTTPError as error:
        raise AssistantUnreachable(address=address) from error
    return await asyncio.to_thread(store.install, version, archive)


async def _get(client: httpx.AsyncClient, url: str) -> bytes:
    response = await client.get(url)
    if response.status_code in (401, 403):
        raise SignInNeeded
    if response.status_code != 200:
        raise BadBundle(why="the assistant does not have it")
    return response.content
