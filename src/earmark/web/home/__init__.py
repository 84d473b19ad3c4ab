"""The owners' pages, port 8040."""

from fastapi import APIRouter

from earmark.web.home import deleting, history, public, settings, start

router = APIRouter()
for part in (start, deleting, history, settings, public):
    router.include_router(part.router)

__all__ = ["router"]
