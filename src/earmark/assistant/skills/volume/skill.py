"""How loud the device is."""

from __future__ import annotations

from earmark.assistant.skill import Action, Home, Reply, Request

_STEP = 10
"""Per cent that `louder` and `quieter` change."""


async def handle(request: Request, home: Home) -> Reply:
    match request.intent:
        case "setVolume":
            percent = int(request.slots.get("percent", int(request.slots.get("level", "5")) * 10))
            return Reply(text=f"Volume {percent} percent.", actions=(_do("set", percent=percent),))
        case "volumeUp":
            return Reply(text="Louder.", actions=(_do("change", percent=_STEP),))
        case "volumeDown":
            return Reply(text="Quieter.", actions=(_do("change", percent=-_STEP),))
        case "mute":
            return Reply(text="The sound is off.", actions=(_do("mute", on=True),))
        case _:
            return Reply(text="The sound is on.", actions=(_do("mute", on=False),))


def _do(what: str, **data: object) -> Action:
    return Action(kind=f"volume.{what}", data=data)
