"""Messages that members of the household leave for each other."""

from __future__ import annotations

from earmark.assistant.skill import Home, Reply, Request


async def handle(request: Request, home: Home) -> Reply:
    if request.intent == "leaveMessage":
        return await _leave(request, home)
    messages = await home.messages_unread()
    if not messages:
        return Reply(text="You have no new messages.")
    await home.messages_mark_read([message.id for message in messages])
    told = " ".join(f"{message.from_name} says: {message.text}." for message in messages)
    count = "one new message" if len(messages) == 1 else f"{len(messages)} new messages"
    return Reply(text=f"You have {count}. {told}")


async def _leave(request: Request, home: Home) -> Reply:
    name, text = request.slots.get("member", ""), request.slots.get("message", "").strip()
    if not text:
        return Reply(text="I did not get the message; say the name and then the message.", done=False)
    if not await home.message_leave(name, text):
        return Reply(text="There is nobody with that name here.", done=False)
    return Reply(text=f"I will tell {name}.")
