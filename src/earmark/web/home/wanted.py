"""Which part of a history is meant: the same words in addresses, forms and the API."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from earmark.vault import Part, read_part


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


def from_address(asked: Annotated[Asked, Query()]) -> Asked:
    return asked


InAddress = Annotated[Asked, Depends(from_address)]
