"""One turn of the ring: speech, devices, assistant, airlock, review, learning, and the same judges before and after."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from earmark import accounts, airlock, audit, learn, review
from earmark.bundle import BUILTIN, ModelBundle
from earmark.demo.hearing import hear
from earmark.demo.household import Cast, move_in
from earmark.demo.material import Material, from_recordings, synthesised
from earmark.demo.reviewers import review_everything
from earmark.device import NewBundle, Voice, connect
from earmark.here import SIMULATED
from earmark.storage import Stores
from earmark.words import PersonId

WAITING = 8
"""Recordings that wait for the visitor at the console."""
Progress = Callable[[str, float], None]
"""Told what is going on and how far it has come, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What one turn did."""

    about: str
    """Whose speech it was."""
    before: dict[str, Any]
    """Scores of the built-in models on held-out speech, in the fields of `earmark evaluate`."""
    after: dict[str, Any]
    """Scores of what runs at the end, on the same speech."""
    spoken: int
    interactions: int
    tasks: int
    judgements: int
    labels: int
    false_wakes: int
    """Times a device of the household woke though nobody called it."""
    promoted: str | None
    """Version of the bundle that was promoted; None when learning brought nothing better."""
    why: str
    """The promotion's reasons in plain words."""
    notes: tuple[str, ...]
    """What became of each part: wake word, recogniser, understanding."""
    taken_up: float | None
    """Seconds until a running device was told of it."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def earlier(home: Path) -> Turned | None:
    """Return what an earlier demo in this home did; None when there was none or it didn't come to its end."""
    path = home / "turned.json"
    return Turned(**json.loads(path.read_text())) if path.exists() else None


async def turn(stores: Stores, data: Path | None, progress: Progress) -> Turned:
    """Turn the ring once in a running installation. Raises BadManifest when `data` is no labelled folder."""
    scratch = stores.home.folder / "heldout"
    shutil.rmtree(scratch, ignore_errors=True)
    progress("gathering voices", 0.0)
    material = await asyncio.to_thread(_material, data, scratch)
    cast = await move_in(stores)
    before = await _judge(material, BUILTIN, progress)
    heard = await _speak(stores, material, cast, progress)
    await _teach(stores, progress)
    progress("simulated reviewers listen and answer", 0.0)
    reviewed = await _review(stores, cast, heard.truth, progress)
    progress("learning from their labels", 0.0)

    def tell(moment: learn.Moment) -> None:
        progress(f"learning: {moment}", moment.share)

    report = await learn.learn(stores, promote=True, progress=tell)
    bundle = await learn.promoted(stores)
    taken_up = await _taken_up(stores, cast, bundle.version) if bundle.version != BUILTIN.version else None
    after = await _judge(material, bundle, progress) if taken_up is not None else before
    await _leave_some(stores, material, cast, progress)
    await audit.sequence(stores)
    turned = Turned(
        about=material.about,
        before=before,
        after=after,
        spoken=len(material.train),
        interactions=len(heard.truth),
        tasks=reviewed.tasks,
        judgements=reviewed.judgements,
        labels=reviewed.labels,
        false_wakes=heard.false_wakes,
        promoted=None if bundle.version == BUILTIN.version else bundle.version,
        why=report.why,
        notes=tuple(f"{note.part}: {note.why}" for note in report.parts),
        taken_up=taken_up,
    )
    await asyncio.to_thread((stores.home.folder / "turned.json").write_text, json.dumps(turned.to_json()))
    shutil.rmtree(scratch, ignore_errors=True)
    return turned


async def _judge(material: Material, bundle: ModelBundle, progress: Progress) -> dict[str, Any]:
    def tell(_: str, done: int, total: int) -> None:
        which = "built-in" if bundle is BUILTIN else "new"
        progress(f"judging the {which} models on speakers held out", done / max(1, total))

    return await asyncio.to_thread(learn.evaluate, material.heldout, bundle, progress=tell)


def _material(data: Path | None, scratch: Path) -> Material:
    with Voice() as voice:
        return from_recordings(data, scratch, voice) if data else synthesised(scratch, voice)


