"""Any speech-to-text server that speaks the Wyoming protocol: its client, without its package.

The protocol (github.com/OHF-Voice/wyoming) is a line of JSON, then as many bytes of further JSON and of sound as the
line says. It has no encryption and no sign-in: the server belongs on this machine or a network that is trusted like it.
It answers with text alone. So there are no word times, and nothing of such an utterance can leave the airlock; and no
confidence, for which 0.5 stands.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from earmark.assistant.backends import SUPPORTS
from earmark.assistant.backends.readings import Presence
from earmark.assistant.biasing import Biasing, plain
from earmark.assistant.recogniser import NOTHING, Hypothesis
from earmark.errors import NoRecogniserAddress, RecogniserElsewhere, RecogniserGone
from earmark.words import SAMPLE_RATE, Seconds

_CONNECT: Seconds = 3.0
_ANSWER: Seconds = 20.0
"""How long a server may think about an utterance."""
_MOST = 200
"""Words among the terms."""
_LONGEST = 1 << 20
"""Bytes of one event that is read: a transcript is some hundred."""
_SOUND = {"rate": SAMPLE_RATE, "width": 2, "channels": 1}
_UNKNOWN = 0.5


def load(address: str, *, local_only: bool = False) -> Wyoming:
    """Ask a server what it does. `address`: `tcp://host:port` or `unix:///path`.

    Raises NoRecogniserAddress, RecogniserElsewhere, or RecogniserGone when it does not answer or knows no speech.
    """
    found = Wyoming(address)
    if local_only and not found.is_here:
        raise RecogniserElsewhere
    with found.connect() as wire:
        wire.send("describe")
        if not wire.wait("info").get("asr"):
            raise RecogniserGone
    return found


class Wyoming:
    """A `Backend`."""

    supports = SUPPORTS["wyoming"]

    def __init__(self, address: str) -> None:
        """Raises NoRecogniserAddress."""
        parts = urlsplit(address)
        try:
            port = parts.port
        except ValueError as error:
            raise NoRecogniserAddress from error
        self._path = parts.path if parts.scheme == "unix" and parts.path else None
        if self._path is None and not (parts.scheme == "tcp" and parts.hostname and port):
            raise NoRecogniserAddress
        self._host, self._port = parts.hostname or "", port or 0

    @property
    def is_here(self) -> bool:
        """True when the server is on this machine."""
        if self._path is not None or self._host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self._host).is_loopback
        except ValueError:
            return False

    def recogniser(self, biasing: Biasing) -> WyomingRecogniser:
        return WyomingRecogniser(self, biasing)

    def connect(self) -> Wire:
        """Raises RecogniserGone."""
        try:
            if self._path is None:
                return Wire(socket.create_connection((self._host, self._port), timeout=_CONNECT))
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(_CONNECT)
            connection.connect(self._path)
            return Wire(connection)
        except OSError as error:
            raise RecogniserGone from error


class Wire:
    """One connection; every failure is a RecogniserGone."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(_ANSWER)
        self._socket = connection
        self._file: BinaryIO = connection.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def send(self, kind: str, data: Mapping[str, Any] | None = None, sound: bytes = b"") -> None:
        body = json.dumps(data).encode() if data else b""
        head = {"type": kind, "data_length": len(body), "payload_length": len(sound)}
        try:
            self._socket.sendall(json.dumps(head).encode() + b"\n" + body + sound)
        except OSError as error:
            raise RecogniserGone from error

    def read(self) -> tuple[str, dict[str, Any]]:
        """Return the next event's type and data."""
        try:
            head = json.loads(self._file.readline(_LONGEST))
            data = dict(head.get("data") or {})
            for part in ("data_length", "payload_length"):
                length = int(head.get(part) or 0)
                if not 0 <= length <= _LONGEST or len(found := self._file.read(length)) < length:
                    raise RecogniserGone
                if length and part == "data_length":
                    data |= json.loads(found)
            return str(head["type"]), data
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise RecogniserGone from error

    def wait(self, wanted: str) -> dict[str, Any]:
        """Return the data of the next event of a type; others are passed over."""
        while True:
            kind, data = self.read()
            if kind == wanted:
                return data
            if kind == "error":
                raise RecogniserGone


class WyomingRecogniser:
    """A `Recogniser`: sends the sound while it is spoken, a connection for each utterance."""

    def __init__(self, server: Wyoming, biasing: Biasing) -> None:
        self._server = server
        self._request: dict[str, Any] = {"language": "en"}
        if biasing.names:
            self._request["transcript_names"] = list(biasing.names)
        if terms := [phrase for phrase in biasing.phrases(_MOST) if phrase not in biasing.names]:
            self._request["transcript_terms"] = terms
        self._presence = Presence()
        self._wire: Wire | None = None

    def start(self) -> None:
        self._presence.reset()
        self._hang_up()

    def feed(self, pcm: bytes) -> None:
        data = self._presence.feed(pcm)
        if not data:
            return
        if self._wire is None:
            self._wire = self._server.connect()
            self._wire.send("transcribe", self._request)
            self._wire.send("audio-start", _SOUND)
        self._wire.send("audio-chunk", _SOUND, data)

    def partial(self) -> str:
        return ""

    def finish(self) -> Hypothesis:
        if self._wire is None:
            return NOTHING
        try:
            if not self._presence.speech:
                return NOTHING
            self._wire.send("audio-stop")
            text = plain(str(self._wire.wait("transcript").get("text") or ""))
        finally:
            self._hang_up()
        return Hypothesis(words=(), text=text, confidence=_UNKNOWN, source="ngram") if text else NOTHING

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
