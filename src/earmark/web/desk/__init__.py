"""The desk, port 8042: safety, engineer, auditor, admin."""

from fastapi import APIRouter

from earmark.web.desk import audit, cases, models, people, start

router = APIRouter()
for part in (start, cases, models, audit, people):
    router.include_router(part.router)

__all__ = ["router"]
