"""The household's shopping list."""

from __future__ import annotations

from earmark.assistant.skill import Home, Reply, Request
from earmark.assistant.spoken import spoken_list


async def handle(request: Request, home: Home) -> Reply:
    items = [request.slots[name] for name in ("item", "second_item") if request.slots.get(name)]
    if request.intent == "readList":
        kept = await home.shopping_all()
        return Reply(text=f"On your list: {spoken_list(kept)}." if kept else "Your shopping list is empty.")
    if request.intent == "clearList":
        gone = await home.shopping_clear()
        return Reply(text="Your shopping list is empty now." if gone else "Your shopping list was empty already.")
    if not items:
        return Reply(text="I did not get which item.", done=False)
    if request.intent == "addToList":
        added = [item for item in items if await home.shopping_add(item)]
        if not added:
            return Reply(text=f"{spoken_list(items).capitalize()}: already on your list.")
        return Reply(text=f"Added {spoken_list(added)} to your shopping list.")
    removed = [item for item in items if await home.shopping_remove(item)]
    if not removed:
        return Reply(text=f"{spoken_list(items).capitalize()}: not on your list.", done=False)
    return Reply(text=f"Took {spoken_list(removed)} off your shopping list.")
