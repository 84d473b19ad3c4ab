"""What the pages say: navigation by role, and plain words for what was understood.

The tables are in English; what stands in TABLES is looked up in the reader's catalog where it is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earmark.accounts import Plane
from earmark.audit import receipts
from earmark.here import SIMULATED
from earmark.report import FEWER, GROUPS
from earmark.vault import Kind
from earmark.web.language import gettext, ngettext


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the navigation."""

    href: str
    title: str
    icon: str
    roles: frozenset[str]
    """Who sees it; the routes check for themselves."""


def _link(href: str, title: str, icon: str, *roles: str) -> Link:
    return Link(href=href, title=title, icon=icon, roles=frozenset(roles))


PRIVACY = "/settings/account/privacy"
NAVIGATION: dict[Plane, tuple[Link, ...]] = {
    "home": (
        _link("/", "Home", "house", "owner"),
        _link("/talk", "Talk", "mic", "owner"),
        _link("/history", "History", "history", "owner"),
        _link(PRIVACY, "Privacy", "shield-check", "owner"),
    ),
    "floor": (
        _link("/review", "Review", "headphones", "reviewer", "lead"),
        _link("/review/mine", "My numbers", "trending-up", "reviewer", "lead"),
        _link("/lead", "Lead", "bar-chart-3", "lead"),
    ),
    "desk": (
        _link("/", "Desk", "inbox", "safety", "engineer", "auditor", "admin"),
        _link("/cases", "Cases", "flag", "safety"),
        _link("/models", "Models", "boxes", "engineer"),
        _link("/audit", "Audit", "scroll-text", "auditor", "admin"),
        _link("/people", "People", "users", "admin"),
    ),
}
PLANE_TITLES: dict[Plane, str] = {"home": "Earmark", "floor": "Earmark review", "desk": "Earmark desk"}
START: dict[Plane, str] = {"home": "/", "floor": "/review", "desk": "/"}
"""Where one lands after signing in."""

UNDERSTOOD = {
    "getTime": "You asked for the time",
    "getDate": "You asked for the date",
    "orderDrink": "You ordered a drink",
    "leaveMessage": "You left a message",
    "readMessages": "You asked for your messages",
    "deleteLast": "You asked to delete what you just said",
    "deleteToday": "You asked to delete what you said today",
    "deleteYesterday": "You asked to delete what you said yesterday",
    "deleteWeek": "You asked to delete what you said this week",
    "deleteEverything": "You asked to delete everything",
    "confirmDelete": "You said yes to deleting everything",
    "whatHeard": "You asked what Earmark heard",
    "whoListened": "You asked who listened to you",
    "notForMe": "You said that it was not for Earmark",
    "privacyNotice": "You asked what Earmark records",
    "guestCode": "You asked for a guest code",
    "stopSaving": "You asked Earmark to stop keeping recordings",
    "startSaving": "You asked Earmark to keep recordings again",
    "reviewOff": "You turned human review off",
    "reviewOn": "You asked to turn human review on",
    "confirmReview": "You said yes to human review",
    "addToList": "You added to the shopping list",
    "removeFromList": "You took something off the shopping list",
    "readList": "You asked for the shopping list",
    "clearList": "You cleared the shopping list",
    "setTimer": "You set a timer",
    "cancelTimer": "You stopped a timer",
    "listTimers": "You asked for your timers",
    "setAlarm": "You set an alarm",
    "cancelAlarm": "You cancelled an alarm",
    "listAlarms": "You asked for your alarms",
    "setVolume": "You set the volume",
    "volumeUp": "You turned the volume up",
    "volumeDown": "You turned the volume down",
    "mute": "You turned the sound off",
    "unmute": "You turned the sound on",
    "": "Earmark took this as a request",
}
SLOTS = {
    "size": "size",
    "roast": "roast",
    "numberOfShots": "shots",
    "coffeeDrink": "drink",
    "milkAmount": "milk",
    "sugarAmount": "sugar",
    "grocery": "item",
    "item": "item",
    "member": "for",
    "half_of_day": "time of day",
    "volume": "volume",
    "device": "device",
}
_HIDDEN = frozenset({"message", "open_message", "text"})
"""Slots that repeat what stands in the words above them."""


def understood(intent: str | None, slots: Mapping[str, str]) -> str:
    """Say what was understood, in words an owner uses: `You ordered a drink: size large, drink latte`."""
    if intent is None:
        return ""
    said = gettext(UNDERSTOOD.get(intent, UNDERSTOOD[""]))
    details = [
        f"{gettext(SLOTS.get(name, name.replace('_', ' ')))} {value}"
        for name, value in slots.items()
        if name not in _HIDDEN
    ]
    return f"{said}: {', '.join(details)}" if details else said


