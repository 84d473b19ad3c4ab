"""The model card: where a bundle comes from, what it cost, how it did for whom, and what it can't do. Pure.

Everything stands in the signed manifest; what a manifest does not say is called unknown and never guessed. The outline
follows Mitchell and others, *Model Cards for Model Reporting*, 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from earmark.bundle import BUILTIN
from earmark.learn.numbers import NUMBERS
from earmark.learn.registry import Model

UNKNOWN = "unknown"
PARTS = {"wake/": "wake word", "asr/": "recogniser", "nlu/": "understanding"}
_PLAIN = {number.name: number.plain for number in NUMBERS}
STATES = {"promoted": "in use", "candidate": "candidate", "refused": "refused", "retired": "retired"}
LIMITS = (
    "It understands English, and the sentences of the skills that are installed; other languages were never tried.",
    "It was learned from, and judged on, people who allowed review. Those who did not may sound otherwise.",
    "Intervals come from resampling the people who judged it. Where there are few of them, they are wide, and small "
    "harm to a small group can hide in them.",
    "Speech far away, through a wall, over loud music or from several people at once is rare among its labels.",
    "A child's voice was never learned from: children's recordings are not reviewed.",
)
"""What holds for every bundle made here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One number on held-out people before and after."""

    slice: str
    """`everybody`, or for which part of them."""
    plain: str
    n: int | None
    """Clips that it rests on."""
    before: float | None
    after: float | None
    low: float | None
    """Lower end of the change's 95 % interval."""
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A model card; a field that is None is unknown."""

    version: str
    """Of the SHA-256 of the signed manifest, which holds those of all files."""
    state: str
    made: str
    """ISO 8601."""
    signed: bool | None
    """Whether signature and files were found as they were signed; None: its files are gone."""
    parts: tuple[str, ...]
    """What it holds."""
    changed: tuple[str, ...] | None
    """Which parts were learned anew; the others come from its parent."""
    parent: str | None
    dataset: str | None
    datasets: tuple[str, ...]
    """Every dataset version that any part of it was learned from."""
    labels: int | None
    people: Mapping[str, int] | None
    """By side: `train` learned from, `heldout` only to judge."""
    questions: Mapping[str, int] | None
    """How many labels by what people were asked."""
    listenings: int | None
    """How often people heard the recordings that it was learned from."""
    listening_hours: float | None
    """How long these listenings were."""
    why: str | None
    """The decision in plain words."""
    numbers: tuple[Compared, ...]
    slices: tuple[Compared, ...]
    scores: Mapping[str, Any] | None
    """As `earmark evaluate` counts, before and after."""
    limits: tuple[str, ...]
    files: Mapping[str, str]
    """Name → SHA-256."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def card(model: Model, *, signed: bool | None) -> Card:
    """Return the card of a bundle. `signed`: whether it still is what was signed; None when its files are gone."""
    said = model.manifest
    files = said.get("files") or {}
    cost = said.get("cost") or {}
    people = said.get("people")
    return Card(
        version=model.version,
        state=STATES[model.state],
        made=model.made_at.isoformat(timespec="seconds"),
        signed=signed,
        parts=tuple(plain for start, plain in PARTS.items() if any(name.startswith(start) for name in files)),
        changed=tuple(said["changed"]) if "changed" in said else None,
        parent=model.parent,
        dataset=model.dataset,
        datasets=tuple(sorted({*(said.get("datasets") or {}).values(), model.dataset} - {None})),
        labels=said.get("labels"),
        people=people,
        questions=said.get("questions"),
        listenings=cost.get("listenings"),
        listening_hours=cost.get("listening_hours"),
        why=said.get("verdict"),
        numbers=tuple(_compared("everybody", each) for each in said.get("numbers") or ()),
        slices=tuple(_compared(_slice(each), each) for each in said.get("slices") or ()),
        scores=said.get("scores"),
        limits=(*_limits(said, people), *LIMITS),
        files=files,
    )


def _slice(each: Mapping[str, Any]) -> str:
    return f"{each['kind']}: {each['slice']}" if each.get("kind") else str(each["slice"])


def _compared(slice_: str, each: Mapping[str, Any]) -> Compared:
    return Compared(
        slice=slice_,
        plain=str(each.get("plain") or _PLAIN.get(name := each.get("number") or each.get("name") or "", name)),
        n=each.get("n"),
        before=each.get("before"),
        after=each.get("after"),
        low=each.get("low"),
        high=each.get("high"),
    )


