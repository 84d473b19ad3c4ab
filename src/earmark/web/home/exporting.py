"""Taking everything along: a page that says what will be in the file, and the file, streamed as it is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from earmark import export
from earmark.storage import Stores
from earmark.web.render import page
from earmark.web.sessions import Allow, Owner, StoresHere, Visitor

router = APIRouter()
OwnerOrProgram = Annotated[Visitor, Depends(Allow("owner", bearer=True))]


@router.get("/export")
async def offer(request: Request, stores: StoresHere, who: Owner) -> Response:
    """Say what the file will hold, how large it will be and how long it takes."""
    return page(request, "home/export.html", would=await export.estimate(stores, who.account.person_id))


@router.post("/export")
async def download(stores: StoresHere, who: Owner) -> Response:
    """Send the file. A form's POST, so that no foreign page and no prefetch can make a browser store it."""
    return await _file(stores, who, "page")


@router.get("/api/export")
async def offer_to_program(stores: StoresHere, who: OwnerOrProgram) -> dict[str, Any]:
    """Say what the file would hold now."""
    return asdict(await export.estimate(stores, who.account.person_id))


@router.post("/api/export")
async def download_by_program(stores: StoresHere, who: OwnerOrProgram) -> Response:
    """Send the file to a program with a token."""
    return await _file(stores, who, "api")


async def _file(stores: Stores, who: Visitor, how: export.How) -> Response:
    pieces = export.stream(stores, who.account.person_id, how=how)
    first = await anext(pieces)  # what goes wrong before the first byte becomes an answer that says so

    async def body() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    name = f"earmark-{stores.now().astimezone():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body(), media_type="application/zip", headers=headers)