STAYS = {
    "addToList": "What it put on the shopping list stays there until somebody takes it off.",
    "leaveMessage": "The message stays until it is read out.",
    "setTimer": "The timer stays until it rings.",
    "setAlarm": "The alarm stays until it rings.",
}
"""What a request leaves behind when its recording is deleted."""

KINDS: dict[Kind, str] = {
    "command": "Commands",
    "question": "Questions",
    "message": "Messages",
    "privacy": "About privacy",
    "false_wake": "False wakes",
    "refused": "Not understood",
}
SOURCES = {"grammar": "by the sentences it knows", "ngram": "as open speech", "import": "from an imported file"}
"""How the words were recognised."""
REFUSED = {
    "no-speech": "no speech was found after the wake word",
    "unsure": "what it resembled was too unsure",
    "no-command": "it resembled nothing that can be asked for",
    "no-skill": "it was understood, but there is nothing here that does it",
}
"""Why something was not taken as a request."""
RULES = {
    "random": "drawn evenly",
    "unsure": "drawn among what the assistant was least sure of",
    "rest": "drawn among the others",
}
HOWS = {
    "first-run": "at the first visit",
    "settings": "on this page",
    "voice": "by voice",
    "command": "by command",
    "api": "by a program",
}
"""How a word was given."""
OWNER_SAID = {
    "yes": "; you said yes",
    "no": "; you said no, so nobody heard it",
    "nothing": "; you did not answer, so nobody heard it",
}
"""Answers to a clip that its owner was to hear first."""
PURPOSE_ICONS = {
    "save": "save",
    "review": "headphones",
    "transcription": "message-circle",
    "donate": "gift",
    "hear_first": "ear",
}
ERASED = {
    "recordings": "Recordings",
    "list_lines": "Lines of the shopping list",
    "messages": "Messages",
    "alarms": "Timers and alarms",
    "keys": "Keys destroyed",
    "files": "Sound files",
    "tasks": "Questions about them",
    "judgements": "Answers given about them",
    "labels": "Labels",
    "datasets": "Data sets revoked",
    "models": "Models retired",
}
"""What a receipt counts."""
ASKED = receipts.ASKED
ROLES = {
    "reviewer": "A reviewer",
    "lead": "A team lead",
    "safety": "A safety officer",
    "": "A person",
}
SIMULATED_ROLES = {
    "reviewer": "A simulated reviewer",
    "lead": "A simulated team lead",
    "safety": "A simulated safety officer",
    "": "A simulated person",
}
PURPOSES = {
    "checking the wake word": "to check whether the wake word was said",
    "writing down what was said": "to write down what was said",
    "checking what was understood": "to check whether Earmark understood",
    "checking whether Earmark was spoken to": "to check whether you were talking to Earmark",
    "checking whether the answer helped": "to check whether the reply helped",
    "choosing between two ways of writing it down": "to choose between two ways of writing it down",
    "deciding about a flagged clip": "to decide about it, because somebody flagged it",
    "helping with a word": "to help with a word that a colleague could not make out",
}
FLAGS = {
    "distress": "Somebody in distress",
    "crime": "A possible crime",
    "identity": "Says who they are",
    "other": "Other",
}
ACCESS = "Unusual access"
"""What a case about somebody who listens is called, beside FLAGS."""
DECISIONS = {
    "release": "Put it back: there is nothing wrong with it",
    "erase": "Erase it: nobody should keep or hear this",
    "escalate": "Pass it on: it needs somebody outside this desk",
    "support": "Offer help: somebody may need it",
}
ACCESS_DECISIONS = {
    "release": "Clear it: there is an innocent reason",
    "escalate": "Pass it on: it needs somebody outside this desk",
    "support": "Offer help: somebody may need it",
}


def access(kind: str, seen: float, peers: float) -> str:
    """Say what was counted: `120 sounds fetched in a day. Colleagues fetch about 6 for the same answers.`"""
    if kind == "replays":
        return f"{seen:,.0f} sounds fetched in a day. Colleagues fetch about {peers:,.0f} for the same answers."
    tried = f"{seen:,.0f} addresses of sounds tried in a day that were {{}}. For most colleagues it is {peers:,.0f}."
    return tried.format("no longer theirs, after the answer was given" if kind == "late" else "used up or never theirs")


