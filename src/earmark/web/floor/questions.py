"""The questions as a lead edits them: a form, and each saving is a new version that nobody has to deploy."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from earmark import review
from earmark.errors import BadRequest, NotFound
from earmark.review import Spec
from earmark.storage import Stores
from earmark.web.floor.api import reviewer_of
from earmark.web.floor.names import CHANGES
from earmark.web.floor.names import who as doer
from earmark.web.render import page
from earmark.web.sessions import Lead, StoresHere

router = APIRouter(prefix="/lead/questions")
SPARE = 2
"""Empty lines at the end of options and marks."""


@router.get("")
async def questions(request: Request, stores: StoresHere, _: Lead) -> Response:
    return page(request, "floor/questions.html", questions=list((await review.current(stores)).values()))


async def _spec(stores: Stores, name: str) -> Spec:
    found = (await review.current(stores)).get(name)
    if found is None:
        raise NotFound
    return found


async def _show(request: Request, stores: Stores, spec: Spec, *, status: int = 200, given: Any = None) -> Response:
    known = spec.to_json() | {"problem": ""} | (given or {})
    return page(
        request,
        "floor/question.html",
        status=status,
        spec=spec,
        values=known,
        problem=known["problem"],
        spare=range(SPARE),
        doings=await review.doings.doings(stores, f"question {spec.name}", most=20),
        changes=CHANGES,
        doer=doer,
    )


@router.get("/{name}")
async def one(request: Request, stores: StoresHere, _: Lead, name: str) -> Response:
    return await _show(request, stores, await _spec(stores, name))


@router.post("/{name}")
async def publish(request: Request, stores: StoresHere, who: Lead, name: str) -> Response:
    """Publish the next version; clips that somebody has judged already keep the version they have."""
    spec = await _spec(stores, name)
    given = await _given(request, spec)
    try:
        await review.publish(stores, reviewer_of(stores, who), given)
    except BadRequest as refused:
        return await _show(request, stores, spec, status=400, given=given | {"problem": refused.message})
    return RedirectResponse(f"/lead/questions/{name}", status_code=303)


async def _given(request: Request, spec: Spec) -> dict[str, Any]:
    """Return the form as a question's JSON; lines that are empty throughout are left out."""
    form = await request.form()

    def lines(*columns: str) -> list[dict[str, str]]:
        rows = zip(*([str(each) for each in form.getlist(column)] for column in columns), strict=False)
        kinds = [column.partition("_")[2] for column in columns]
        return [dict(zip(kinds, row, strict=True)) for row in rows if any(cell.strip() for cell in row)]

    return spec.to_json() | {
        "title": str(form.get("title", "")),
        "hint": str(form.get("hint", "")),
        "share": _number(form.get("share")),
        "needs_heard": _number(form.get("needs_heard")),
        "options": lines("option_value", "option_text"),
        "marks": lines("mark_value", "mark_text", "mark_key"),
    }


def _number(raw: object) -> object:
    try:
        return float(str(raw))
    except ValueError:
        return raw
