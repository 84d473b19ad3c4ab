"""`earmark listen`: be a device."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from earmark import vault
from earmark.cli.run import Who, fail, installation, out, run, the_person
from earmark.device import (
    Answer,
    BundleStore,
    DeviceState,
    EndOfSpeech,
    FileSource,
    Happening,
    Listener,
    Microphone,
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
)
from earmark.device import listen as listen_on
from earmark.errors import BadRequest, EarmarkError, MissingExtra
from earmark.settings import settings
from earmark.storage.home import write_private


def listen(
    files: Annotated[list[Path] | None, typer.Argument(help="Sound files to hear, one after the other.")] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Hear the microphone.")] = False,
    person: Who = None,
    word: Annotated[str, typer.Option(help="Wake word.")] = "alexa",
    address: Annotated[str | None, typer.Option(help="The assistant: ws://host:8040/api/device")] = None,
    token: Annotated[Path | None, typer.Option(help="Token file of `earmark device add --keep`.")] = None,
    real_time: Annotated[bool, typer.Option(help="Play files at their own speed.")] = False,
    aloud: Annotated[bool, typer.Option(help="Speak replies through the loudspeaker.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Be a device: wait for the wake word, send what follows, carry out and say the reply.

    Nothing leaves this process before the wake word.
    """
    if mic == bool(files):
        fail(BadRequest(why="Name sound files to hear, or say --mic."), as_json=as_json)
    wanted = address or f"ws://{settings().host}:{settings().home_port}/api/device"
    run(_listen(files or [], wanted, token, person, word, real_time, aloud, as_json), as_json=as_json)


async def _listen(
    files: list[Path],
    address: str,
    token_file: Path | None,
    person: str | None,
    word: str,
    real_time: bool,
    aloud: bool,
    as_json: bool,
) -> None:
    folder = settings().home / "device"
    token = _token(token_file) or await _own_token(folder / "token.json", person, word)
    store = BundleStore(folder / "bundles")
    listener = Listener(bundle=store.current(), word=word)
    tell = partial(_tell, as_json=as_json)
    bad: list[EarmarkError] = []
    source = _frames(files, real_time, tell, bad) if files else Microphone()
    state = DeviceState()
    async with connect(token, address=address, on_message=state.note) as link:
        await link.ready()
        fetch = partial(fetch_bundle, store, address=address, token=token)
        await listen_on(source, listener, link, _speaker(aloud), tell, state=state, fetch=fetch)
    if bad:
        raise typer.Exit(1)


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
        case Problem():
            return {"event": "problem", "message": event.message, "code": event.code}
        case Ringing():
            return {"event": "ringing", "text": event.sentence}
        case EarmarkError():
            return {"event": "problem", "message": event.message, "code": event.code}
        case _:
            return None
