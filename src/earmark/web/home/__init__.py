"""The owners' pages, port 8040."""

from fastapi import APIRouter

from earmark.web.home import api, deleting, exporting, guest, history, public, report, settings, start

router = APIRouter()
for part in (start, deleting, exporting, history, settings, guest, api, public, report):
    router.include_router(part.router)

__all__ = ["router"]
