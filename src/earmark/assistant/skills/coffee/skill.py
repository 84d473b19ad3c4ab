"""Orders for the coffee machine."""

from __future__ import annotations

from earmark.assistant.skill import Action, Home, Reply, Request


async def handle(request: Request, home: Home) -> Reply:
    slots = request.slots
    drink = slots.get("coffeeDrink")
    if drink is None:
        return Reply(text="I did not get which drink.", done=False)
    kind = [slots[name] for name in ("size", "roast", "numberOfShots") if name in slots]
    extras = [slots[name] for name in ("milkAmount", "sugarAmount") if name in slots]
    order = " ".join([*kind, drink]) + (f" with {' and '.join(extras)}" if extras else "")
    article = "An" if order[0] in "aeiou" else "A"
    return Reply(text=f"{article} {order}, coming up.", actions=(Action(kind="coffee.order", data=dict(slots)),))
