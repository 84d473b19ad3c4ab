"""Seeing and deleting by voice, and the switch for keeping anything at all."""

from __future__ import annotations

from earmark.assistant.skill import Home, Reply, Request


async def handle(request: Request, home: Home) -> Reply:
    match request.intent:
        case "deleteLast":
            gone = await home.delete_last()
            return Reply(text="Deleted." if gone else "There was nothing to delete.")
        case "deleteToday":
            gone = await home.delete_today()
            return Reply(text="Everything you said today is deleted." if gone else "There was nothing to delete.")
        case "stopSaving":
            await home.set_saving(False)
            return Reply(text="I stopped saving. What is already kept stays until you delete it.")
        case "startSaving":
            await home.set_saving(True)
            return Reply(text="I will save what you say to me. You can see and delete it in your history.")
        case _:
            heard = await home.last_heard()
            return Reply(text=f"I heard: {heard}." if heard else "I have nothing kept.")
