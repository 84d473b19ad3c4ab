"""The owners' pages, port 8040."""

from fastapi import APIRouter

from earmark.web.home import deleting, history, public, report, settings, start

router = APIRouter()
for part in (start, deleting, history, settings, public, report):
    router.include_router(part.router)

__all__ = ["router"]
