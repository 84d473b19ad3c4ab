"""People who work here, without names: the desk has no key for them. An admin makes their sign-in links."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from earmark import accounts, audit
from earmark.accounts import PLANE_ROLES, Plane
from earmark.errors import NotFound
from earmark.storage import Stores
from earmark.web.render import page
from earmark.web.sessions import Admin, StoresHere
from earmark.words import PersonId

router = APIRouter(prefix="/people")


async def _show(request: Request, stores: Stores, *, link: str = "", code: str = "") -> Response:
    members = await accounts.staff(stores)
    planes = {m.id: [plane for plane in ("floor", "desk") if PLANE_ROLES[plane] & m.roles] for m in members}
    return page(request, "desk/people.html", members=members, planes=planes, link=link, code=code)


@router.get("")
async def people(request: Request, stores: StoresHere, _: Admin) -> Response:
    return await _show(request, stores)


@router.post("/link")
async def make_link(
    request: Request,
    stores: StoresHere,
    _: Admin,
    person: Annotated[uuid.UUID, Form()],
    plane: Annotated[Plane, Form()],
) -> Response:
    """Show a new link once; whoever opens it is that person from then on."""
    known = {member.id: member for member in await accounts.staff(stores)}
    member = known.get(PersonId(person))
    if member is None or plane == "home" or not PLANE_ROLES[plane] & member.roles:
        raise NotFound
    token = await accounts.make_sign_in_link(stores, member.id, plane)
    await audit.append(stores, {"what": "sign-in-link", "plane": plane, "roles": sorted(member.roles)})
    port = getattr(stores.settings, f"{plane}_port")
    link = f"{request.url.scheme}://{request.url.hostname}:{port}/sign-in/{token}"
    return await _show(request, stores, link=link, code=str(member.id)[:4])
