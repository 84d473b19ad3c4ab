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
    "forget": "erase a person's 10,000 interactions among 1,000,000, and what is left of them",
    "history": "one page of /history among 1,000,000 interactions",
    "ingest": "encrypted clips kept a second, beside plain files and rows synced alike",
    "learn": "what 25, 50, 100 labelled orders teach the acoustic model, on speakers it never heard; needs --data",
    "verify": "entries of the audit log checked a second, among 300,000",
    "wake": "devices that one core can listen for, beside the bare wake-word loop",
}
SIZED = ("doctor", "forget", "history")
"""Those whose size can be chosen."""


def bench(
    name: Annotated[str, typer.Argument(help="; ".join(f"{name}: {what}" for name, what in BENCHES.items()))],
    data: Annotated[
        Path | None, typer.Option(help="For `learn`: a folder with commands/ and noise/kitchen.flac.")
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(min=100, help="How many interactions (doctor, forget, history); 1,000,000."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, or a list of them.")] = False,
) -> None:
    """Measure on this machine; docs/benchmarks.md says what came out where."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        if name not in BENCHES:
            raise BadRequest(why=f"There is no such measurement; choose one of: {', '.join(BENCHES)}.")
        if (name == "learn") != (data is not None):
            raise BadRequest(why="`earmark bench learn` takes --data DIR, and no other does.")
        if rows is not None and name not in SIZED:
            raise BadRequest(why="`earmark bench doctor`, `forget` and `history` take --rows, and no other does.")
        measure = importlib.import_module(f"earmark.bench.{name}").run
        options = {} if rows is None else {"rows": rows}
        result = measure(note, **options) if data is None else measure(note, data)
    except EarmarkError as error:
        fail(error, as_json=as_json)
    if as_json:
        print(json.dumps(result))
        return
    for row in result if isinstance(result, list) else [result]:
        for key, value in row.items():
            out.print(f"{key:<28} {value}")
