"""`earmark learn`: labels → dataset version → candidate → judged on people it never heard → registered → promoted."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from earmark import accounts, vault
from earmark.bundle import ModelBundle
from earmark.device import learned_words
from earmark.errors import AlreadyLearning, BadRequest, Conflict, Forbidden
from earmark.learn import registry, runs
from earmark.learn.attempt import Attempt, Made, PartNote
from earmark.learn.language import PEOPLE
from earmark.learn.lessons import Taught
from earmark.learn.making import about, make
from earmark.learn.proving import to_replace
from earmark.learn.rollout import put_into_use
from earmark.learn.scoring import Scores, summarise
from earmark.learn.sources import Sources, gather
from earmark.learn.steps import Moment, Steps, Told, untold
from earmark.storage import Stores

PARTS = ("wake", "asr", "nlu")
DRAFTS = ".draft-learning-"
_ABANDONED = 3600
"""Seconds after which nobody works on a draft any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run of learning did."""

    dataset: str | None
    """Version of the dataset; None when there was no label."""
    corpus: str | None = None
    """Version of the folder that was learned from besides; None without one."""
    labels: int
    """Of the dataset."""
    recordings: int = 0
    """Of the folder."""
    people: int
    """Whose recordings were learned from."""
    heldout_people: int
    """Whose recordings it was judged by."""
    parts: tuple[PartNote, ...]
    before: Scores
    """Of the bundle in use, on held-out people, in the fields of `earmark evaluate`."""
    after: Scores
    """Of the candidate, on the same recordings."""
    candidate: str | None
    """Version that was registered; None when nothing was better."""
    promoted: bool
    rolling: bool = False
    """It goes to some of the devices first."""
    why: str
    """The decision in plain words."""
    slices: tuple[dict[str, Any], ...] = ()
    """Numbers of slices that were compared, each as `Slice.to_json` gives it."""
    steps: int = 0
    """What takes long, in named steps."""
    resumed: int = 0
    """How many of them an earlier run had done before it was killed."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


async def learn(
    stores: Stores,
    parts: Sequence[str] = PARTS,
    *,
    promote: bool = False,
    data: Path | None = None,
    progress: Told = untold,
    complain: Callable[[str], None] = lambda _: None,
    workers: int | None = None,
) -> Report:
    """Turn the labels that came home into a candidate bundle, and promote it when asked and when it is better.

    `data`: a labelled folder to learn from besides, or instead where there is no label yet; without it the one that
    EARMARK_CORPUS names. `complain` is told of what can't be used in it. Sound is decrypted in memory only. A run that
    was killed is taken up where it was, when labels, models, parts and code are still the same.

    Raises BadRequest for an unknown part, Forbidden in a process without the signing key, BadManifest and BadAudio for
    a folder that holds nothing to learn from, AlreadyLearning while another run is at work, Conflict (Revoked among it)
    when something it learns from is deleted meanwhile.
    """
    if unknown := set(parts) - set(PARTS):
        raise BadRequest(why=f"There is no part named {sorted(unknown)[0]}; choose from {', '.join(PARTS)}.")
    if stores.signing_key is None:
        raise Forbidden
    async with runs.alone(stores):
        progress(Moment(step="gathering labels"))
        began = stores.now()
        await _sweep_models(stores)
        await asyncio.to_thread(_drop_drafts, stores.home.models)
        current = await registry.promoted(stores)
        folder = data or stores.settings.corpus
        sources = await gather(stores, folder, learned=learned_words(current), complain=complain)
        if sources is None:
            await registry.end_remakes(stores, began, None)
            return _nothing(
                "There are no labels yet; people must review some recordings first, or --data must name a labelled "
                "folder."
            )
        chosen = [part for part in PARTS if part in parts]
        attempt = Attempt(
            current=current,
            taught=await sources.open(stores, progress=_telling(progress)),
            drafts=stores.home.models / f"{DRAFTS}{secrets.token_hex(6)}",
            key=stores.signing_key,
            progress=lambda what, done, total: attempt.steps.within(what, done, total),
            sentences=sources.sentences,
            noises=await asyncio.to_thread(sources.noises),
            workers=workers,
            cost_of_a_miss=stores.settings.cost_of_a_miss,
            device_secret=bytes.fromhex(stores.home.secret("learn-devices")),
            people=1 if await accounts.count_households(stores) == 1 else PEOPLE,
        )
        inputs = {**attempt.inputs(), "dataset": sources.version, "corpus": sources.corpus_version, "parts": chosen}
        named = {sources.version, *_versions(current)} - {None}
        run = await runs.begin(stores, inputs, sorted(map(str, named)))
        if done := run.done():
            progress(Moment(step=f"taking up a run that was stopped after {done} steps"))
        attempt.steps = Steps(run, progress)
        made = await asyncio.to_thread(make, attempt, chosen)
        progress(Moment(step="writing it down", share=1.0))
        cost = await _cost(stores, attempt.taught)
        candidate = await _register(stores, sources, current, made, cost) if made.changed else None
        allowed = candidate is not None and made.verdict.promote
        promote = promote or stores.settings.promote == "policy"
        came = await _use(stores, candidate) if candidate and promote and allowed else None
        if set(parts) == set(PARTS):
            await registry.end_remakes(stores, began, candidate.version if candidate else None)
        await runs.drop(stores, [run.id])
    return Report(
        dataset=sources.version,
        corpus=sources.corpus_version,
        labels=sources.labels,
        recordings=sources.recordings,
        people=sources.people("train"),
        heldout_people=sources.people("heldout"),
        parts=tuple(made.notes),
        before=summarise(made.before),
        after=summarise(made.after),
        candidate=candidate.version if candidate else None,
        promoted=came == "promoted",
        rolling=came == "rolling",
        why=_why(made, sources),
        slices=tuple(one.to_json() for one in made.verdict.slices),
        steps=attempt.steps.taken,
        resumed=attempt.steps.resumed,
    )