async def _speak(stores: Stores, material: Material, cast: Cast, progress: Progress):
    said = 0

    def told() -> None:
        nonlocal said
        said += 1
        progress("the household speaks to its devices", said / len(material.train))

    wanted = stores.settings
    address = f"ws://{wanted.host}:{wanted.home_port}/api/device"
    return await hear(material.train, list(cast.tokens.values()), address, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reviewed:
    tasks: int
    judgements: int
    labels: int


async def _review(stores: Stores, cast: Cast, truth: dict, progress: Progress) -> _Reviewed:
    """Sample, answer, take labels home, until nothing is left: what followed a wake comes out only in later rounds."""
    random = Random(5)
    judgements = 0
    tokens = []
    for person in await _at_work(stores, cast):
        link = await accounts.make_sign_in_link(stores, person, "floor")
        tokens.append(await accounts.redeem_link(stores, link, "floor"))
    floor = f"http://{stores.settings.host}:{stores.settings.floor_port}"
    while True:
        await airlock.run(stores, random)
        waiting = sum(each.tasks for each in await review.backlog(stores) if each.state in ("ready", "leased"))
        if not waiting:
            tasks = sum(each.tasks for each in await review.backlog(stores))
            labels = sum([len(await airlock.labels(stores, question)) for question in review.QUESTIONS])
            return _Reviewed(tasks=tasks, judgements=judgements, labels=labels)
        judgements += await review_everything(stores, floor, tokens, truth, random, progress, waiting)
        await airlock.take_labels(stores)


async def _at_work(stores: Stores, cast: Cast) -> list[PersonId]:
    """Return the reviewers of the sites that are open now: one is, whatever the hour."""
    now = stores.now()
    open_now = [site.name for site in await review.sites.sites(stores) if review.hours.open_now(site, now)]
    return [person for name in open_now for person in cast.reviewers.get(name, ())]


async def _teach(stores: Stores, progress: Progress) -> None:
    """Speak the training set that the simulated reviewers pass before they hear anybody."""
    progress("a machine speaks the training clips", 0.0)
    with Voice() as voice:
        await airlock.make_training(stores, "en", lambda text, who: voice.synthesise(text, voice=who), Random(7))


async def _leave_some(stores: Stores, material: Material, cast: Cast, progress: Progress) -> None:
    """Say a few things again and ask more about them: the visitor finds work at the console, and a campaign."""
    lead, _ = cast.staff["lead"]
    await review.campaigns.put_campaign(
        stores,
        review.Reviewer(id=lead, languages=("en",), site=f"Boston {SIMULATED}", role="lead"),
        {
            "name": "Spoken to, and helped?",
            "purpose": "to find out whether the assistant was meant, and whether its replies help",
            "questions": ["meant", "helpful"],
            "languages": ["en"],
            "budget": 200,
            "deadline": (stores.now().date() + timedelta(days=30)).isoformat(),
            "gold_share": 0.1,
            "blind_share": 0.1,
        },
    )
    wanted = stores.settings
    said = [each for each in material.train if each.called and each.intent][:WAITING]
    await hear(said, list(cast.tokens.values()), f"ws://{wanted.host}:{wanted.home_port}/api/device", lambda: None)
    progress("a few clips wait at the console", 1.0)
    await airlock.run(stores, Random(11))


async def _taken_up(stores: Stores, cast: Cast, version: str) -> float | None:
    """Return how long it took until a running device was told of the bundle; None when it never was."""
    wanted = stores.settings
    address = f"ws://{wanted.host}:{wanted.home_port}/api/device"
    loop = asyncio.get_running_loop()
    began, told = loop.time(), asyncio.Event()

    def note(message: object) -> None:
        if isinstance(message, NewBundle) and message.version == version:
            told.set()

    async with connect(next(iter(cast.tokens.values())), address=address, on_message=note):
        try:
            await asyncio.wait_for(told.wait(), 60)
        except TimeoutError:
            return None
    return round(loop.time() - began, 1)
