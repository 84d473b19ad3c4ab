"""The floor's OpenAPI document, for people who write programs: what FastAPI knows of the routes, and what they answer.

It is shown to whoever is signed in, so that a stranger at the door learns nothing of the house.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import earmark
from earmark.web.sessions import Reviewer

router = APIRouter(prefix="/api")
_REF = "#/components/schemas/"
_SOUNDS = ("/api/review/sound/", "/api/review/consult/sound/")


@router.get("/openapi.json")
async def document(request: Request, _: Reviewer) -> dict[str, Any]:
    return document_of(request.app)


def document_of(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application's `/api` routes."""
    # A third of a second, which the start of every plane would take longer.
    from earmark.web.floor.shapes import ANSWERS, BODIES, Error

    whole = copy.deepcopy(app.openapi())
    paths = {path: each for path, each in whole["paths"].items() if path.startswith("/api/")}
    _, made = models_json_schema(
        [(model, "serialization") for model in {*ANSWERS.values(), Error}], ref_template=_REF + "{model}"
    )
    for path, methods in paths.items():
        for method, said in methods.items():
            said["responses"] = _responses(path, ANSWERS.get((method, path)))
            if (body := BODIES.get((method, path))) is not None:
                said["requestBody"]["content"] = {"application/json": {"schema": {"$ref": f"{_REF}{body.__name__}"}}}
    found = whole.get("components", {}).get("schemas", {}) | made["$defs"]
    return {
        "openapi": whole["openapi"],
        "info": {"title": "Earmark, the review floor", "version": earmark.__version__},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _used(paths, found),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _responses(path: str, model: type[BaseModel] | None) -> dict[str, Any]:
    error = {"description": "It can't be", "content": {"application/json": {"schema": {"$ref": f"{_REF}Error"}}}}
    done: dict[str, Any] = {"description": "Done"}
    if path.startswith(_SOUNDS):
        done["content"] = {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}
    elif model is not None:
        done["content"] = {"application/json": {"schema": {"$ref": f"{_REF}{model.__name__}"}}}
    return {"200": done, "default": error}


def _used(paths: Any, found: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas that are referred to, and those that these refer to."""
    used: dict[str, Any] = {}
    wanted = list(_refs(paths))
    while wanted:
        name = wanted.pop()
        if name not in used:
            used[name] = found[name]
            wanted += _refs(found[name])
    return dict(sorted(used.items()))


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(ref := value.get("$ref"), str):
            yield ref.removeprefix(_REF)
        for each in value.values():
            yield from _refs(each)
    elif isinstance(value, list):
        for each in value:
            yield from _refs(each)
