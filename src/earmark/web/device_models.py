"""What devices fetch of the models: the key they pin, their part of a bundle, and which versions are retired."""

from __future__ import annotations

import asyncio
import io
import tarfile
from pathlib import Path

from fastapi import APIRouter, Request, Response

from earmark import learn, vault
from earmark.bundle import for_device, own_name, sign_retired
from earmark.errors import NotFound
from earmark.storage import Stores
from earmark.web.device_api import bearer

router = APIRouter()


@router.get("/api/device/key")
async def installation_key(request: Request) -> Response:
    """The installation's public key, 32 bytes: a device pins it at its first connection."""
    stores: Stores = request.app.state.stores
    await vault.device_by_token(stores, bearer(request.headers))
    key = stores.home.public_key().public_bytes_raw()
    return Response(key, media_type="application/octet-stream")


@router.get("/api/device/bundle/{version}")
async def bundle(request: Request, version: str) -> Response:
    """A device's part of the bundle that is in force for it as a tar; the device checks its signature."""
    stores: Stores = request.app.state.stores
    known = await vault.device_by_token(stores, bearer(request.headers))
    found = await learn.promoted(stores)
    out = await learn.rollout(stores)
    if out and out.going_on and out.version == version and out.takes(_place_key(stores), known.id):
        found = await learn.bundle(stores, version)
    if found.folder is None or found.version != version:
        raise NotFound
    own = own_name(bytes.fromhex(stores.home.secret("learn-devices")), known.id)
    return Response(await asyncio.to_thread(_tar, found.folder, own), media_type="application/x-tar")


def _place_key(stores: Stores) -> bytes:
    assert stores.signing_key is not None
    return learn.place_key(stores.signing_key)


@router.get("/api/device/retired")
async def retired(request: Request) -> Response:
    """The versions that no device may run again, signed: a device keeps them and refuses them from then on."""
    stores: Stores = request.app.state.stores
    await vault.device_by_token(stores, bearer(request.headers))
    assert stores.signing_key is not None
    versions = [each.version for each in await learn.taken_back(stores) if each.state == "retired"]
    return Response(sign_retired(versions, stores.signing_key), media_type="application/json")


_SIGNED = frozenset({"manifest.json", "signature"})


def _tar(folder: Path, own: str) -> bytes:
    """Pack what the device named `own` is given: no words of people, and nothing made for another device."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and (name in _SIGNED or for_device(name, own)):
                info = tarfile.TarInfo(name)
                info.size = path.stat().st_size
                with path.open("rb") as file:
                    tar.addfile(info, file)
    return buffer.getvalue()
