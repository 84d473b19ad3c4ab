"""What every Recogniser does, whichever program turns the sound into words.

The embedded one hears for itself, and so does the one behind a real Wyoming server. Of the others there are no weights
here: their packages' models are stood in for by ears that know two recordings by their length, and every call to
them is bound to the real package's signature first.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from earmark.assistant import NOTHING, Engine, Recogniser
from earmark.assistant.backends import SUPPORTS
from earmark.assistant.backends.sherpa import Sherpa
from earmark.assistant.backends.vosk import UNKNOWN, Vosk
from earmark.assistant.backends.whisper import Whisper
from earmark.assistant.backends.wyoming import load as load_wyoming
from earmark.assistant.biasing import Biasing
from earmark.assistant.embedded import EmbeddedRecogniser
from earmark.assistant.grammar import compile_grammar, skill_intents
from earmark.bundle import BUILTIN
from earmark.device import Voice
from earmark.words import SAMPLE_RATE, PcmAudio

NAMES = ["anna"]
SAID = {"command": "what time is it", "other": "the weather was nice last summer"}
KINDS = ("embedded", "wyoming", "whisper", "sherpa", "vosk")


@pytest.fixture(scope="module")
def sounds() -> dict[str, PcmAudio]:
    quiet = np.random.default_rng(0).normal(0, 15, SAMPLE_RATE // 2).astype(np.int16)
    with Voice() as voice:
        return {
            name: PcmAudio(samples=np.concatenate([quiet, voice.synthesise(text, voice="en-us+m3").samples, quiet]))
            for name, text in SAID.items()
        }


@pytest.fixture(scope="module")
def embedded() -> EmbeddedRecogniser:
    return EmbeddedRecogniser(BUILTIN, compile_grammar(skill_intents({"member": NAMES})), extra_words=NAMES)


@pytest.fixture(scope="module")
def biasing() -> Biasing:
    return Biasing.of(BUILTIN, skill_intents({"member": NAMES}), names=NAMES)


@dataclass(slots=True)
class Ears:
    """Knows two recordings by how many samples it was given, and gives up on any others."""

    sounds: dict[str, PcmAudio]
    told: list[object] = field(default_factory=list)
    """What it was told to expect."""

    def words(self, samples: int) -> list[str]:
        found = [SAID[name] for name, sound in self.sounds.items() if len(sound.samples) == samples]
        return found[0].split() if found else []


def whisper(ears: Ears) -> Whisper:
    real = pytest.importorskip("faster_whisper")

    def transcribe(sound, **told):
        inspect.signature(real.WhisperModel.transcribe).bind(None, sound, **told)
        assert sound.dtype == np.float32
        assert np.abs(sound).max() <= 1.0
        ears.told.append(told)
        step = len(sound) / SAMPLE_RATE / 20
        words = [
            real.transcribe.Word(start=at * step, end=(at + 1) * step, word=f" {word.capitalize()},", probability=0.9)
            for at, word in enumerate(ears.words(len(sound)))
        ]
        return iter([SimpleNamespace(words=words[:2]), SimpleNamespace(words=words[2:])]), None

    return Whisper(SimpleNamespace(transcribe=transcribe))


def sherpa(ears: Ears, folder) -> Sherpa:
    real = pytest.importorskip("sherpa_onnx")

    class Stream:
        def __init__(self):
            self.samples, self.ended = 0, False

        def accept_waveform(self, rate, sound):
            assert (rate, sound.dtype) == (SAMPLE_RATE, np.float32)
            self.samples += len(sound)

        def input_finished(self):
            self.ended = True

    class Model:
        def create_stream(self):
            return Stream()

        def is_ready(self, stream):
            return False

        def get_result(self, stream):
            return "WHAT" if stream.samples else ""

        def get_result_all(self, stream):
            assert stream.ended
            tail = int(0.4 * SAMPLE_RATE)
            tokens = [
                piece for word in ears.words(stream.samples - tail) for piece in (f"▁{word[:2]}", word[2:]) if piece
            ]
            times = [0.04 * at for at in range(len(tokens))]
            return SimpleNamespace(tokens=tokens, timestamps=times, ys_probs=[-0.1] * len(tokens))

    def make(**told):
        inspect.signature(real.OnlineRecognizer.from_transducer).bind(**told)
        hotwords = told.get("hotwords_file")
        ears.told.append({**told, "hotwords": hotwords and Path(hotwords).read_text("utf-8")})
        return Model()

    for name in ("create_stream", "is_ready", "get_result", "get_result_all", "decode_stream"):
        assert callable(getattr(real.OnlineRecognizer, name))
    (folder / "tokens.txt").write_text("<blk> 0\n▁WHAT 1\n")
    (folder / "bpe.vocab").write_text("▁WHAT 0\n")
    return Sherpa(make, folder, {part: f"{part}.onnx" for part in ("encoder", "decoder", "joiner")})


def vosk(ears: Ears) -> Vosk:
    real = pytest.importorskip("vosk")

    class Kaldi:
        def __init__(self, model, rate, grammar=None):
            self.known = set(" ".join(json.loads(grammar)).split()) if grammar else None
            ears.told.append(grammar)
            self.samples = 0

        def SetWords(self, on):  # noqa: N802
            assert on

        def Reset(self):  # noqa: N802
            self.samples = 0

        def AcceptWaveform(self, data):  # noqa: N802
            self.samples += len(data) // 2
            return 0

        def PartialResult(self):  # noqa: N802
            return json.dumps({"partial": "what" if self.samples else ""})

        def FinalResult(self):  # noqa: N802
            words = [word if self.known is None or word in self.known else UNKNOWN for word in ears.words(self.samples)]
            step = self.samples / SAMPLE_RATE / 20
            spans = [{"word": w, "start": at * step, "end": (at + 1) * step, "conf": 0.8} for at, w in enumerate(words)]
            return json.dumps({"result": spans, "text": " ".join(words)} if words else {"text": ""})

    for name in ("SetWords", "Reset", "AcceptWaveform", "PartialResult", "Result", "FinalResult"):
        assert callable(getattr(real.KaldiRecognizer, name))
    return Vosk(object(), Kaldi)


@pytest.fixture(scope="module")
def wyoming_server(embedded):
    """A server made with the protocol's own package, in which the embedded recogniser hears; yields address and log."""
    pytest.importorskip("wyoming")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it imports audioop, which Python 3.13 has no more
        from wyoming.audio import AudioChunk, AudioStart, AudioStop
    from wyoming.asr import Transcribe, Transcript
    from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
    from wyoming.server import AsyncEventHandler, AsyncTcpServer

    asked: list[Transcribe] = []
    about = {"attribution": Attribution(name="Test", url=""), "installed": True, "description": "", "version": "1"}
    info = Info(asr=[AsrProgram(name="test", models=[AsrModel(name="test", languages=["en"], **about)], **about)])

    class Handler(AsyncEventHandler):
        async def handle_event(self, event):
            if Describe.is_type(event.type):
                await self.write_event(info.event())
            elif Transcribe.is_type(event.type):
                asked.append(Transcribe.from_event(event))
            elif AudioStart.is_type(event.type):
                embedded.start()
            elif AudioChunk.is_type(event.type):
                chunk = AudioChunk.from_event(event)
                assert (chunk.rate, chunk.width, chunk.channels) == (SAMPLE_RATE, 2, 1)
                embedded.feed(chunk.audio)
            elif AudioStop.is_type(event.type):
                await self.write_event(Transcript(text=embedded.finish().text.capitalize() + ".").event())
                return False
            return True

    ready, started = threading.Event(), []

    async def serve():
        server, stop = AsyncTcpServer("127.0.0.1", 0), asyncio.Event()
        await server.start(Handler)
        started.extend([asyncio.get_running_loop(), stop, server._server.sockets[0].getsockname()[1]])
        ready.set()
        await stop.wait()
        await server.stop()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(60)
    loop, stop, port = started
    yield f"tcp://127.0.0.1:{port}", asked
    loop.call_soon_threadsafe(stop.set)
    thread.join(60)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def ears(sounds) -> Ears:
    return Ears(sounds)


