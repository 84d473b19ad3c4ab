"""`earmark listen`: be a device."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import vault
from earmark.assistant import backends
from earmark.bundle import BUILTIN, ModelBundle
from earmark.bundle import load as load_bundle
from earmark.cli.run import Who, fail, installation, out, run, the_person
from earmark.device import (
    WORDS,
    Answer,
    Answers,
    BundleStore,
    DeviceState,
    EndOfSpeech,
    FileSource,
    Happening,
    Listener,
    Microphone,
    Notice,
    Notices,
    PrintSpeaker,
    Problem,
    Rejected,
    Ringing,
    Speaker,
    Voice,
    VoiceSpeaker,
    Woke,
    connect,
    fetch_bundle,
    learned_words,
    notice,
)
from earmark.device import listen as listen_on
from earmark.errors import BadRequest, EarmarkError, MissingExtra
from earmark.local import LocalAssistant
from earmark.settings import settings
from earmark.storage.home import Home, write_private

Fetch = Callable[[str], Awaitable[ModelBundle]]
_PATIENCE = 50
"""Tenths of a second in which the assistant tells which bundle is in use."""


def listen(
    files: Annotated[list[Path] | None, typer.Argument(help="Sound files to hear, one after the other.")] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Hear the microphone.")] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Answer in this process: connect to nothing, keep nothing on disk.")
    ] = False,
    person: Who = None,
    word: Annotated[str, typer.Option(help="Wake word: a packaged one, or one of `earmark wake list`.")] = "alexa",
    address: Annotated[str | None, typer.Option(help="The assistant: ws://host:8040/api/device")] = None,
    token: Annotated[Path | None, typer.Option(help="Token file of `earmark device add --keep`.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="With --local: folder of a model bundle of this installation.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="With --local: first name for whom messages can be left; repeat it.")
    ] = None,
    real_time: Annotated[bool, typer.Option(help="Play files at their own speed.")] = False,
    aloud: Annotated[bool, typer.Option(help="Speak replies through the loudspeaker.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Be a device: wait for the wake word, send what follows, carry out and say the reply.

    Nothing leaves this process before the wake word, and with --local (or EARMARK_LOCAL_ONLY) nothing ever does. At its
    start the device says what it keeps and who may listen.
    """
    if mic == bool(files):
        fail(BadRequest(why="Name sound files to hear, or say --mic."), as_json=as_json)
    local = local or settings().local_only
    if local and (address or token or person):
        fail(
            BadRequest(
                why="A local-only device connects to nothing and belongs to nobody; leave out --address, "
                "--token and --person."
            ),
            as_json=as_json,
        )
    if not local and (bundle or name):
        fail(BadRequest(why="--bundle and --name are for a device with --local."), as_json=as_json)
    device = _Device(files=files or [], word=word, real_time=real_time, aloud=aloud, as_json=as_json)
    if local:
        run(_listen_locally(device, bundle, name or []), as_json=as_json)
    else:
        wanted = address or f"ws://{settings().host}:{settings().home_port}/api/device"
        run(_listen(device, wanted, token, person), as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Device:
    """How this computer is a device."""

    files: list[Path]
    """What it hears; none: its microphone."""
    word: str
    real_time: bool
    aloud: bool
    as_json: bool

    @property
    def folder(self) -> Path:
        return settings().home / "device"

    async def listen(
        self,
        answers: Answers,
        models: ModelBundle,
        state: DeviceState,
        notices: Notices,
        fetch: Fetch | None = None,
        last_good: Callable[[str], ModelBundle] = lambda _: BUILTIN,
    ) -> None:
        """Hear everything and let `answers` answer. Raises typer.Exit(1) when a file could not be heard."""
        bad: list[EarmarkError] = []
        tell = partial(_tell, as_json=self.as_json)
        source = _frames(self.files, self.real_time, tell, bad) if self.files else Microphone()
        listener = Listener(bundle=models, word=self.word)
        speaker = _speaker(self.aloud)
        models_of = {"fetch": fetch, "last_good": last_good}
        await listen_on(source, listener, answers, speaker, tell, state=state, notices=notices, **models_of)
        if bad:
            raise typer.Exit(1)


async def _listen(device: _Device, address: str, token_file: Path | None, person: str | None) -> None:
    token = _token(token_file) or await _own_token(device.folder / "token.json", person, device.word)
    store = BundleStore(device.folder / "bundles")
    state = DeviceState()
    # Shown is not spoken: a device that gets its loudspeaker later gives the notice again. One file a device.
    mark = sha256(token.encode()).hexdigest()[:16]
    notices = Notices(device.folder / "notices" / f"{mark}-{'spoken' if device.aloud else 'shown'}.json")
    async with connect(token, address=address, on_message=state.note) as link:
        await link.ready()
        fetch = partial(fetch_bundle, store, address=address, token=token)
        models = await _with_word(device.word, store.current(), state, fetch)
        await device.listen(link, models, state, notices, fetch, store.instead_of)


async def _with_word(word: str, models: ModelBundle, state: DeviceState, fetch: Fetch) -> ModelBundle:
    """Return what this device was last given; before it can listen for a learned word it fetches the one in use.

    Of that the assistant tells a device when it connects.
    """
    if word in (*WORDS, *learned_words(models)):
        return models
    for _ in range(_PATIENCE):
        if state.wanted is not None:
            version, state.wanted = state.wanted, None
            return await fetch(version)
        await asyncio.sleep(0.1)
    return models


async def _listen_locally(device: _Device, bundle: Path | None, names: list[str]) -> None:
    """Be a device on its own. It may write nothing down, so it gives its notice at each start."""
    models = _local_bundle(bundle, BundleStore(device.folder / "bundles"))
    make = await asyncio.to_thread(backends.chosen, settings(), local_only=True)
    answers = await asyncio.to_thread(LocalAssistant, models, names=names, make=make)
    await device.listen(answers, models, DeviceState(notice=notice.of_local_only()), Notices(None))


def _local_bundle(folder: Path | None, store: BundleStore) -> ModelBundle:
    """Return the bundle of a folder, or what this device was last given. Raises BadBundle; writes nothing.

    It must be signed by the installation whose home this is, or that this device belongs to.
    """
    if folder is None:
        return store.current()
    own = Home(folder=settings().home).read_secret("signing-key")
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(own)).public_key() if own else store.key
    return load_bundle(folder, key)


