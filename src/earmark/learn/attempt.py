"""One attempt at a better bundle: what it starts from, what it has come to, and where it may write."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle as bundles
from earmark.bundle import ModelBundle
from earmark.learn.clips import Clip, Sentence
from earmark.learn.code_version import code_version
from earmark.learn.decoded import Decoded
from earmark.learn.hearing import Progress, Result
from earmark.learn.language import PEOPLE
from earmark.learn.lessons import Taught
from earmark.learn.promotion import Crossed, Verdict
from earmark.learn.scoring import Outcome
from earmark.learn.steps import Steps
from earmark.learn.wake_windows import COST_OF_A_MISS
from earmark.words import PcmAudio

Files = dict[str, bytes]
NO_INPUTS = frozenset(
    (
        *(
            "current",
            "taught",
            "sentences",
            "noises",
            "drafts",
            "key",
            "progress",
            "workers",
            "steps",
            "decoded",
            "files",
        ),
        *("decoded", "files", "notes", "before", "after", "changed", "learned", "heldout", "spoken_at", "crossed"),
    )
)
"""Fields of an attempt that do not stand among its inputs as they are: where and how it runs, and what comes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartNote:
    """What became of one part."""

    part: str
    """`wake`, `asr`, `words` (of asr, when they were left out) or `nlu`."""
    learned: bool
    """True when the candidate holds it anew."""
    why: str
    """In plain words."""
    examples: int
    """What it could learn from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A candidate's files, and how it did."""

    files: Files
    """Everything the bundle would hold, unchanged parts included."""
    changed: frozenset[str]
    """Parts that were learned anew and kept."""
    learned: frozenset[str]
    """Names of their files."""
    notes: Sequence[PartNote]
    before: Sequence[Outcome]
    """Of the held-out clips with the bundle in use."""
    after: Sequence[Outcome]
    """Of the same clips with the candidate."""
    verdict: Verdict


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One run: what it starts from, and where it may write."""

    current: ModelBundle
    taught: Sequence[Taught]
    drafts: Path
    key: Ed25519PrivateKey
    progress: Progress
    sentences: Sequence[Sentence] = ()
    """Written requests to learn understanding from, besides the labels."""
    noises: Sequence[PcmAudio] = ()
    """Recordings of noise that commands may be heard in, besides the home's own quiet moments."""
    workers: int | None = None
    """Processes of this machine; None: as `compute.map` chooses."""
    steps: Steps = field(default_factory=Steps)
    """What takes long is a step of it: shown, and found again after a killed process."""
    decoded: Decoded = field(default_factory=Decoded)
    cost_of_a_miss: float = COST_OF_A_MISS
    """A missed wake counts as much as so many false ones."""
    device_secret: bytes = b""
    """Gives devices their opaque names in a bundle."""
    people: int = PEOPLE
    """How many different ones must have said what is written into a bundle as words."""
    files: Files = field(default_factory=dict)
    notes: list[PartNote] = field(default_factory=list)
    before: list[Outcome] = field(default_factory=list)
    after: list[Outcome] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    learned: set[str] = field(default_factory=set)
    heldout: list[tuple[Clip, Result]] = field(default_factory=list)
    """Held-out utterances, as the candidate's recogniser hears them."""
    spoken_at: int = 0
    """Where their outcomes begin in `before` and `after`."""
    crossed: Crossed = ((), ())
    """Of people who were learned from, as `promotion.judge` takes it; nobody unless the recogniser was kept."""

    def inputs(self) -> dict[str, Any]:
        """Return everything that decides about what comes of it, as JSON: the same inputs, the same candidate."""
        taught = [[str(one.interaction.id), repr(one.lesson)] for one in self.taught]
        names = [each.name for each in fields(self) if each.name not in NO_INPUTS]
        plain = {name: getattr(self, name) for name in names}
        return {
            **{name: value.hex() if isinstance(value, bytes) else value for name, value in plain.items()},
            "current": self.current.version,
            "taught": hashlib.sha256(json.dumps(taught).encode()).hexdigest(),
            "noises": [hashlib.sha256(noise.pcm).hexdigest() for noise in self.noises],
            "sentences": hashlib.sha256(repr(tuple(self.sentences)).encode()).hexdigest(),
            "code": code_version(),
        }

    def draft(self, files: Mapping[str, bytes], *, anew: str | tuple[str, ...]) -> ModelBundle:
        """Write files as a bundle that nobody else sees; of what begins with `anew` it holds nothing older."""
        about = {"draft": secrets.token_hex(8)}
        return bundles.write(self.drafts, files={**self._without(anew), **files}, about=about, key=self.key)

    def _without(self, anew: str | tuple[str, ...]) -> Files:
        # A part is learned as a whole: what an older run left of it rests on labels that may be gone.
        return {name: data for name, data in self.files.items() if not name.startswith(anew)}

    def keep(
        self, part: str, files: Mapping[str, bytes], verdict: Verdict, *, anew: str | tuple[str, ...], examples: int
    ) -> bool:
        """Take a part into the candidate when the held-out people are better off with it."""
        if verdict.promote:
            self.files = {**self._without(anew), **files}
            self.changed.add(part)
            self.learned.update(files)
        self.notes.append(PartNote(part=part, learned=verdict.promote, why=verdict.why, examples=examples))
        return verdict.promote

    def skip(self, part: str, why: str, *, examples: int) -> None:
        self.notes.append(PartNote(part=part, learned=False, why=why, examples=examples))


def files_of(bundle: ModelBundle) -> Files:
    """Return a bundle's files, from which a candidate's unchanged parts are taken."""
    return {name: bundle.read(name) or b"" for name in bundle.manifest.get("files", {})}
