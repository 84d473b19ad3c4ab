"""The pages of an export: HTML that needs no server, no script and no network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from earmark.audit import receipts
from earmark.export.document import Document, Entry, LabelOfYours

_KINDS = {
    "question": "Question",
    "message": "Message",
    "privacy": "About your privacy",
    "refused": "Not a command",
    "false_wake": "Nobody had called",
}
_PLANES = {"home": "Your pages", "floor": "The reviewers’ pages", "desk": "The desk"}
_KEPT = {"shopping": "Shopping list", "message": "Message", "alarm": "Timer or alarm"}
_SIDES = {"train": "to learn from", "heldout": "to judge what was learned"}
_MADE_BY = {
    "agreement": "two people agreed",
    "majority": "most of three people said so",
    "adjudication": "somebody decided, because people did not agree",
}
_WAKE = {
    "said": "The wake word was said.",
    "not_said": "Nobody said the wake word.",
    "unclear": "Nobody could tell whether the wake word was said.",
}


def started_by(entry: Entry) -> str:
    from earmark.web.wording import wake_word

    each = entry.interaction
    if each.wake is None:
        return "An imported file" if each.content.source == "import" else "Your tap"
    said = f"The wake word “{wake_word(each.wake.word)}”, {each.wake.score:.0%} sure"
    checked = each.wake.verifier_score
    return said if checked is None else f"{said}; a second check was {checked:.0%} sure"


def found(of_yours: LabelOfYours) -> str:
    """Say what people found out: `It was written down as “add milk” (two people agreed, 4 May 2026).`"""
    from earmark.web.render import long_day

    label = of_yours.label
    how = f" ({_MADE_BY.get(label.made_by, label.made_by)}, {long_day(label.agreed_on)})"
    return _finding(label.question, label.answer).rstrip(".") + how + "."


def _finding(question: str, answer: dict[str, object]) -> str:
    from earmark.web.wording import understood

    if question == "wake":
        return _WAKE.get(str(answer.get("value")), "About the wake word")
    if question == "transcript":
        return f"It was written down as “{answer['text']}”" if answer.get("text") else "Nobody could make out words"
    slots = answer.get("slots")
    meant = understood(str(answer["intent"]), slots if isinstance(slots, dict) else {}) if answer.get("intent") else ""
    judged = "Earmark understood it right" if answer.get("value") == "right" else "Earmark understood it wrong"
    return f"{judged}: {meant[0].lower()}{meant[1:]}" if meant else judged


def used(of_yours: LabelOfYours) -> list[str]:
    """Say what a finding was used for, one line a data set."""
    return [
        f"Data set {use.dataset[:12]}, {_SIDES[use.side]}"
        + (f"; in models {', '.join(use.models)}" if use.models else "")
        + ("; not used any more" if use.revoked else "")
        for use in of_yours.used_in
    ]


@cache
def _environment() -> Environment:
    # The words that the pages use; imported late, because the pages offer this export.
    from earmark.web import render, wording

    made = Environment(
        loader=PackageLoader("earmark.export", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = (files("earmark.export") / "page.css").read_text()
    made.globals |= {
        "css": Markup(css),  # noqa: S704 - our own file
        "plural": render.plural,
        "understood": wording.understood,
        "heard": lambda h: wording.heard(h.role, h.site, render.long_day(h.day), h.purpose),
        "questions": {"wake": "was the wake word said?", "transcript": "what was said?", "understood": "understood?"},
        "started_by": started_by,
        "found": found,
        "used": used,
        "page_name": page_name,
        "kinds": _KINDS,
        "kept_names": _KEPT,
        "planes": _PLANES,
        "ways": receipts.ASKED | {"first-run": wording.HOWS["first-run"]},
        "wake_word": wording.wake_word,
    }
    made.filters |= {
        "clock_time": render.clock_time,
        "long_day": render.long_day,
        "seconds": render.seconds,
        "percent": render.percent,
        "iso_day": lambda text: render.long_day(datetime.fromisoformat(text)),
        "iso_time": lambda text: render.clock_time(datetime.fromisoformat(text)),
        "erased_name": render.erased_name,
    }
    return made


def page_name(number: int) -> str:
    """Pages lie beside each other, so that each finds the sound under the same name."""
    return "index.html" if number == 1 else f"index-{number}.html"


def page(
    entries: Sequence[Entry], *, number: int, more: bool, document: Document | None = None, total: int | None = None
) -> str:
    """Return one page of the history; the first has everything else too, and so takes the document.

    It is in English, whatever language the page has from which it was asked for.
    """
    from earmark.web.language import ENGLISH, speaking

    days = groupby(entries, key=lambda each: each.interaction.started_at.astimezone().date())
    shown = [(day, list(group)) for day, group in days]
    template = _environment().get_template("page.html")
    with speaking(ENGLISH):
        return template.render(days=shown, number=number, more=more, document=document, total=total)
