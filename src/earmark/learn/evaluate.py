"""Scores of a bundle on a labelled folder: the object that `earmark evaluate` prints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from earmark.assistant import Engine, Hypothesis, load_intent_model
from earmark.bundle import BUILTIN, ModelBundle
from earmark.device import WORDS, learned_words
from earmark.errors import BadAudio
from earmark.learn.bootstrap import rates
from earmark.learn.clips import Clip, Sentence, read_folder, read_sentences, usable, wake_word
from earmark.learn.hearing import Job, Progress, listen_to, quiet
from earmark.learn.noises import mixing
from earmark.learn.scoring import Guess, Outcome, Scores, outcome, sentence_outcome, summarise

Complaint = Callable[[str], None]
_SHARES = {"miss_rate": "wake.miss_rate", "false_accepted": "commands.false_accepted", "wer": "asr.wer"}
"""Numbers that are compared when models are judged, as the scores call them."""
_REVERSED = {
    "not_accepted": "commands.acceptance",
    "intent_errors": "nlu.intent_accuracy",
    "slot_errors": "nlu.slot_f1",
}
"""Those of which the scores hold the rest to 1."""


def evaluate(
    data: Path,
    bundle: ModelBundle = BUILTIN,
    *,
    noise: Path | None = None,
    snr: float | None = None,
    progress: Progress = quiet,
    complain: Complaint = lambda _: None,
    workers: int | None = None,
) -> Scores:
    """Return the scores of `measure`."""
    return summarise(measure(data, bundle, noise=noise, snr=snr, progress=progress, complain=complain, workers=workers))


def measure(
    data: Path,
    bundle: ModelBundle = BUILTIN,
    *,
    noise: Path | None = None,
    snr: float | None = None,
    progress: Progress = quiet,
    complain: Complaint = lambda _: None,
    workers: int | None = None,
) -> list[Outcome]:
    """Try a bundle on the parts that a folder holds: `commands/`, `wake/`, `other/`, `nlu/home.jsonl`.

    The wake word runs as in a device, over `wake/` and `other/`; every clip also goes through recognition and
    understanding as if the device had just woken. With `noise` (a sound file, or a name of `noises.MADE`) and `snr`
    (dB) each clip is mixed first, always with the same stretch of it. `complain` is told of files and lines that can't
    be used; they count for nothing.

    Raises BadManifest when the folder holds none of the parts, and what `mixing` raises.
    """
    found, bad_lines = read_folder(data)
    for line in bad_lines:
        complain(str(line.error))
    clips, bad_clips = usable(found)
    for clip, error in bad_clips:
        complain(f"{clip.id}: {error}")
    if found and not clips:
        raise BadAudio
    results: list[Outcome] = []
    if clips:
        results += outcomes(clips, bundle, noise=noise, snr=snr, progress=progress, workers=workers)
    path = data / "nlu" / "home.jsonl"
    if path.is_file():
        results += understood_sentences(read_sentences(path), bundle, progress=progress)
    return results


def intervals(outcomes: Sequence[Outcome]) -> dict[str, tuple[float, float]]:
    """Return the 95 % bootstrap interval over speakers of each score that is a share, named `part.field`.

    `commands.false_accepted` is a count among the scores; here it is the share of other speech.
    """
    found = rates(outcomes)
    shares = {field: found[name][1:] for name, field in _SHARES.items() if name in found}
    return shares | {
        field: (1.0 - found[name][2], 1.0 - found[name][1]) for name, field in _REVERSED.items() if name in found
    }


def outcomes(
    clips: Sequence[Clip],
    bundle: ModelBundle,
    *,
    noise: Path | None = None,
    snr: float | None = None,
    progress: Progress = quiet,
    workers: int | None = None,
) -> list[Outcome]:
    """Run every clip through device and assistant and say what came of it."""
    jobs = [Job(clip=clip, wake=clip.wake is not None or clip.part == "other", hear=True) for clip in clips]
    word = wake_word(clips, known=(*WORDS, *learned_words(bundle)))
    mixed = None if noise is None or snr is None else mixing(noise, snr, clips)
    results = listen_to(jobs, bundle=bundle, word=word, mixing=mixed, workers=workers, progress=progress)
    return [outcome(clip, result) for clip, result in zip(clips, results, strict=True)]


def understood_sentences(
    sentences: Sequence[Sentence], bundle: ModelBundle, *, progress: Progress = quiet
) -> list[Outcome]:
    """Judge written sentences by the bundle's intent model, or by the skills' templates where it has none.

    The templates know the skills' own intents only, so on another collection's intents they score near nothing.
    """
    model = load_intent_model(bundle)
    engine = None if model else Engine(bundle, size=1)
    found: list[Outcome] = []
    for done, sentence in enumerate(sentences, start=1):
        guess: Guess | None = None
        if model is not None:
            if predicted := model.predict(sentence.text):
                guess = predicted[0], predicted[1]
        elif engine is not None:
            said = Hypothesis(words=(), text=sentence.text, confidence=1.0, source="ngram")
            understood = engine.understand(said)
            if understood.accepted and understood.intent is not None:
                guess = understood.intent, list(understood.slots.items())
        found.append(sentence_outcome(sentence, guess))
        if not done % 100 or done == len(sentences):
            progress("understanding", done, len(sentences))
    return found
