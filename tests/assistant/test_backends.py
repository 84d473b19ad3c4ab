"""Choosing another recogniser: clear errors before anybody speaks, and nothing imported that nobody asked for."""

from __future__ import annotations

import ast
import asyncio
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import earmark
from earmark.assistant import EngineKeeper, backends
from earmark.assistant.backends import wyoming
from earmark.bundle import BUILTIN
from earmark.errors import MissingExtra, NoRecogniserAddress, NoRecogniserModel, RecogniserElsewhere, RecogniserGone
from earmark.settings import Settings

PACKAGES = {"whisper": "faster_whisper", "sherpa": "sherpa_onnx", "vosk": "vosk"}
SOURCE = Path(earmark.__file__).parent


def wanted(**chosen):
    return Settings(**chosen)


def test_the_embedded_one_needs_nothing():
    assert backends.chosen(wanted()) is None


@pytest.mark.parametrize("name", PACKAGES)
def test_without_a_model_there_is_none(name, tmp_path):
    for folder in (None, tmp_path / "nowhere"):
        with pytest.raises(NoRecogniserModel) as raised:
            backends.chosen(wanted(recogniser=name, recogniser_model=folder))
        assert raised.value.code == "setup.recogniser-model"


@pytest.mark.parametrize("name", PACKAGES)
def test_a_folder_without_a_model_is_refused_and_nothing_is_fetched(name, tmp_path, monkeypatch):
    pytest.importorskip(PACKAGES[name])

    def no_network(*_, **__):
        raise AssertionError("it went to the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    with pytest.raises(NoRecogniserModel):
        backends.chosen(wanted(recogniser=name, recogniser_model=tmp_path))


@pytest.mark.parametrize("name", PACKAGES)
def test_without_its_package_it_says_which_extra(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, PACKAGES[name], None)
    with pytest.raises(MissingExtra) as raised:
        backends.chosen(wanted(recogniser=name, recogniser_model=tmp_path))
    assert f"earmark[{name}]" in str(raised.value)


@pytest.mark.parametrize("address", [None, "127.0.0.1:10300", "http://127.0.0.1:1", "tcp://127.0.0.1", "tcp://h:99999"])
def test_an_address_must_be_one(address):
    with pytest.raises(NoRecogniserAddress):
        backends.chosen(wanted(recogniser="wyoming", recogniser_address=address))


def test_where_nobody_answers_it_is_gone():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RecogniserGone):
        wyoming.load(f"tcp://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"hello\n",
        b"[1]\n",
        b'{"data_length": 0}\n',
        b'{"type": "info", "data_length": 5}\n{}',
        b'{"type": "info", "data_length": 999999999}\n',
        b'{"type": "info", "data_length": 2}\n{}',
        b'{"type": "error"}\n',
    ],
)
def test_who_answers_nonsense_or_knows_no_speech_is_gone(answer):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        with pytest.raises(RecogniserGone):
            wyoming.load(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        thread.join()


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("tcp://127.0.0.1:1", True),
        ("tcp://[::1]:1", True),
        ("tcp://localhost:1", True),
        ("unix:///run/w", True),
        ("tcp://192.168.1.5:1", False),
        ("tcp://kitchen.local:1", False),
        ("tcp://localhost.example.com:1", False),
    ],
)
def test_what_is_on_this_machine(address, here):
    assert wyoming.Wyoming(address).is_here is here
    if not here:
        with pytest.raises(RecogniserElsewhere):
            wyoming.load(address, local_only=True)


async def test_the_keeper_builds_its_engine_with_the_chosen_one():
    asked = []

    class Silent:
        def start(self): ...
        def feed(self, pcm): ...
        def partial(self):
            return ""

        def finish(self): ...

    def make(bundle, names):
        asked.append((bundle.version, tuple(names)))
        return Silent

    async def now():
        return BUILTIN, ["Anna Smith"]

    keeper = EngineKeeper(size=1, make=make)
    assert await keeper.refresh(now)
    assert asked == [(BUILTIN.version, ("anna",))]
    with keeper.engine.listen() as listening:
        assert isinstance(listening._recogniser, Silent)


def test_nothing_imports_their_packages_but_they_themselves():
    for file in SOURCE.rglob("*.py"):
        if file.parent.name == "backends":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not {name.split(".")[0] for name in names} & {*PACKAGES.values(), "wyoming"}, file


def test_the_assistant_loads_none_of_them():
    code = "import sys, earmark.assistant, earmark.web, earmark.local; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {*PACKAGES.values(), "wyoming", "ctranslate2"} & set(loaded)


async def test_a_server_that_is_gone_leaves_the_last_engine_and_is_asked_again():
    asked = []

    class Silent:
        def start(self): ...
        def feed(self, pcm): ...
        def partial(self):
            return ""

        def finish(self): ...

    def make(bundle, names):
        asked.append(names)
        if len(asked) < 3:
            raise RecogniserGone
        return Silent

    async def now():
        return BUILTIN, ["Anna"]

    swapped = asyncio.Event()

    async def on_swap(version):
        swapped.set()

    keeper = EngineKeeper(size=1, every=0.01, make=make)
    watching = asyncio.create_task(keeper.watch(now, on_swap))
    await asyncio.wait_for(swapped.wait(), 120)
    watching.cancel()
    assert len(asked) == 3