async def _use(stores: Stores, candidate: ModelBundle) -> str | None:
    """Put a candidate into use; None where another one is on its way to the devices, and this one waits."""
    try:
        return await put_into_use(stores, candidate.version, "policy")
    except Conflict:
        return None


async def remake(stores: Stores) -> Report | None:
    """Learn again without what was deleted, where a model was retired for it; None where nothing waits."""
    if not any(each.done_at is None for each in await registry.remakes(stores)):
        return None
    with suppress(AlreadyLearning):  # it ends what waits to be made again, or tomorrow night does
        return await learn(stores, promote=True)
    return None


async def remake_at_once(stores: Stores) -> Report | None:
    """Do so within a minute of the deletion, where EARMARK_UNLEARN says `at-once`."""
    return await remake(stores) if stores.settings.unlearn == "at-once" else None


async def remake_nightly(stores: Stores) -> Report | None:
    """Do so once a night, where EARMARK_UNLEARN says `nightly`."""
    return await remake(stores) if stores.settings.unlearn == "nightly" else None


async def sweep(stores: Stores) -> None:
    """Delete what killed runs left behind: drafts, bundles that were written and never registered, what lies too long.

    They hold traces of what they were learned from; of the first two no deletion would find any.
    """
    await _sweep_models(stores)
    await runs.sweep(stores)


async def _sweep_models(stores: Stores) -> None:
    known = {model.version for model in await registry.models(stores) if model.state != "retired"}
    await asyncio.to_thread(_sweep, stores.home.models, known)


def _sweep(models: Path, known: Set[str]) -> None:
    for folder in models.iterdir() if models.exists() else ():
        if folder.is_dir() and folder.name not in known and time.time() - folder.stat().st_mtime > _ABANDONED:
            shutil.rmtree(folder, ignore_errors=True)


def _drop_drafts(models: Path) -> None:
    """Nobody else learns now: whoever made these was killed."""
    for folder in models.glob(f"{DRAFTS}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _telling(progress: Told) -> Callable[[str, int, int], None]:
    """Return what tells how far something is before the first step."""
    return lambda what, done, total: progress(Moment(step=what, done=done, total=total))


async def _cost(stores: Stores, taught: Sequence[Taught]) -> dict[str, float]:
    """Return how often people listened to what was learned from, and how long. How long a machine trained differs from
    run to run, and would give the same labels another version."""
    duration = {one.interaction.id: one.interaction.duration for one in taught}
    heard = await vault.hearings(stores, list(duration))
    return {
        "listenings": sum(map(len, heard.values())),
        "listening_hours": round(sum(duration[name] * len(times) for name, times in heard.items()) / 3600, 4),
    }


async def _register(
    stores: Stores, sources: Sources, current: ModelBundle, made: Made, cost: dict[str, float]
) -> ModelBundle:
    kept = [name for name in made.files if name not in made.learned]
    manifest = about(
        made,
        **sources.lineage(sorted(made.learned), kept, dict(current.manifest)),
        parent=current.version,
        cost=cost,
        **_learned_from_a_folder(current, kept),
        **({"sentences": len(sources.sentences)} if sources.sentences else {}),
        # Which retired bundles it stands in for: `earmark models prove` looks whether anything of theirs is left.
        replaces=await to_replace(stores),
        scores={"before": _steady(summarise(made.before)), "after": _steady(summarise(made.after))},
    )
    return await registry.register(stores, made.files, manifest)


def _learned_from_a_folder(current: ModelBundle, kept: Sequence[str]) -> dict[str, Any]:
    """Return what the bundle in use says of the wake words that `earmark wake add` learned and that are taken over."""
    words = dict(current.manifest.get("wake_words") or {})
    words = {word: said for word, said in words.items() if f"wake/{word}.json" in kept}
    return {"wake_words": words} if words else {}


def _steady(scores: Scores) -> Scores:
    """Leave out what differs from run to run: the same labels must give the same version."""
    return {part: {key: value for key, value in values.items() if key != "rtf"} for part, values in scores.items()}


def _versions(bundle: ModelBundle) -> set[str]:
    """Return every dataset version that any file of a bundle was learned from."""
    return {*dict(bundle.manifest.get("datasets") or {}).values(), bundle.manifest.get("dataset")} - {None}


def _why(made: Made, sources: Sources) -> str:
    if made.changed:
        return made.verdict.why
    if not sources.people("heldout"):
        return "All labels are of one person; another's are needed to judge by."
    return " ".join(note.why for note in made.notes) or made.verdict.why


def _nothing(why: str) -> Report:
    return Report(
        dataset=None,
        corpus=None,
        labels=0,
        recordings=0,
        people=0,
        heldout_people=0,
        parts=(),
        before={},
        after={},
        candidate=None,
        promoted=False,
        why=why,
    )
