"""The log: its newest entries, its last seal, its witness, and a button that recomputes it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from earmark import audit
from earmark.storage import Stores
from earmark.web.render import page
from earmark.web.sessions import Auditor, StoresHere

router = APIRouter(prefix="/audit")
SHOWN = 50


async def _show(request: Request, stores: Stores, verdict: audit.Verdict | None) -> Response:
    entries = await audit.recent(stores, SHOWN)
    for entry in entries:
        entry["facts"] = {k: v for k, v in entry["event"].items() if k not in ("what", "at", "salt")}
    return page(
        request,
        "desk/audit.html",
        entries=entries,
        checkpoint=await audit.latest_checkpoint(stores),
        trusted=audit.witness_key(stores.settings) is not None,
        seen=await audit.latest_cosignature(stores),
        verdict=verdict,
    )


@router.get("")
async def log(request: Request, stores: StoresHere, _: Auditor) -> Response:
    return await _show(request, stores, None)


@router.post("/verify")
async def verify(request: Request, stores: StoresHere, _: Auditor) -> Response:
    return await _show(request, stores, await audit.verify(stores))
