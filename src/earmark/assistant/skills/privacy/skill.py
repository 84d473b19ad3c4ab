"""Seeing and deleting by voice, and the switches for keeping anything at all and for people who listen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from earmark.assistant.skill import Action, Home, Listened, Reply, Request
from earmark.assistant.spoken import spoken_date, spoken_list

_NOTHING = "There was nothing to delete."
_TOLD_AT_ONCE = 3
"""Of those who listened; more than that nobody remembers when it is spoken."""
_ROLES = {"lead": "a team lead", "safety": "a safety officer"}


async def handle(request: Request, home: Home) -> Reply:
    match request.intent:
        case "deleteLast":
            return Reply(text="Deleted." if await home.delete_last() else _NOTHING)
        case "deleteToday" | "deleteYesterday" | "deleteWeek":
            since, until, when = period(request.intent, request.now)
            gone = await home.delete_between(since, until)
            return Reply(text=f"Everything you said {when} is deleted." if gone else _NOTHING)
        case "deleteEverything":
            return Reply(
                text="This deletes everything of yours for good: recordings, messages, alarms, and your lines on the "
                "shopping list. If you are sure, call me and say: yes, delete everything.",
                asks="deleteEverything",
            )
        case "confirmDelete" | "confirmReview":
            return await _confirmed(request, home)
        case "stopSaving" | "startSaving":
            return await _saving(home, on=request.intent == "startSaving")
        case "reviewOff":
            await home.set_review(False)
            return Reply(text="Human review is off. Nobody will listen, and what was waiting for them is pulled back.")
        case "reviewOn":
            if (offer := await home.review_offer()) is None:
                return Reply(text="Nobody can listen to this device, so there is nothing to turn on.", done=False)
            return Reply(text=f"{offer} To allow it, call me and say: yes, turn on human review.", asks="reviewOn")
        case "whoListened":
            return Reply(text=who_listened(await home.who_listened()))
        case "notForMe":
            gone = await home.not_for_me()
            return Reply(text="Sorry. I forgot what I heard." if gone else "Sorry. I have kept nothing of it.")
        case "privacyNotice":
            return Reply(text=await home.notice())
        case "guestCode":
            return _guest_code(await home.guest_code())
        case _:
            heard = await home.last_heard()
            return Reply(text=f"I heard: {heard}." if heard else "I have nothing kept.")


async def _confirmed(request: Request, home: Home) -> Reply:
    """Do what the utterance before this one asked about, and nothing else."""
    if request.intent == "confirmDelete" and request.confirms == "deleteEverything":
        rings = tuple(Action(kind=f"{each.kind}.cancel", data={"id": each.id}) for each in await home.alarms())
        gone = await home.delete_everything()
        return Reply(text="Everything is deleted." if gone else _NOTHING, actions=rings)
    if request.intent == "confirmReview" and request.confirms == "reviewOn":
        await home.set_review(True)
        return Reply(text="Human review is on. To turn it off, say: turn off human review.")
    return Reply(text="I had not asked, so I did nothing.", done=False)


async def _saving(home: Home, *, on: bool) -> Reply:
    if not await home.set_saving(on):
        return Reply(text="This device saves nothing, and nothing you say leaves it.", done=not on)
    if on:
        return Reply(
            text="I will save what you say, to me and to your other devices. You can see and delete it in your history."
        )
    return Reply(text="I stopped saving. What is already kept stays until you delete it.")


def _guest_code(code: str | None) -> Reply:
    if code is None:
        return Reply(text="Guest codes are not available here.", done=False)
    spoken = slowly(code)
    return Reply(
        text=f"Your guest code is: {spoken} Once more: {spoken} It works for 24 hours, on the page of this Earmark, "
        "under slash guest."
    )


def period(intent: str, now: datetime) -> tuple[datetime, datetime | None, str]:
    """Return from when, until when (None: no end) and how to say it, in the device's local time; weeks begin on Monday.

    Days before a change of the clocks are counted with today's offset, which is all that a device tells.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if intent == "deleteYesterday":
        return midnight - timedelta(days=1), midnight, "yesterday"
    if intent == "deleteWeek":
        return midnight - timedelta(days=now.weekday()), None, "since Monday"
    return midnight, None, "today"


def who_listened(found: Sequence[Listened]) -> str:
    """Say how often people listened, and the latest of them by role, site and day; `found` is newest first."""
    if not found:
        return "Nobody has listened to anything of yours that I keep."
    told = [
        f"{_ROLES.get(each.role, 'a reviewer')}{'' if each.site == 'home' else f' in {each.site}'}, "
        f"{_times(each.times)} on {spoken_date(each.day)}"
        for each in found[:_TOLD_AT_ONCE]
    ]
    total = sum(each.times for each in found)
    latest = "The latest" if len(found) > _TOLD_AT_ONCE else "That was"
    return f"People listened {_times(total)}. {latest}: {spoken_list(told)}. Your history shows each of them."


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def slowly(digits: str) -> str:
    """Return digits as they are written down: `4 7 2. 9 1 3.`; the voice pauses at each stop."""
    return " ".join(" ".join(digits[at : at + 3]) + "." for at in range(0, len(digits), 3))