@pytest.fixture
def recogniser(kind, ears, embedded, biasing, request, tmp_path) -> Recogniser:
    if kind == "embedded":
        return embedded
    if kind == "wyoming":
        return load_wyoming(request.getfixturevalue("wyoming_server")[0]).recogniser(biasing)
    backend = {"whisper": whisper, "vosk": vosk}[kind](ears) if kind != "sherpa" else sherpa(ears, tmp_path)
    return backend.recogniser(biasing)


def hear(recogniser: Recogniser, sound: PcmAudio, piece: int | None = None):
    recogniser.start()
    for start in range(0, len(sound.pcm), piece or len(sound.pcm)):
        recogniser.feed(sound.pcm[start : start + (piece or len(sound.pcm))])
    return recogniser.finish()


def test_words_come_out_and_stand_in_order(recogniser, kind, sounds):
    found = hear(recogniser, sounds["command"])
    assert found.source in ("grammar", "ngram")
    assert found.text == found.text.casefold().strip()
    assert 0.0 <= found.confidence <= 1.0
    if kind not in ("embedded", "wyoming"):  # a synthetic voice is hard for the packaged model
        assert found.text == SAID["command"]
    if kind == "embedded" or "word-times" in SUPPORTS[kind]:
        assert " ".join(word.text for word in found.words) == found.text
        times = [time for word in found.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert times[0] >= 0.0
        assert times[-1] <= sounds["command"].duration
        assert all(0.0 <= word.confidence <= 1.0 for word in found.words)
    else:
        assert (found.words, bool(found.text)) == ((), True)


def test_pieces_of_any_length_give_the_same(recogniser, sounds):
    assert hear(recogniser, sounds["command"], 3333) == hear(recogniser, sounds["command"])


def test_an_utterance_leaves_nothing_behind(recogniser, sounds):
    alone = hear(recogniser, sounds["other"])
    hear(recogniser, sounds["command"])
    assert hear(recogniser, sounds["other"]) == alone
    recogniser.start()
    recogniser.feed(sounds["command"].pcm)
    assert hear(recogniser, sounds["other"]) == alone


def test_where_nobody_speaks_there_is_nothing(recogniser):
    hiss = np.random.default_rng(3).normal(0, 30, SAMPLE_RATE).astype(np.int16)
    assert hear(recogniser, PcmAudio(samples=hiss)) == NOTHING
    recogniser.start()
    assert recogniser.finish() == NOTHING


def test_partial_words_come_where_it_says_so(recogniser, kind, sounds):
    recogniser.start()
    recogniser.feed(sounds["command"].pcm)
    shown = recogniser.partial()
    assert isinstance(shown, str)
    if kind != "embedded":
        assert bool(shown) is ("partial" in SUPPORTS[kind])
    recogniser.finish()


@pytest.mark.parametrize("kind", ["whisper", "sherpa", "vosk"])
def test_the_templates_decide_what_is_a_command(recogniser, sounds):
    engine = Engine(BUILTIN, names=NAMES, size=1, make=lambda: recogniser)
    taken, refused = engine.hear(sounds["command"]), engine.hear(sounds["other"])
    assert (taken.understanding.accepted, taken.understanding.intent) == (True, "getTime")
    assert not refused.understanding.accepted
    assert refused.text == SAID["other"]


@pytest.mark.parametrize("kind", ["whisper", "sherpa", "vosk"])
def test_each_is_told_what_is_likely_in_its_own_way(recogniser, kind, ears, sounds, biasing):
    hear(recogniser, sounds["command"])
    if kind == "whisper":
        listed = ears.told[0]["hotwords"].split(", ")
        assert listed[0] == "anna"
        assert set(listed[1:]) <= set(biasing.terms)
        assert ears.told[0]["initial_prompt"] is None
    elif kind == "sherpa":
        lines = ears.told[0]["hotwords"].splitlines()
        assert lines[0].startswith("ANNA :")
        assert ears.told[0]["decoding_method"] == "modified_beam_search"
        assert not ears.told[0].get("hotwords", "").islower()
    else:
        limited, free = ears.told
        assert free is None
        assert json.loads(limited)[-1] == UNKNOWN
        assert biasing.words <= set(json.loads(limited))


def test_a_wyoming_server_is_told_names_and_terms(wyoming_server, biasing, sounds, embedded):
    address, asked = wyoming_server
    recogniser = load_wyoming(address, local_only=True).recogniser(biasing)
    found = hear(recogniser, sounds["command"])
    assert asked[-1].language == "en"
    assert asked[-1].transcript_names == ["anna"]
    assert set(asked[-1].transcript_terms) <= set(biasing.terms)
    assert found.text == hear(embedded, sounds["command"]).text