TALK = {
    "starting": "Connecting",
    "starting.sends": "Nothing is being sent.",
    "starting.label": "Connecting",
    "ready": "Tap and talk",
    "ready.sends": "Nothing is being sent.",
    "ready.label": "Start talking",
    "listening": "Listening",
    "listening.sends": "Your voice is going to Earmark now.",
    "listening.label": "Stop and send",
    "thinking": "Thinking",
    "thinking.sends": "Nothing more is being sent.",
    "thinking.label": "Thinking",
    "speaking": "Answering",
    "speaking.sends": "Nothing is being sent.",
    "speaking.label": "Stop the answer and talk",
    "muted": "Muted",
    "muted.sends": "The microphone is off.",
    "muted.label": "Muted",
    "problem": "That did not work",
    "problem.sends": "Nothing is being sent.",
    "problem.label": "Try again",
    "mute": "Mute",
    "signed_out": "Please sign in again.",
    "cut": "The connection was cut. Nothing of this was kept.",
    "unreachable": "Earmark can't be reached. It tries again by itself.",
    "no_microphone": "The browser did not give the microphone. Allow it for this page, then tap again.",
    "timer": "Your timer is ringing.",
    "timer.label": "Your {label} timer is ringing.",
    "alarm": "Your alarm is ringing.",
    "alarm.label": "Your {label} alarm is ringing.",
}
"""What the page that listens says while it does; `static/js/talk.js` gets it from the page."""
TITLES = {
    400: "That did not work",
    401: "Please sign in",
    403: "Not for this role",
    404: "Nothing here",
    405: "Not like this",
    409: "It changed meanwhile",
    410: "Deleted",
    413: "Too much at once",
    422: "That did not work",
    429: "A moment, please",
    500: "Something went wrong",
    503: "Not ready yet",
    507: "The disk is full",
}
"""Over an error, by its HTTP status."""
REPORTED = {
    FEWER: FEWER,
    **{group: group for group in GROUPS if not group.isdigit()},
    **{purpose: purpose for purpose in PURPOSES},
    "withdrawn.review": "Human review, taken back",
    "withdrawn.transcription": "Better transcription, taken back",
    "withdrawn.save": "Keeping recordings, taken back",
    "decided.release": "Cases decided: nothing wrong",
    "decided.erase": "Cases decided: erase",
    "decided.escalate": "Cases decided: passed on",
    "decided.support": "Cases decided: offer help",
}
"""What a transparency report holds in words."""
TABLES: tuple[Mapping[Any, str], ...] = (
    UNDERSTOOD,
    SLOTS,
    STAYS,
    KINDS,
    SOURCES,
    REFUSED,
    RULES,
    HOWS,
    OWNER_SAID,
    ERASED,
    ASKED,
    ROLES,
    SIMULATED_ROLES,
    PURPOSES,
    TALK,
    TITLES,
    REPORTED,
)
"""What of this catalogs hold."""


def kinds() -> dict[Kind, str]:
    """Return what kinds of recordings are called."""
    return {kind: gettext(title) for kind, title in KINDS.items()}


def table(words: Mapping[str, str]) -> dict[str, str]:
    """Return one of TABLES in the reader's language."""
    return {name: gettext(text) for name, text in words.items()}


def heard(role: str, site: str, day: str, purpose: str) -> str:
    """Say who listened: `A reviewer in Bucharest listened on 3 May 2026 to check …`."""
    return _heard(role, site, gettext("on {day}").format(day=day), purpose)


def heard_in(month: str, times: int, role: str, site: str, purpose: str) -> str:
    """Say who listened in a month: `A reviewer in Bucharest listened 3 times in May 2026 to check …`."""
    when = ngettext("in {month}", "{n} times in {month}", times).format(n=times, month=month)
    return _heard(role, site, when, purpose)


def _heard(role: str, site: str, when: str, purpose: str) -> str:
    roles = SIMULATED_ROLES if SIMULATED in site else ROLES
    who = gettext(roles.get(role, roles[""]))
    place = site.replace(SIMULATED, "").strip()
    why = gettext(PURPOSES[purpose]) if purpose in PURPOSES else f"({purpose})"
    if place and place != "home":
        said = gettext("{who} in {place} listened {when} {why}.")
    else:
        said = gettext("{who} listened {when} {why}.")
    return said.format(who=who, place=place, when=when, why=why)


def wake_word(name: str) -> str:
    """Return a wake word, packaged or learned here, as people read it: `hey_jarvis` is "Hey Jarvis"."""
    return name.replace("_", " ").title()