async def _frames(
    files: list[Path], real_time: bool, tell: Callable[[Happening], None], bad: list[EarmarkError]
) -> AsyncIterator[bytes]:
    """Yield the frames of every file that can be read; the others are told and the next one follows."""
    for file in files:
        try:
            async for frame in FileSource([file], real_time=real_time):
                yield frame
        except EarmarkError as error:
            bad.append(error)
            tell(error)


def _token(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get("EARMARK_DEVICE_TOKEN")
    try:
        return str(json.loads(file.read_text())["token"])
    except (OSError, ValueError, KeyError):
        raise BadRequest(why="This is not a token file; make one with `earmark device add NAME --keep FILE`.") from None


async def _own_token(file: Path, person: str | None, word: str) -> str:
    """Return the token of this computer as a device, which joins the household at its first `listen`."""
    known = _token(file) if file.is_file() else None  # noqa: ASYNC240  (a line of a local file)
    if known:
        return known
    async with installation("earmark_worker") as stores:
        who = await the_person(stores, person)
        if who.household_id is None:
            raise BadRequest(why="This person belongs to no household; devices are for owners.")
        _, token = await vault.add_device(
            stores, household_id=who.household_id, person_id=who.id, name="This computer", wake_word=word
        )
    write_private(file, json.dumps({"token": token}))
    return token


def _speaker(aloud: bool) -> Speaker:
    if not aloud:
        return PrintSpeaker(lambda _: None)  # the reply is printed with its event
    try:
        return VoiceSpeaker(Voice())
    except MissingExtra as error:
        fail(error)


def _tell(event: Happening, *, as_json: bool) -> None:
    line = _line(event)
    if line is None:
        return
    if as_json:
        print(json.dumps(line), flush=True)
    else:
        out.print(f"[dim]{line.pop('event'):<9}[/] " + "  ".join(f"{v}" for v in line.values() if v not in (None, "")))


def _line(event: Happening) -> dict[str, Any] | None:
    match event:
        case Woke():
            return {"event": "woke", "word": event.word, "at": round(event.at, 2), "score": round(event.score, 3)}
        case Rejected():
            return {"event": "no wake", "at": round(event.at, 2), "score": round(event.verifier, 3)}
        case EndOfSpeech():
            return {"event": "end", "reason": event.reason}
        case Answer():
            return {
                "event": "reply",
                "text": event.text,
                "intent": event.intent,
                "accepted": event.accepted,
                "interaction": event.interaction,
            }
        case Notice():
            return {"event": "notice", "text": event.text}
        case Problem():
            return {"event": "problem", "message": event.message, "code": event.code}
        case Ringing():
            return {"event": "ringing", "text": event.sentence}
        case EarmarkError():
            return {"event": "problem", "message": event.message, "code": event.code}
        case _:
            return None
