"""`earmark audit witness`: co-sign another installation's log. It needs no installation here."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earmark.audit.witness import Witness
from earmark.audit.witness_service import ask, proof_of, serve
from earmark.cli.run import err, fail, out
from earmark.errors import BadRequest, EarmarkError
from earmark.storage.stores import utc_now


def witness(
    urls: Annotated[list[str] | None, typer.Argument(help="Public addresses of the one installation.")] = None,
    key: Annotated[str, typer.Option(help="The installation's public key, hexadecimal.")] = "",
    folder: Annotated[Path, typer.Option(help="Keeps this witness's key and all it saw.")] = Path("earmark-witness"),
    listen: Annotated[str, typer.Option(help="HOST:PORT where its words can be fetched.")] = "127.0.0.1:8050",
    every: Annotated[int, typer.Option(min=1, help="Seconds between two looks.")] = 60,
    once: Annotated[bool, typer.Option("--once", help="Look once, serve nothing, and end.")] = False,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Look at a checkpoint that was brought by hand, and end.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option(help="With --checkpoint: the proof that it continues what was seen.")
    ] = None,
) -> None:
    """Be a witness of another installation's log: sign each checkpoint that only continues what was seen before."""
    try:
        seer = Witness(folder, _key(key), utc_now)
        if checkpoint is not None:
            by_hand = [] if proof is None else proof_of(_read(proof))
            word = seer.look(_read(checkpoint), lambda *_: by_hand)
            out.print(json.dumps(word) if word else "nothing new", soft_wrap=True, markup=False, highlight=False)
            _end(seer, fine=True)
        if not urls:
            raise BadRequest(why="Give an address of the installation to look at, or --checkpoint FILE.")
        if once:
            _end(seer, fine=ask(seer, urls, out.print))
        _stay(seer, urls, listen, every)
    except EarmarkError as error:
        fail(error)


def _key(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError:
        why = "--key is the installation's public key, 64 hexadecimal digits; its `earmark audit checkpoint` shows it."
        raise BadRequest(why=why) from None


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        raise BadRequest(why="This file holds no JSON that a witness could look at.") from None


def _end(seer: Witness, *, fine: bool) -> None:
    if seer.alarm is not None:
        err.print(f"[bold red]alarm[/]: {seer.alarm['why']}", soft_wrap=True)
    raise typer.Exit(0 if fine and seer.alarm is None else 1)


def _stay(seer: Witness, urls: list[str], listen: str, every: int) -> None:
    """Look again and again, and serve what was signed, until Ctrl-C."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) < 65536:
        raise BadRequest(why="--listen is an address and a port: 0.0.0.0:8050, say.")
    try:
        server = serve(seer, host, int(port))
    except OSError:
        raise BadRequest(why="Nothing can be served there; choose another address or port with --listen.") from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    out.print(f"witness's key {seer.public_key.public_bytes_raw().hex()}", soft_wrap=True)
    out.print(f"serving at http://{host}:{server.server_port}/cosignatures", soft_wrap=True)
    told = False
    with suppress(KeyboardInterrupt):
        while True:
            ask(seer, urls, out.print)
            if seer.alarm is not None and not told:
                err.print(f"[bold red]alarm[/]: {seer.alarm['why']}", soft_wrap=True)
                told = True
            time.sleep(every)
    server.shutdown()