def _limits(said: Mapping[str, Any], people: Mapping[str, int] | None) -> list[str]:
    """Return what this bundle's own manifest gives reason to doubt."""
    found = [
        f"“{word.replace('_', ' ')}” was learned from {from_['recordings']} recordings of {from_['people']} people and "
        "synthetic voices: who sounds unlike them may have to call twice."
        for word, from_ in (said.get("wake_words") or {}).items()
    ]
    if people is None:
        found.append("How many people it was learned from and judged by is unknown.")
    elif people.get("heldout", 0) < 10:
        few = people.get("heldout", 0)
        found.append(f"Only {few} {'person' if few == 1 else 'people'} it never heard judged it.")
    if crossed := said.get("crossed"):
        found.append(
            f"{crossed} of the people in its numbers were learned from. They were heard by models of its kind that "
            "about half of the others had taught, not by this one."
        )
    if count := said.get("sentences"):
        found.append(
            f"It learned from {count:,} written sentences of a folder as well. Who wrote them is unknown: a twentieth, "
            "chosen by chance, was kept to judge it by."
        )
    if not said.get("slices"):
        found.append("How it does for parts of people (device, accent, noise) was not written down.")
    elif weak := [_slice(each) for each in said["slices"] if (each.get("n") or 0) < 30]:
        found.append(f"Fewer than 30 clips speak for {', '.join(sorted(set(weak)))}.")
    return found


def markdown(card: Card) -> str:
    """Return a card as a Markdown page."""
    lines = [f"# Model {card.version}", "", f"{_sentence(card)}", ""]
    lines += ["## Where it comes from", ""]
    lines += _facts(
        ("State", card.state),
        ("Made", card.made),
        ("Signature", _signature(card.signed)),
        ("Holds", _list(card.parts)),
        ("Learned anew", _list(card.changed)),
        ("Made from", card.parent),
        ("Datasets", _list(card.datasets)),
    )
    lines += ["", "## Data", ""]
    lines += _facts(
        ("Labels", card.labels),
        ("People learned from", _of(card.people, "train")),
        ("People only to judge by", _of(card.people, "heldout")),
        ("Questions", _list([f"{name} {n}" for name, n in sorted((card.questions or {}).items())] or None)),
    )
    lines += ["", "## Cost", ""]
    lines += _facts(
        ("Listenings of people", card.listenings),
        ("Hours of listening", card.listening_hours),
    )
    lines += ["", "## On people it never heard", "", card.why or f"The decision is {UNKNOWN}.", ""]
    lines += _table(card.numbers)
    lines += ["", "## Slices", ""]
    lines += _table(card.slices)
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in card.limits)]
    lines += ["", "## Files", "", "| file | SHA-256 |", "|---|---|"]
    lines += [f"| `{name}` | `{digest}` |" for name, digest in sorted(card.files.items())]
    return "\n".join(lines) + "\n"


def _sentence(card: Card) -> str:
    held = _list(card.parts)
    came = f"made from {card.parent}" if card.parent else "whose parent is unknown"
    parent = "made from the models that Earmark came with" if card.parent == BUILTIN.version else came
    return f"A bundle ({held}), {parent}. It is {card.state}."


def _signature(signed: bool | None) -> str:
    return {True: "fits, and so do all files", False: "does not fit", None: "not checked: its files are gone"}[signed]


def _facts(*pairs: tuple[str, object]) -> list[str]:
    return [f"- {name}: {UNKNOWN if value is None or value == '' else value}" for name, value in pairs]


def _list(values: Sequence[str] | None) -> str:
    return UNKNOWN if values is None else ", ".join(values) or "none"


def _of(people: Mapping[str, int] | None, side: str) -> int | None:
    return None if people is None else people.get(side)


def _table(rows: Sequence[Compared]) -> list[str]:
    if not rows:
        return [f"{UNKNOWN.capitalize()}: the manifest does not say."]
    lines = ["| | what | clips | before | after | change, 95 % |", "|---|---|---|---|---|---|"]
    for row in rows:
        change = "–" if row.low is None or row.high is None else f"{row.low:+.1%} to {row.high:+.1%}"
        lines.append(
            f"| {row.slice} | {row.plain} | {'–' if row.n is None else row.n} | {share(row.before)} |"
            f" {share(row.after)} | {change} |"
        )
    return lines


def share(value: float | None) -> str:
    """Return a share as people read it: `12.5%`."""
    return "–" if value is None else f"{value:.1%}"
