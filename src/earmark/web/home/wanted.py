"""Which part of a history is meant: the same words in addresses, forms and the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from earmark.vault import Device, Part, read_part
from earmark.web import wording
from earmark.web.language import gettext
from earmark.web.render import long_day


class Asked(BaseModel):
    """A part of a history as it is asked for: one day or a range of days, a device, a kind, or ids."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    day: str = ""
    from_: str = Field("", alias="from")
    to: str = ""
    device: str = ""
    kind: str = ""
    id: list[str] = []

    def any(self) -> bool:
        return bool(self.day or self.from_ or self.to or self.device or self.kind or self.id)


def read(asked: Asked) -> Part:
    """Read what is asked for. Raises BadRequest."""
    return read_part(
        day=asked.day, first=asked.from_, last=asked.to, device=asked.device, kind=asked.kind, ids=asked.id
    )


async def from_form(request: Request) -> Part:
    """Read a form that a page sent. Raises BadRequest."""
    form = await request.form()
    fields: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
    ids = [each for each in form.getlist("id") if isinstance(each, str)]
    return read(Asked.model_validate(fields | {"id": ids}))


def in_words(part: Part, devices: Sequence[Device]) -> str:
    """Say which part it is: `4 May 2026, Kitchen`."""
    said = []
    if part.ids is not None:
        said.append(gettext("selected"))
    if part.first and part.last:
        first, last = long_day(part.first), long_day(part.last)
        said.append(first if first == last else gettext("{first} to {last}").format(first=first, last=last))
    if part.device_id is not None:
        name = next((device.name for device in devices if device.id == part.device_id), None)
        said.append(name or gettext("a device that is gone"))
    if part.kind is not None:
        said.append(wording.kinds()[part.kind])
    return ", ".join(said)


def from_address(asked: Annotated[Asked, Query()]) -> Asked:
    return asked


InAddress = Annotated[Asked, Depends(from_address)]
