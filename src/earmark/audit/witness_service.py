"""The witness on the network: it asks an installation's public addresses, and answers whoever asks for its words."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from earmark.audit.witness import Prove, Witness
from earmark.errors import BadRequest, EarmarkError

PATIENCE = 20.0
"""Seconds."""


def ask(witness: Witness, urls: Sequence[str], say: Callable[[str], None]) -> bool:
    """Look once at the checkpoint that each address shows. Returns whether every one of them could be looked at.

    Several addresses of one installation must show one and the same log.
    """
    fine = True
    with httpx.Client(timeout=PATIENCE, follow_redirects=False) as client:
        for url in urls:
            base = url.rstrip("/") + "/api/audit"
            try:
                answer = client.get(f"{base}/checkpoint")
                if answer.status_code == 404:  # nothing is sealed yet
                    continue
                answer.raise_for_status()
                word = witness.look(answer.json(), _prover(client, base))
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
                say(f"{url} does not answer as it should")
                fine = False
            except EarmarkError as error:
                say(f"{url}: {error.message}")
                fine = False
            else:
                if word is not None:
                    say(f"signed: {word['size']} entries")
    return fine


def _prover(client: httpx.Client, base: str) -> Prove:
    def prove(first: int, second: int) -> list[bytes]:
        answer = client.get(f"{base}/proof/consistency", params={"first": first, "second": second})
        answer.raise_for_status()
        return proof_of(answer.json())

    return prove


def proof_of(answer: Any) -> list[bytes]:
    """Read a proof as the API gives it. Raises BadRequest."""
    try:
        return [bytes.fromhex(step) for step in answer["proof"]]
    except (ValueError, KeyError, TypeError):
        raise BadRequest(why="This is no proof; ask for one at /api/audit/proof/consistency.") from None


def serve(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that answers `GET /cosignatures?from=SIZE`; run it with `serve_forever`."""

    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version = "earmark-witness"
        sys_version = ""

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path != "/cosignatures":
                self._answer(404, {"error": {"code": "thing.not-found", "message": "Ask for /cosignatures."}})
                return
            since = parse_qs(asked.query).get("from", ["0"])[0]
            if not since.isascii() or not since.isdigit() or len(since) > 18:
                said = "`from` is a number of entries."
                self._answer(400, {"error": {"code": BadRequest.code, "message": said}})
                return
            self._answer(200, witness.told(int(since)))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of who asks."""

    return ThreadingHTTPServer((host, port), Handler)
