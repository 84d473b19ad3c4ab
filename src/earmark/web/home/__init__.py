"""The owners' pages, port 8040."""

from fastapi import APIRouter

from earmark.web.home import deleting, exporting, history, public, settings, start

router = APIRouter()
for part in (start, deleting, exporting, history, settings, public):
    router.include_router(part.router)

__all__ = ["router"]
