"""What the vault keeps of one exchange."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

from earmark.words import DeviceId, InteractionId, PcmAudio, PersonId, Seconds

Kind = Literal["command", "question", "message", "privacy", "refused", "false_wake"]
"""`refused`: started on purpose and not understood. `false_wake`: a device woke, and most likely nobody had called."""

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""The end of what is kept until its owner deletes it."""
UNSURE = 0.6
"""Below this confidence a word is marked for its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word as the recogniser heard it."""

    text: str
    start: Seconds
    """From the start of the recording."""
    end: Seconds
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything spoken and everything made of it; only ever stored sealed."""

    text: str = ""
    """What was heard."""
    words: tuple[Word, ...] = ()
    """With times; empty when the recogniser gave none, and then no clip of it leaves the airlock."""
    intent: str | None = None
    slots: dict[str, str] = field(default_factory=dict)
    reply: str = ""
    template: str = ""
    """The sentence template that matched: the *why* of an answer."""
    confidence: float = 0.0
    """Of the whole utterance, 0 to 1."""
    accepted: bool = False
    """False: refused, it was no command."""
    source: str = ""
    """Which recogniser answered: grammar, ngram, import."""
    reason: str = ""
    """Why it was refused, in the recogniser's terms."""
    doubt: float | None = None
    """How unsure the assistant was of it, 0 to 1: two readings disagreed, its confidence was near the threshold. None
    when there was nothing to compare."""
    corrected: str | None = None
    """What was really said, in its owner's words; None when its owner corrected nothing."""

    @property
    def said(self) -> str:
        """What was said, as far as anybody knows: its owner knows best."""
        return self.text if self.corrected is None else self.corrected

    @property
    def heard(self) -> list[tuple[str, float | None]]:
        """What was heard, word by word where the recogniser gave words; with its confidence where that is low."""
        if self.words and [word.text for word in self.words] == self.text.split():
            return [(word.text, word.confidence if word.confidence < UNSURE else None) for word in self.words]
        return [(self.text, None)] if self.text else []

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(value: dict[str, Any]) -> Content:
        words = tuple(Word(**word) for word in value.pop("words", ()))
        return Content(**value, words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """What woke the device."""

    word: str
    score: float
    """Stage 1, 0 to 1."""
    verifier_score: float | None = None
    """The learned verifier's, 0 to 1; None where there is none."""
    start: Seconds
    """Where the wake word begins in the recording."""
    end: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInteraction:
    """An exchange that is to be kept."""

    person_id: PersonId
    device_id: DeviceId | None = None
    started_at: datetime
    kind: Kind
    audio: PcmAudio
    wake: Wake | None = None
    """None for what was typed, imported, or started by a tap."""
    bundle: str = "builtin"
    content: Content = field(default_factory=Content)
    import_of: bytes | None = None
    """SHA-256 of the imported file; None otherwise."""
    id: InteractionId | None = None
    """Given when it had to be known before; drawn otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """An exchange as it is kept. Of a false wake that was not donated there is the time and what woke, nothing else."""

    id: InteractionId
    person_id: PersonId
    device_id: DeviceId | None
    started_at: datetime
    expires_at: datetime
    kind: Kind
    duration: Seconds
    wake: Wake | None
    bundle: str
    content: Content
    """Empty where nothing was kept."""
    has_sound: bool = True
    called: bool | None = None
    """Whether somebody had called, in its owner's or the reviewers' word; None: nobody was asked."""
    guest: bool = False
    """Said while a guest was there: nobody reviews it."""
    grant_id: int | None = None
    """The number of the word that allowed keeping it."""

    def to_json(self) -> dict[str, Any]:
        """Return it as the API and `earmark history --json` give it."""
        wake = self.wake
        return {
            "id": str(self.id),
            "at": self.started_at.isoformat(),
            "device": str(self.device_id) if self.device_id else None,
            "kind": self.kind,
            "seconds": round(self.duration, 3),
            "has_sound": self.has_sound,
            "called": self.called,
            "guest": self.guest,
            "wake": {"word": wake.word, "score": wake.score, "verifier_score": wake.verifier_score} if wake else None,
            "models": self.bundle,
            "deletes_itself": self.expires_at.isoformat() if self.expires_at < NEVER else None,
            **self.content.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Somebody listened."""

    role: str
    site: str
    day: date
    purpose: str
