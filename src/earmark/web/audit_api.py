"""The log's public face on the home and the desk: checkpoints and proofs, for anybody, signed in or not."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from earmark import audit
from earmark.errors import BadRequest, NotFound, TooManyRequests
from earmark.web.security import Throttle
from earmark.web.sessions import Public, StoresHere

ASKED_A_MINUTE = 240
"""By one address; a proof costs the database some twenty small questions."""
MOST = 2**62
"""Above every size, and within the database's numbers."""


def throttle() -> Throttle:
    return Throttle(limit=ASKED_A_MINUTE, seconds=60)


def slow_down(request: Request) -> None:
    """Raise TooManyRequests when one address asks for too much."""
    client = request.client.host if request.client else "?"
    if not request.app.state.asked.try_once(client):
        raise TooManyRequests


router = APIRouter(prefix="/api/audit", dependencies=[Depends(slow_down)])
Size = Annotated[int, Query(ge=-MOST, le=MOST)]


@router.get("/checkpoint")
async def checkpoint(stores: StoresHere, _: Public) -> dict[str, Any]:
    """Return the newest checkpoint, and the newest word of this installation's witness."""
    latest = await audit.latest_checkpoint(stores)
    if latest is None:
        raise NotFound
    word = await audit.latest_cosignature(stores)
    return {**audit.checkpoint_of(stores, latest), "cosignature": audit.word_of(stores, word) if word else None}


@router.get("/proof/inclusion")
async def inclusion(
    stores: StoresHere,
    _: Public,
    leaf: Annotated[str | None, Query(pattern="^[0-9a-fA-F]{64}$")] = None,
    number: Size | None = None,
    size: Size | None = None,
) -> dict[str, Any]:
    """Prove that an entry stands in the log; the entry itself is not shown."""
    if (leaf is None) == (number is None):
        raise BadRequest(why="Name the entry by `leaf` or by `number`, one of them.")
    found = await audit.inclusion_proof(stores, leaf=bytes.fromhex(leaf) if leaf else None, number=number, size=size)
    return {
        "number": found.number,
        "leaf": found.leaf.hex(),
        "size": found.size,
        "proof": [step.hex() for step in found.proof],
    }


@router.get("/proof/consistency")
async def consistency(stores: StoresHere, _: Public, first: Size, second: Size) -> dict[str, Any]:
    """Prove that the log of `second` entries begins with the log of `first`."""
    proof = await audit.consistency_proof(stores, first, second)
    return {"first": first, "second": second, "proof": [step.hex() for step in proof]}
