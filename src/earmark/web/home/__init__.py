"""The owners' pages, port 8040."""

from fastapi import APIRouter

from earmark.web.home import api, deleting, exporting, guest, history, public, settings, start

router = APIRouter()
for part in (start, deleting, exporting, history, settings, guest, api, public):
    router.include_router(part.router)

__all__ = ["router"]
