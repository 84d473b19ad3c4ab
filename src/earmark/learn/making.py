"""Making a candidate: train each part on the people to learn from, try it on those held out, keep what is better.

CPU work without a database; callers run it in a thread. What it writes on the way lies in one drafts folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from earmark.assistant import Decision, Engine, encoder
from earmark.bundle import ModelBundle
from earmark.learn import compute, decision, waking
from earmark.learn.acoustics import Acoustics, render, train_networks
from earmark.learn.adapting import FEWEST as ADAPTED
from earmark.learn.adapting import SPOKEN, Spoken, spoken
from earmark.learn.attempt import Attempt, Files, Made, PartNote, files_of
from earmark.learn.clips import Clip, Sentence
from earmark.learn.datasets import Lesson
from earmark.learn.evaluate import understood_sentences
from earmark.learn.hearing import Job, Result, listen_to
from earmark.learn.language import Language
from earmark.learn.language import learn as learn_language
from earmark.learn.lessons import Taught, is_no_command, spoken_clips
from earmark.learn.parting import Halves, parted
from earmark.learn.promotion import Crossed, Verdict, judge
from earmark.learn.readings import enough, example, halves, heard_again, hearings, in_a_room, in_noise, parser
from earmark.learn.scoring import Outcome, outcome
from earmark.learn.steps import FILES, FILES_OR_WHY, Planned, as_json
from earmark.words import PcmAudio

_HELDOUT_SENTENCES = 13
"""Of 256: written sentences of which nobody is known to have said them are split by their own hash."""

_RESULTS = as_json(list[Result])
_HEARD_TODAY, _HEARD_ANEW = "listening with the models in use", "listening with what was learned"
_WORDS = "learning new words"
_ALIGNED, _TUNED, _SENTENCES = "aligning words with speech", "training the sentence encoder", "learning sentences"
_NETWORK = "training the acoustic network"
_PLAN: Mapping[str, Sequence[Planned]] = {
    "wake": waking.PLAN,
    "asr": (
        Planned(name=_HEARD_TODAY, seconds=100),
        Planned(name=_HEARD_TODAY, seconds=100),
        Planned(name=_WORDS, seconds=10),
        Planned(name=_ALIGNED, seconds=50),
        Planned(name=_NETWORK, seconds=230),
    ),
}
"""Steps that take long, with how long on two cores for 300 commands, from what one clip takes (docs/benchmarks.md);
where one is taken several times, it stands here as often. How often what was learned is heard shows on the way."""
_DECODED, _READ = 50, 12
"""Seconds for half of the clips to learn from, by decoders that have not heard them yet, or by a network alone."""
__all__ = ["Attempt", "Files", "Made", "PartNote", "about", "files_of", "make", "written_request"]


def make(attempt: Attempt, parts: Sequence[str]) -> Made:
    """Train and try the parts; the drafts folder is gone afterwards."""
    try:
        attempt.files = files_of(attempt.current)
        for part in parts:
            attempt.steps.plan(_PLAN[part] if part != "nlu" else _written_plan(attempt))
        with compute.pinned():
            waking.wake(attempt, learn="wake" in parts)
            _speech(attempt, learn="asr" in parts)
            _understanding(attempt, learn="nlu" in parts)
        return Made(
            files=attempt.files,
            changed=frozenset(attempt.changed),
            learned=frozenset(attempt.learned),
            notes=attempt.notes,
            before=attempt.before,
            after=attempt.after,
            verdict=_whole(attempt),
        )
    finally:
        shutil.rmtree(attempt.drafts, ignore_errors=True)


def _written_plan(attempt: Attempt) -> Sequence[Planned]:
    """Return the steps of understanding, which may read ten sentences or ten thousand."""
    from earmark.learn import tuning, understanding

    count = len(attempt.sentences) + sum(one.lesson.text is not None for one in attempt.taught)
    tuned = count >= understanding.TUNED_FROM and tuning.can_tune()
    return (
        Planned(name=_TUNED, seconds=0.055 * count if tuned else 0.1),
        Planned(name=_SENTENCES, seconds=5 + 0.015 * count),
    )


def _whole(attempt: Attempt) -> Verdict:
    """Judge the candidate as a whole; a part that passed on its own grounds counts unless something got worse."""
    verdict = judge(attempt.before, attempt.after, crossed=attempt.crossed)
    same = not verdict.worse and all(number.after <= number.before for number in verdict.numbers)
    if verdict.promote or not attempt.changed or not same:
        return verdict
    why = " ".join(note.why for note in attempt.notes if note.learned)
    return replace(verdict, promote=True, why=why)


def _speech(attempt: Attempt, *, learn: bool) -> None:
    parse = parser(Engine(attempt.current, size=1))
    clips = [(one.lesson.side, clip) for one in attempt.taught for clip in spoken_clips(one, parse)]
    # What is judged by is heard in another half of each noise than what is learned from.
    taught_in, judged_in = zip(*map(halves, attempt.noises), strict=True) if attempt.noises else ((), ())
    heldout = [clip for side, clip in clips if side == "heldout"]
    times = hearings(sum(clip.intent is not None for clip in heldout))
    heldout = [one for clip in heldout for one in in_noise(clip, judged_in, times=1 if clip.intent is None else times)]
    attempt.heldout = _hear(attempt, heldout, attempt.current)
    attempt.spoken_at = len(attempt.before)
    before = [outcome(clip, result) for clip, result in attempt.heldout]
    attempt.before += before
    attempt.after += before
    if not learn:
        return
    lessons = enough([clip for side, clip in clips if side == "train"])
    if taught_in:
        lessons = [one for clip in lessons for one in in_noise(clip, taught_in)]
    else:
        lessons = [in_a_room(clip) if index % 2 else clip for index, clip in enumerate(lessons)]
    train = [one for one in attempt.taught if one.lesson.side == "train"]
    parts = parted(train)
    lessons.sort(key=lambda clip: parts.of(clip.speaker, clip.id))
    # What has learned from these people can't be compared on them with what has not.
    today: list[tuple[Clip, Result]] = []
    if parts.apart and not any(name.startswith("asr/") for name in attempt.files):
        today = _hear(attempt, lessons, attempt.current)
    else:
        attempt.steps.leave_out(_HEARD_TODAY)
    language = _language(attempt, train)
    tries = _tries(attempt, train, taught_in, language)
    each = _READ if tries[0][0].networks and today and not language else _DECODED
    attempt.steps.plan([Planned(name=_HEARD_ANEW, seconds=each)] * 2 + [Planned(name=_HEARD_ANEW, seconds=_READ)])
    for acoustics, said in tries:
        files = {**acoustics.files(), **said.files()}
        heard = _heard_by_others(attempt, lessons, acoustics, said, parts)
        if _decided(attempt, files, heard, before, today, parts):
            return


def _tries(
    attempt: Attempt, train: Sequence[Taught], noises: Sequence[PcmAudio], language: Language
) -> list[tuple[Acoustics, Language]]:
    """Return what the recogniser may be made of, the most that was learned first and nothing last."""
    utterances = attempt.steps.take(
        _ALIGNED, lambda: spoken(train, progress=attempt.progress, workers=attempt.workers), SPOKEN
    )
    tries: list[tuple[Acoustics, Language]] = [(Acoustics(), Language())]
    if language:
        tries.insert(0, (Acoustics(), language))
    if len(utterances) >= ADAPTED:
        tries.insert(0, (Acoustics(utterances=utterances), language))
    if found := _networks(attempt, train, utterances, noises):
        tries.insert(0, (Acoustics(utterances=utterances, networks=found), language))
    return tries


def _networks(
    attempt: Attempt, train: Sequence[Taught], utterances: Sequence[Spoken], noises: Sequence[PcmAudio]
) -> Files:
    def networks() -> Files:
        rendered = render(utterances, train, noises=noises, progress=attempt.progress, workers=attempt.workers)
        return train_networks(rendered, workers=attempt.workers, progress=attempt.progress)

    return dict(attempt.steps.take(_NETWORK, networks, FILES))


def _language(attempt: Attempt, train: Sequence[Taught]) -> Language:
    """Learn what people say; nothing unless held-out people are heard better with it, all else being equal."""
    found = attempt.steps.take(_WORDS, lambda: learn_language(train, people=attempt.people, progress=attempt.progress))
    if not found:
        return found
    attempt.steps.plan([Planned(name=_HEARD_ANEW, seconds=2 * _DECODED)])
    clips, plain = [clip for clip, _ in attempt.heldout], attempt.heldout
    if any(name.startswith("asr/") for name in attempt.files):
        plain = _hear(attempt, clips, attempt.draft({}, anew="asr/"))
    told = _hear(attempt, clips, attempt.draft(found.files(), anew="asr/"))
    verdict = judge([outcome(*heard) for heard in plain], [outcome(*heard) for heard in told])
    if verdict.promote:
        return found
    attempt.skip("words", verdict.why, examples=len(found.utterances))
    return Language()


def _heard_by_others(
    attempt: Attempt, lessons: Sequence[Clip], acoustics: Acoustics, language: Language, parts: Halves
) -> list[tuple[Clip, Result]]:
    """Return how clips, the first half first, are heard by models that learned from the other half.

    Their own would sound better to them than any held-out person's, and the decision would become too strict.
    """
    if not acoustics.utterances and not language:
        return _hear(attempt, lessons, attempt.draft({}, anew="asr/"))
    heard: list[tuple[Clip, Result]] = []
    for half in (0, 1):
        taught = acoustics.files(without=half)
        clips = [clip for clip in lessons if parts.of(clip.speaker, clip.id) == half]
        heard += _hear(attempt, clips, attempt.draft({**taught, **language.files(without=half)}, anew="asr/"))
    return heard


def _decided(
    attempt: Attempt,
    files: Files,
    heard: Sequence[tuple[Clip, Result]],
    before: Sequence[Outcome],
    today: Sequence[tuple[Clip, Result]],
    parts: Halves,
) -> bool:
    """Learn a decision from what was heard, try it with the files on held-out people; tell whether it was kept.

    `today`: how the models in use hear the same clips; none where nobody who was learned from may judge.
    """
    draft = attempt.draft(files, anew="asr/")
    engine = Engine(draft, size=1)
    settled = Decision.load(draft)
    fitted, count = _fitted(engine, settled, heard)
    if fitted is not None:
        files = {**files, "asr/decision.json": json.dumps(fitted.to_json(), sort_keys=True).encode()}
        draft = attempt.draft(files, anew="asr/")
    if not files:
        why = "There are too few labelled commands, or too little other speech, to learn from."
        attempt.skip("asr", why, examples=count)
        return False
    again = _hear(attempt, [clip for clip, _ in attempt.heldout], draft)
    after = [outcome(clip, result) for clip, result in again]
    crossed = _crossed(engine, settled, heard, today, parts)
    if not attempt.keep("asr", files, judge(before, after, crossed=crossed), anew="asr/", examples=count):
        return False
    attempt.heldout = again
    attempt.after[attempt.spoken_at :] = after
    attempt.crossed = crossed
    return True


def _fitted(engine: Engine, settled: Decision, heard: Sequence[tuple[Clip, Result]]) -> tuple[Decision | None, int]:
    """Return what a decision learns from what was heard, nothing from too little, and from how many readings."""
    examples = [one for clip, result in heard if (one := example(engine, clip, result, settled.names))]
    others = sum(clip.intent is None for clip, _ in heard)
    unread = others - sum(not one.command for one in examples)
    return decision.fit(examples, prior=settled, unread=unread), len(examples)


def _crossed(
    engine: Engine,
    settled: Decision,
    heard: Sequence[tuple[Clip, Result]],
    today: Sequence[tuple[Clip, Result]],
    parts: Halves,
) -> Crossed:
    """Return what comes of the clips that were learned from, today and by models that only other people taught."""
    if not today:
        return (), ()
    half = [parts.of(clip.speaker, clip.id) for clip, _ in heard]
    decisions: list[Decision] = []
    for one in (0, 1):
        others = [pair for pair, side in zip(heard, half, strict=True) if side != one]
        decisions.append(_fitted(engine, settled, others)[0] or settled)
    after = [
        outcome(clip, heard_again(engine, decisions[side], result))
        for (clip, result), side in zip(heard, half, strict=True)
    ]
    return [outcome(clip, result) for clip, result in today], after


def _hear(attempt: Attempt, clips: Sequence[Clip], bundle: ModelBundle) -> list[tuple[Clip, Result]]:
    def listen(jobs: Sequence[Job]) -> list[Result]:
        told = {"progress": attempt.progress, "what": name}
        return attempt.steps.take(
            name, lambda: listen_to(jobs, bundle=bundle, workers=attempt.workers, **told), _RESULTS
        )

    name = _HEARD_TODAY if bundle is attempt.current else _HEARD_ANEW
    return list(zip(clips, attempt.decoded.hear(clips, bundle, listen), strict=True))


def _understanding(attempt: Attempt, *, learn: bool) -> None:
    engine = Engine(attempt.current, size=1)
    written = [(one.lesson.side, found) for one in attempt.taught if (found := written_request(one.lesson, engine))]
    written += [("heldout" if _rank(one) < _HELDOUT_SENTENCES else "train", one) for one in attempt.sentences]
    train = [one for side, one in written if side == "train"]
    # Speech that is no command teaches what to refuse; there is no intent to judge it by.
    heldout = [one for side, one in written if side == "heldout" and one.intent]
    before = understood_sentences(heldout, attempt.current, progress=attempt.progress) if heldout else []
    attempt.before += before
    attempt.after += before
    if not learn:
        return
    from earmark.learn import understanding  # scikit-learn takes a second to load: only who trains needs it

    why = f"There are too few written sentences with an intent: it takes {understanding.FEWEST}."
    tuned = attempt.steps.take(_TUNED, lambda: understanding.tune(train, note=attempt.progress), FILES)
    files = attempt.steps.take(
        _SENTENCES,
        lambda: understanding.train(train, encoder=encoder.load(), tuned=tuned, note=attempt.progress) or why,
        FILES_OR_WHY,
    )
    if isinstance(files, str):
        attempt.skip("nlu", files, examples=len(train))
        return
    draft = attempt.draft(files, anew="nlu/")
    candidate, settled = Engine(draft, size=1), Decision.load(draft)
    after = understood_sentences(heldout, draft, progress=attempt.progress)
    # What is spoken may be understood otherwise too: no command may get worse, no other speech become one.
    spoken = [outcome(clip, heard_again(candidate, settled, result)) for clip, result in attempt.heldout]
    now = [outcome(clip, result) for clip, result in attempt.heldout]
    if attempt.keep("nlu", files, judge([*now, *before], [*spoken, *after]), anew="nlu/", examples=len(train)):
        attempt.after[len(attempt.after) - len(before) :] = after
        attempt.after[attempt.spoken_at : attempt.spoken_at + len(spoken)] = spoken


def written_request(lesson: Lesson, engine: Engine) -> Sentence | None:
    """Return a transcript with what it means; its intent is empty where it asks for nothing. None when unknown."""
    if not lesson.text or "[" in lesson.text:
        return None
    if lesson.intent is not None:
        return Sentence(text=lesson.text, intent=lesson.intent, slots=tuple(lesson.slots.items()))
    return Sentence(text=lesson.text, intent="") if is_no_command(lesson, parser(engine)) else None


def _rank(sentence: Sentence) -> int:
    return hashlib.sha256(sentence.text.encode()).digest()[0]


def about(made: Made, **known: Any) -> dict[str, Any]:
    """Return the manifest of a candidate: lineage given by the caller, and how it did."""
    return {
        **known,
        "changed": sorted(made.changed),
        "notes": [{"part": note.part, "learned": note.learned, "why": note.why} for note in made.notes],
        "verdict": made.verdict.why,
        **({"crossed": made.verdict.crossed} if made.verdict.crossed else {}),
        "slices": [one.to_json() for one in made.verdict.slices],
        "numbers": [asdict(number) for number in made.verdict.numbers],
    }
