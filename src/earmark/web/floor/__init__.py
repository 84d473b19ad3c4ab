"""The floor's pages."""

from fastapi import APIRouter

router = APIRouter()

__all__ = ["router"]
