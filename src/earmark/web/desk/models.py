"""Models: which bundles there are, how each did, which one is in use, and how the next one comes to the devices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from earmark import learn
from earmark.bundle import BUILTIN
from earmark.web.charts import before_after
from earmark.web.desk import pictures
from earmark.web.render import page
from earmark.web.sessions import Engineer, StoresHere

router = APIRouter(prefix="/models")
MEASURES: tuple[tuple[str, str, str, bool], ...] = (
    ("wake", "miss_rate", "Wake words missed", True),
    ("wake", "false_accepts_per_hour", "False wakes an hour", True),
    ("commands", "acceptance", "Commands done right", False),
    ("commands", "false_accepted", "Other speech taken for a command", True),
    ("asr", "wer", "Words wrong", True),
    ("nlu", "intent_accuracy", "Understood right", False),
    ("nlu", "slot_f1", "Details right", False),
)
"""Part and field of the scores, what it is called here, and whether lower is better."""
_RECENT = timedelta(days=14)
"""For how long a roll-out that is over stays on the page."""
_COUNTS = frozenset({"false_accepts_per_hour", "false_accepted"})


def _value(scores: Mapping[str, Any] | None, part: str, field: str) -> float | None:
    value = ((scores or {}).get(part) or {}).get(field)
    return float(value) if isinstance(value, int | float) else None


def rows(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row a measure that a bundle's scores hold, with its picture."""
    before, after = (scores.get("before"), scores["after"]) if "after" in scores else (None, scores)
    found = []
    for part, field, title, lower in MEASURES:
        was, now = _value(before, part, field), _value(after, part, field)
        if now is None:
            continue
        found.append(
            {
                "title": title,
                "before": _text(field, was),
                "after": _text(field, now),
                "chart": before_after(was, now, label=title, lower_is_better=lower) if was is not None else "",
            }
        )
    return found


def _text(field: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if field in _COUNTS else f"{value:.1%}"


@router.get("")
async def models(request: Request, stores: StoresHere, _: Engineer) -> Response:
    found = await learn.models(stores)
    out, now = await learn.rollout(stores), stores.now()
    in_use = next((model.version for model in found if model.state == "promoted"), BUILTIN.version)
    going_on = out is not None and out.going_on
    compared = [(out.base, "plain"), (out.version, "good")] if going_on and out else [(in_use, "good")]
    days, fleet = await learn.live_days(stores, pictures.DAYS), await learn.fleet(stores)
    last = out if out and (out.going_on or (out.ended_at and now - out.ended_at < _RECENT)) else None
    return page(
        request,
        "desk/models.html",
        models=[(model, rows(model.manifest.get("scores") or {})) for model in found],
        remakes=await learn.remakes(stores),
        in_use=in_use,
        rollout=last,
        going_on=going_on,
        steps=await learn.steps(stores, last) if last else [],
        stages=pictures.stages(last) if last else [],
        findings=pictures.findings(last),
        compared=compared,
        by_day=pictures.by_day(days, compared, now.astimezone(UTC).date()),
        by_version=pictures.by_version(fleet, dict(compared)),
        devices=sum(fleet.values()),
        staged=stores.settings.rollout == "staged" and sum(fleet.values()) >= learn.SMALL_FLEET,
    )


@router.get("/{version}")
async def card(request: Request, stores: StoresHere, _: Engineer, version: str) -> Response:
    """Show a bundle's model card."""
    model = await learn.model(stores, version)
    shown = learn.card(model, signed=await learn.sound(stores, version))
    return page(
        request,
        "desk/model_card.html",
        card=shown,
        model=model,
        numbers=pictures.changes(shown.numbers),
        slices=pictures.changes(shown.slices),
        rows=rows(model.manifest.get("scores") or {}),
    )


How = Literal["", "staged", "at-once"]


@router.post("/promote")
async def promote(
    stores: StoresHere, _: Engineer, version: Annotated[str, Form(max_length=64)], how: Annotated[How, Form()] = ""
) -> Response:
    await learn.put_into_use(stores, version, "engineer", staged=None if not how else how == "staged")
    return RedirectResponse("/models", status_code=303)


@router.post("/continue")
async def go_on(stores: StoresHere, _: Engineer) -> Response:
    await learn.go_on(stores, "engineer")
    return RedirectResponse("/models", status_code=303)


@router.post("/rollback")
async def rollback(stores: StoresHere, _: Engineer) -> Response:
    await learn.rollback(stores, "engineer")
    return RedirectResponse("/models", status_code=303)
