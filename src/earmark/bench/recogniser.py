"""`earmark bench recogniser --data DIR`: a whole run of `earmark learn asr` on half the speakers, judged on the others.

Both ways round. Every second speaker of `commands/`, and every second of the other words in `wake/` and `other/`, is
learned from; the run holds some of them out to judge by itself, as always. It knows the first half of
`noise/kitchen.flac`; the others are judged in the second half, and in noise that is made up (`learn.noises`): the crowd
is one of their own half. The packaged models hear the same, and they alone where the run kept nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import audio, bundle
from earmark.bench.learn import split
from earmark.bundle import BUILTIN, ModelBundle
from earmark.device import WORDS
from earmark.errors import BadRequest
from earmark.learn.attempt import Attempt, Made
from earmark.learn.clips import Clip, read_folder, usable, wake_word
from earmark.learn.corpus import side_of, taught_by
from earmark.learn.decoded import Decoded
from earmark.learn.hearing import listen_to, quiet
from earmark.learn.making import make
from earmark.learn.noises import MADE, Mixing, mixing
from earmark.learn.readings import halves
from earmark.learn.scoring import outcome, summarise
from earmark.supervisor import Progress
from earmark.words import PcmAudio

KITCHEN_AT = (24.0, 18.0, 12.0, 6.0)
"""dB of the order over the noise."""
OTHERS_AT = 12.0
"""At which other words must not become a command."""
MADE_UP_AT = (12.0, 6.0)


def run(note: Progress, data: Path, *, light: bool = False) -> list[dict[str, Any]]:
    """Return rows: what each run learned from and how long it took, then what models make of each noise.

    `light`: one way round. Raises BadRequest when the folder has no labelled orders or no kitchen noise.
    """
    noise = data / "noise" / "kitchen.flac"
    clips = usable(read_folder(data)[0])[0]
    orders = [clip for clip in clips if clip.part == "commands" and clip.intent]
    if not orders or not noise.is_file():
        raise BadRequest(why="`earmark bench recogniser` needs labelled orders in commands/ and noise/kitchen.flac.")
    others = [clip for clip in clips if clip.intent is None and not clip.wake]
    one, other = ([*some, *words] for some, words in zip(split(orders), split(others), strict=True))
    first, second = halves(audio.read(noise, longest=24 * 3600))
    rows: list[dict[str, Any]] = []
    for way, (learned, judged) in enumerate([(one, other), (other, one)][: 1 if light else 2], start=1):
        with tempfile.TemporaryDirectory() as folder:
            note(f"learning from {len(learned)} clips")
            began = time.monotonic()
            models, made = learn(learned, first, Path(folder))
            took = time.monotonic() - began
            sides = [side_of(clip.speaker) for clip in learned if clip.intent]
            counts = {"learned_from": sides.count("train"), "held_out": sides.count("heldout")}
            why = [note.why for note in made.notes]
            rows.append({"way": way, "seconds": round(took, 1), **counts, "kept": made.verdict.promote, "why": why})
            decoded = Decoded()  # both kinds of models hear the same: what has been decoded is only read again
            # Where nothing was kept the learned models are the packaged ones.
            for name, heard_by in (("packaged", BUILTIN), ("learned", models))[: 2 if made.files else 1]:
                note(f"hearing the other half with the {name} models")
                rows += [{"way": way, "models": name, **row} for row in judge(judged, heard_by, second, decoded)]
    return rows


def learn(clips: Sequence[Clip], noise: PcmAudio, folder: Path) -> tuple[ModelBundle, Made]:
    """Make what `earmark learn asr` would of a folder of these clips; the packaged models where it keeps nothing."""
    word, key = wake_word(clips, known=WORDS), Ed25519PrivateKey.generate()
    attempt = Attempt(
        current=BUILTIN,
        taught=[taught_by(clip, word) for clip in sorted(clips, key=lambda clip: clip.id)],
        noises=[noise],
        drafts=folder / "drafts",
        key=key,
        progress=quiet,
    )
    made = make(attempt, ["asr"])
    return (bundle.write(folder, files=made.files, about={}, key=key) if made.files else BUILTIN), made


def judge(clips: Sequence[Clip], models: ModelBundle, kitchen: PcmAudio, decoded: Decoded) -> list[dict[str, Any]]:
    """Return a row for each noise: orders accepted and, in the kitchen at `OTHERS_AT`, other words taken for one."""
    orders = [clip for clip in clips if clip.intent]
    rows: list[dict[str, Any]] = []
    mixed = [("kitchen", Mixing(noise=kitchen, snr=snr)) for snr in KITCHEN_AT]
    mixed += [(f"{name}, made up", mixing(Path(name), snr, orders)) for name in MADE for snr in MADE_UP_AT]
    for name, noise in mixed:
        heard = clips if name == "kitchen" and noise.snr == OTHERS_AT else orders
        heard = [replace(clip, source=noise.apply(clip, clip.sound())) for clip in heard]
        results = decoded.hear(heard, models, partial(listen_to, bundle=models))
        found = summarise([outcome(clip, result) for clip, result in zip(heard, results, strict=True)])["commands"]
        row: dict[str, Any] = {"noise": name, "snr": noise.snr, "orders": found["n"], "accepted": found["accepted"]}
        row["strict"] = round(found["strict"] * found["n"])
        rows.append(row | ({"others": found["n_other"], "taken": found["false_accepted"]} if found["n_other"] else {}))
    return rows
