"""The floor, port 8041: the reviewers' console and the lead's board. It knows no identity of anybody recorded."""

from fastapi import APIRouter

from earmark.web.floor import (
    access,
    api,
    campaigns,
    console,
    consults,
    invite,
    lead,
    openapi,
    people,
    quality,
    questions,
    shift,
    sites,
)

router = APIRouter()
for part in (
    console,
    api,
    lead,
    quality,
    consults,
    access,
    people,
    sites,
    campaigns,
    questions,
    invite,
    shift,
    openapi,
):
    router.include_router(part.router)

__all__ = ["router"]
