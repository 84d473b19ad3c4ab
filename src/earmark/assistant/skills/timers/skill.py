"""Timers and alarms: kept by the home, rung by the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from earmark.assistant.skill import Action, Alarm, Home, Reply, Request
from earmark.assistant.spoken import spoken_length, spoken_list, spoken_time


async def handle(request: Request, home: Home) -> Reply:
    kind = "timer" if request.intent.endswith(("Timer", "Timers")) else "alarm"
    if request.intent.startswith("set"):
        return await _set(request, home, kind)
    pending = [alarm for alarm in await home.alarms() if alarm.kind == kind and alarm.due > request.now]
    if request.intent.startswith("cancel"):
        return await _cancel(request, home, kind, pending)
    return Reply(text=_told(kind, _about(pending, request), request.now))


async def _set(request: Request, home: Home, kind: str) -> Reply:
    due = timer_due(request.slots, request.now) if kind == "timer" else alarm_due(request)
    if due is None:
        return Reply(text=f"I did not get when the {kind} should ring.", done=False)
    alarm = await home.alarm_add(kind, due, request.slots.get("label", ""))
    data = {"id": alarm.id, "due": alarm.due.isoformat(), "label": alarm.label}
    when = f"for {spoken_length(due - request.now)}" if kind == "timer" else f"for {spoken_time(due)}"
    day = "" if kind == "timer" or due.date() == request.now.date() else " tomorrow"
    name = f"{alarm.label} {kind}" if alarm.label else kind
    return Reply(text=f"Your {name} is set {when}{day}.", actions=(Action(kind=f"{kind}.set", data=data),))


async def _cancel(request: Request, home: Home, kind: str, pending: Sequence[Alarm]) -> Reply:
    chosen = _about(pending, request)
    if not chosen:
        return Reply(text=f"There is no such {kind}.", done=False)
    if "all" not in request.slots:
        chosen = chosen[:1]
    await home.alarm_cancel([alarm.id for alarm in chosen])
    actions = tuple(Action(kind=f"{kind}.cancel", data={"id": alarm.id}) for alarm in chosen)
    text = f"Cancelled the {kind}." if len(chosen) == 1 else f"Cancelled {len(chosen)} {kind}s."
    return Reply(text=text, actions=actions)


def _about(pending: Sequence[Alarm], request: Request) -> list[Alarm]:
    """Those the request names by label or time; all of them, soonest first, when it names none."""
    chosen = sorted(pending, key=lambda alarm: alarm.due)
    if label := request.slots.get("label"):
        chosen = [alarm for alarm in chosen if alarm.label == label]
    due = alarm_due(request) if {"hour", "spoken_clock"} & request.slots.keys() else None
    if due is not None:
        chosen = [alarm for alarm in chosen if abs((alarm.due - due).total_seconds()) % 86_400 < 60]
    return chosen


def _told(kind: str, pending: Sequence[Alarm], now: datetime) -> str:
    if not pending:
        return f"There is no {kind} set."
    if kind == "alarm":
        told = [spoken_time(alarm.due) for alarm in pending]
        return f"Your alarm is set for {told[0]}." if len(told) == 1 else f"Your alarms: {spoken_list(told)}."
    told = [
        f"{spoken_length(alarm.due - now)} left" + (f" for {alarm.label}" if alarm.label else "") for alarm in pending
    ]
    return f"{spoken_list(told).capitalize()}."


def timer_due(slots: Mapping[str, str], now: datetime) -> datetime | None:
    """When a timer with these slots rings; None when they hold no length."""
    length = timedelta(
        hours=float(slots.get("hours", 0)),
        minutes=float(slots.get("minutes", 0)),
        seconds=float(slots.get("seconds", 0)) + float(slots.get("spoken_length", 0)),
    )
    return now + length if length else None


def alarm_due(request: Request) -> datetime | None:
    """The next time the clock shows what was said; None when no time was said.

    Without `am`/`pm` it is the next of the two, unless `tomorrow` was said: then it is the morning.
    """
    slots, now = request.slots, request.now
    tomorrow = "tomorrow" in request.text.split()
    if spoken := slots.get("spoken_clock"):
        minutes_of_day = [12 * 60 if spoken == "noon" else 0]
    elif "hour" in slots:
        past = int(slots.get("minute", slots.get("spoken_minute", "0")))
        base = int(slots["hour"]) % 12 * 60 + past
        halves = {"am": [0], "pm": [720]}.get(slots.get("half_of_day", ""), [0] if tomorrow else [0, 720])
        minutes_of_day = [(base + half) % 1440 for half in halves]
    else:
        return None
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [1] if tomorrow else [0, 1]
    candidates = [midnight + timedelta(days=day, minutes=minute) for day in days for minute in minutes_of_day]
    return min((at for at in candidates if at > now), default=None)
