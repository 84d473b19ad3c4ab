"""`earmark wake`: the wake words that devices can listen for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from earmark import learn as learning
from earmark.cli.learning import Bars
from earmark.cli.run import AsJson, emit, installation, out, run
from earmark.device import WORDS, learned_words
from earmark.learn.adding import Added, add_word
from earmark.settings import settings

app = typer.Typer(help="The wake words: which there are, and how to add one.", no_args_is_help=True)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the wake words that devices can listen for: the packaged ones, and those of the bundle in use."""

    async def ask() -> dict[str, Any]:
        async with installation() as stores:
            return {"packaged": list(WORDS), "learned": list(learned_words(await learning.promoted(stores)))}

    found = run(ask(), as_json=as_json)

    def text() -> None:
        for word in found["packaged"]:
            out.print(word)
        for word in found["learned"]:
            out.print(f"{word} (learned)")

    emit(found, as_json=as_json, text=text)


@app.command("add")
def add(
    word: Annotated[str, typer.Argument(help='The new wake word as it is written: "smart mirror".')],
    data: Annotated[
        Path, typer.Option("--data", help="Folder with wake/manifest.jsonl: 20 recordings of it or more, and others.")
    ],
    noise: Annotated[
        Path | None, typer.Option("--noise", help="Recording of what it sounds like where the devices stand.")
    ] = None,
    cost_of_a_miss: Annotated[
        float | None,
        typer.Option(
            "--cost-of-a-miss", min=0.01, help="What a miss costs, in false wakes; EARMARK_COST_OF_A_MISS if left out."
        ),
    ] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Put it into use.")] = False,
    as_json: AsJson = False,
) -> None:
    """Learn a new wake word from recordings of a few people, and synthetic voices."""
    bars = Bars()

    async def ask() -> Added:
        async with installation() as stores:
            return await add_word(
                stores,
                word,
                data,
                cost_of_a_miss=settings().cost_of_a_miss if cost_of_a_miss is None else cost_of_a_miss,
                noise=noise,
                promote=promote,
                progress=bars,
            )

    with bars.progress:
        added = run(ask(), as_json=as_json)
    emit(added.to_json(), as_json=as_json, text=lambda: _tell(added))


def _tell(added: Added) -> None:
    out.print(
        f"“{added.word}”: learned from {added.recordings} recordings, {added.others} of other speech and "
        f"{added.synthetic} synthetic ones. Of the recordings, half of them in drawn rooms, "
        f"{added.miss_rate:.0%} were missed by a model trained without their speakers; it woke "
        f"{added.false_wakes_per_hour:.1f} times in an hour of other speech.",
        soft_wrap=True,
    )
    if added.promoted:
        out.print(f"{added.candidate} is in use now: `earmark listen --word {added.word}`.")
    else:
        out.print(f"{added.candidate} is a candidate; `earmark models promote {added.candidate}` puts it into use.")
