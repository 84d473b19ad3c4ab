"""`earmark bench`."""

from __future__ import annotations

import importlib
import json
import logging
from pathlib import Path
from typing import Annotated

import structlog
import typer

from earmark.cli.run import fail, note, out
from earmark.errors import BadRequest, EarmarkError

BENCHES = {
    "assist": "end of speech to the reply, and how much of a core listening takes",
    "doctor": "compare all stores of 1,000,000 interactions with each other",
    "doubt": "whether the assistant knows which orders in noise it got wrong; needs --data",
    "forget": "erase a person's 10,000 interactions among 1,000,000, and what is left of them",
    "history": "one page of /history among 1,000,000 interactions",
    "ingest": "encrypted clips kept a second, beside plain files and rows synced alike",
    "learn": "what 25 to 200 labelled orders teach the recogniser, on speakers it never heard; needs --data",
    "lexicon": "words spelled by their letters, right in how many cases; with --data also by how they are said",
    "nlu": "intents and slots of sentences never read, out-of-scope requests, misheard words; needs --data",
    "recogniser": "orders in noise by models that half the speakers taught, the others judge; needs --data",
    "review": "answers a second on the review floor over HTTP; takes --tasks and the options after it",
    "rollout": "simulated: how often a roll-out goes back for nothing, and how soon a bad one is found",
    "verify": "entries of the audit log checked a second, among 300,000",
    "wake-words": "how well devices tell a wake word from what sounds like it, and new wake words; needs --data",
    "wake": "devices that one core can listen for, beside the bare wake-word loop",
}
SIZED = ("doctor", "forget", "history", "rollout")
"""Those whose size can be chosen."""
NEEDS_DATA = ("doubt", "learn", "nlu", "recogniser", "wake-words")
"""Those that measure on a folder of the user's."""
FOR_REVIEW = (
    "tasks",
    "clients",
    "seconds",
    "listen",
    "snapshot",
    "think",
    "kill",
    "flat",
    "expert",
    "peer",
    "peer_script",
    "peer_command",
)


def bench(
    name: Annotated[str, typer.Argument(help="; ".join(f"{name}: {what}" for name, what in BENCHES.items()))],
    data: Annotated[
        Path | None,
        typer.Option(
            help="For `doubt`, `learn`, `recogniser`, `wake-words`, and `lexicon` if wanted: a folder with commands/, "
            "wake/ and noise/kitchen.flac; for `nlu`: with nlu/home.jsonl."
        ),
    ] = None,
    light: Annotated[
        bool,
        typer.Option(
            "--light",
            help="For `wake-words`: two fifths of the voices, half an hour of speech; for `recogniser`: one way round; "
            "for `nlu`: one fold of five.",
        ),
    ] = False,
    rows: Annotated[
        int | None,
        typer.Option(min=100, help="How many interactions (doctor, forget, history; 1,000,000) or roll-outs (200)."),
    ] = None,
    tasks: Annotated[int | None, typer.Option(min=100, help="For `review`: tasks in the queue; 10,000.")] = None,
    clients: Annotated[int | None, typer.Option(min=2, help="For `review`: who answers at once; 8.")] = None,
    seconds: Annotated[float | None, typer.Option(min=1, help="For `review`: how long each part lasts; 20.")] = None,
    listen: Annotated[
        bool, typer.Option("--listen", help="For `review`: again, and each clip's sound is fetched before its answer.")
    ] = False,
    snapshot: Annotated[
        bool, typer.Option("--snapshot", help="For `review`: again beside an old snapshot, as a backup holds one.")
    ] = False,
    think: Annotated[
        bool, typer.Option("--think", help="For `review`: 1,000 reviewers who take 9 s a clip on average.")
    ] = False,
    kill: Annotated[
        bool, typer.Option("--kill", help="For `review`: while the floor, then the database, is killed over and over.")
    ] = False,
    flat: Annotated[bool, typer.Option("--flat", help="For `review`: with 1,000 and with 1,000,000 tasks.")] = False,
    expert: Annotated[
        bool, typer.Option("--expert", help="For `review`: a scripted expert at the console; needs Chromium.")
    ] = False,
    peer: Annotated[bool, typer.Option("--peer", help="For `review`: Label Studio afterwards.")] = False,
    peer_script: Annotated[Path | None, typer.Option(help="For --peer: the script that measures it.")] = None,
    peer_command: Annotated[str | None, typer.Option(help="For --peer: its program; label-studio.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, or a list of them.")] = False,
) -> None:
    """Measure on this machine; docs/benchmarks.md says what came out where."""
    given = {name: value for name, value in locals().items() if name in FOR_REVIEW and value not in (None, False)}
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        if name not in BENCHES:
            raise BadRequest(why=f"There is no such measurement; choose one of: {', '.join(BENCHES)}.")
        if (name in NEEDS_DATA and data is None) or (data is not None and name not in (*NEEDS_DATA, "lexicon")):
            raise BadRequest(
                why="`earmark bench doubt`, `learn`, `nlu`, `recogniser` and `wake-words` take --data DIR, `lexicon` "
                "may, and no other does."
            )
        if light and name not in ("nlu", "recogniser", "wake-words"):
            raise BadRequest(why="Only `earmark bench nlu`, `recogniser` and `wake-words` take --light.")
        if rows is not None and name not in SIZED:
            raise BadRequest(
                why="`earmark bench doctor`, `forget`, `history` and `rollout` take --rows, and no other does."
            )
        if given and name != "review":
            raise BadRequest(why="Only `earmark bench review` takes --tasks and the options after it.")
        measured = importlib.import_module(f"earmark.bench.{name.replace('-', '_')}")
        options = {"light": True} if light else {} if rows is None else {"rows": rows}
        if given:
            options["wanted"] = measured.Wanted(**given)
        result = measured.run(note, **options) if data is None else measured.run(note, data, **options)
    except EarmarkError as error:
        fail(error, as_json=as_json)
    if as_json:
        print(json.dumps(result))
        return
    for row in result if isinstance(result, list) else [result]:
        for key, value in row.items():
            out.print(f"{key:<28} {value}")
