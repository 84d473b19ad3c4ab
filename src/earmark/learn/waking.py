"""The wake word's part of a candidate: train each word, try it on those held out, keep what is better."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from earmark.bundle import ModelBundle, own_name
from earmark.device import WORDS, learned_words
from earmark.learn.attempt import Attempt, Files, PartNote
from earmark.learn.clips import Clip
from earmark.learn.corpus import is_of_a_folder
from earmark.learn.hearing import Job, listen_to
from earmark.learn.lessons import Taught, wake_clip
from earmark.learn.new_words_again import judged_by, learn_again
from earmark.learn.promotion import Verdict, judge
from earmark.learn.scoring import Outcome, outcome
from earmark.learn.steps import FILES_OR_WHY, Planned, as_json

_FEW_FALSE_WAKES = 10
_MORE_MISSED = 0.01
_OUTCOMES = as_json(list[Outcome])
_WOKEN_TODAY, _WOKEN_ANEW = "waking with the models in use", "waking with what was learned"
_VERIFIER = "training the wake word"
PLAN = (
    Planned(name=_WOKEN_TODAY, seconds=5),
    Planned(name=_VERIFIER, seconds=290),
    Planned(name=_WOKEN_ANEW, seconds=5),
)
"""Steps of one word that take long, as in `making`."""


def wake(attempt: Attempt, *, learn: bool) -> None:
    """Try each wake word on held-out people, after learning it where `learn` says so: the packaged words' verifiers,
    and the words that were learned here."""
    learned = learned_words(attempt.current)
    by_word: dict[str, list[tuple[Taught, Clip]]] = {}
    for taught in attempt.taught:
        clip = wake_clip(taught)
        if clip is not None and clip.keyword in (*WORDS, *learned):
            by_word.setdefault(clip.keyword, []).append((taught, clip))
    if learn:
        attempt.steps.plan([step for _ in list(by_word)[1:] for step in PLAN])
    for word, pairs in sorted(by_word.items()):
        if word in learned:
            heldout, trainer = _judges(attempt, word, pairs), _learned_again(attempt, word)
        else:
            heldout = [clip for taught, clip in pairs if taught.lesson.side == "heldout"]
            trainer = _verifier(attempt, word, [taught for taught, _ in pairs if taught.lesson.side == "train"])
        before = _listen(attempt, heldout, attempt.current, word)
        after = _learn_word(attempt, word, trainer, heldout, before) if learn else before
        attempt.before += before
        attempt.after += after
    if learn and not by_word:
        attempt.skip("wake", "Nobody has judged a wake yet.", examples=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """What learns one word."""

    train: Callable[[], Files | str]
    """Returns the files, `@` in the name of a device's own; or why there are none."""
    examples: int


def _verifier(attempt: Attempt, word: str, train: Sequence[Taught]) -> Trainer:
    def verifier() -> Files | str:
        from earmark.learn.wake import learn_word  # scikit-learn takes a second to load: only who trains needs it

        found = learn_word(
            word,
            train,
            device_name=lambda taught: _device(attempt, taught),
            cost_of_a_miss=attempt.cost_of_a_miss,
            progress=attempt.progress,
        )
        if isinstance(found, str):
            return found
        own = {name: data for one in found.own for name, data in one.files.items()}
        return {**found.files, **own}

    return Trainer(train=verifier, examples=len(train))


def _judges(attempt: Attempt, word: str, pairs: Sequence[tuple[Taught, Clip]]) -> list[Clip]:
    """Return what a learned word is judged by: held-out people's calls, false wakes and other speech."""
    # What `earmark wake add` learned knows every voice of its folder: these can't say how it hears strangers.
    known = word in (attempt.current.manifest.get("wake_words") or {})

    def strange(one: Taught) -> bool:
        return one.lesson.side == "heldout" and not (known and is_of_a_folder(one))

    calls = [clip for taught, clip in pairs if strange(taught)]
    return calls + judged_by(word, [one for one in attempt.taught if strange(one)])


def _learned_again(attempt: Attempt, word: str) -> Trainer:
    train = [one for one in attempt.taught if one.lesson.side == "train"]
    settings = {"cost_of_a_miss": attempt.cost_of_a_miss, "progress": attempt.progress}
    count = sum(one.interaction.wake is not None and one.interaction.wake.word == word for one in train)
    return Trainer(train=lambda: learn_again(word, train, **settings), examples=count)


def _learn_word(
    attempt: Attempt, word: str, trainer: Trainer, heldout: Sequence[Clip], before: list[Outcome]
) -> list[Outcome]:
    learned = attempt.steps.take(_VERIFIER, trainer.train, FILES_OR_WHY)
    if isinstance(learned, str):
        attempt.skip("wake", learned, examples=trainer.examples)
        return before
    anew = (f"wake/{word}.", f"wake/{word}@")
    files = {name: data for name, data in learned.items() if "@" not in name}
    after = _listen(attempt, heldout, attempt.draft(files, anew=anew), word)
    verdict = left_out(judge(before, after), json.loads(files[f"wake/{word}.json"]))
    kept = attempt.keep("wake", learned, verdict, anew=anew, examples=trainer.examples)
    if kept and (count := len({name.rpartition(".")[0] for name in learned.keys() - files.keys()})):
        whose = "devices get a verifier of their own" if count > 1 else "device gets a verifier of its own"
        why = f"{count} {whose}, which judges recordings of that device better."
        attempt.notes.append(PartNote(part="wake", learned=True, why=why, examples=trainer.examples))
    return after if kept else before


def _device(attempt: Attempt, taught: Taught) -> str | None:
    device = taught.interaction.device_id
    return own_name(attempt.device_secret, device) if device is not None and attempt.device_secret else None


def left_out(verdict: Verdict, about: Mapping[str, Any]) -> Verdict:
    """Let a verifier pass on the speakers left out of its training, where held-out people had few false wakes.

    False wakes are rare: the held-out side may have two, and they can't show a change either way. The folds never
    shared a speaker or a phrase. What is worse on held-out people does not pass.
    """
    unseen, today = about.get("unseen") or {}, about.get("without") or {}
    missed, passed = unseen.get("miss_rate", 1.0), unseen.get("false_wakes_passed", 1.0)
    missed_today, passed_today = today.get("miss_rate", 0.0), today.get("false_wakes_passed", 0.0)
    same = not verdict.worse and all(number.after == number.before for number in verdict.numbers)
    few = sum(number.n for number in verdict.numbers if number.name == "false_wakes") < _FEW_FALSE_WAKES
    better = passed <= passed_today / 2 and missed <= missed_today + _MORE_MISSED
    if verdict.promote or not verdict.numbers or not (same and few and better):
        return verdict
    why = (
        f"It is better on speakers left out of its training: {passed:.0%} of false wakes come through instead of "
        f"{passed_today:.0%}, and {missed:.1%} of calls are missed instead of {missed_today:.1%}; held-out people "
        "had too few false wakes to show it, and are no worse off."
    )
    return replace(verdict, promote=True, why=why)


def _listen(attempt: Attempt, clips: Sequence[Clip], bundle: ModelBundle, word: str) -> list[Outcome]:
    def woken() -> list[Outcome]:
        jobs = [Job(clip=clip, wake=True, hear=False) for clip in clips]
        results = listen_to(
            jobs, bundle=bundle, word=word, workers=attempt.workers, progress=attempt.progress, what=name
        )
        return [outcome(clip, result) for clip, result in zip(clips, results, strict=True)]

    name = _WOKEN_TODAY if bundle is attempt.current else _WOKEN_ANEW
    return attempt.steps.take(name, woken, _OUTCOMES)
