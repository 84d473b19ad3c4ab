"""The network behind a learned wake word's head: what it learns from, and that a device asks it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from earmark import bundle as bundles
from earmark.bundle import ModelBundle
from earmark.device import (
    HEAD,
    HOP,
    EmbeddingDetector,
    EndpointRule,
    Event,
    Listener,
    Rejected,
    Voice,
    Woke,
    detector_of,
    frames,
    learned_head,
    load_verifier,
)
from earmark.errors import BadBundle
from earmark.learn import new_words, wake_network
from earmark.learn.new_words_second import SETTLE, STAGE1, firings
from earmark.learn.wake_streams import StreamMaker
from earmark.learn.wake_voices import synthetic_clips
from earmark.words import PcmAudio

WORD = "computer"
VOICES = ("f1", "f2", "f4", "m1", "m3", "m7", "Annie", "adam")
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def learned(in_this_process) -> Files:
    """A word from a few synthetic voices, with a network behind its head."""
    pytest.importorskip("jax", reason="JAX is not installed: pip install 'earmark[train]'")
    clips = synthetic_clips(
        WORD, seed=0, says=2, phrases=12, voices_a_phrase=1, invented=20, talks=6, timbres=VOICES, without=("commuter",)
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wake_network, "ENOUGH", 40)
        patched.setattr(new_words, "_OF_A_HEAD", 30)
        return new_words.train(WORD, clips, cost_of_a_miss=5.0)


def written(folder: Path, files: Files, **second: float) -> ModelBundle:
    about = json.loads(files[f"wake/{WORD}.json"])
    about["second"] |= second
    changed = {**files, f"wake/{WORD}.json": json.dumps(about).encode()}
    return bundles.write(folder, files=changed, about={}, key=Ed25519PrivateKey.generate())


def said(text: str, voice: str = "en-us+f3") -> NDArray[np.int16]:
    """Between two seconds of a quiet room before, and one after it; whole steps of a device's head."""
    with Voice() as speaking:
        sound = speaking.synthesise(text, voice=voice).samples
    length = -(-(len(sound) + 48_000) // 2560) * 2560
    room = np.random.default_rng(0).normal(0, 15, length)
    room[32_000 : 32_000 + len(sound)] += sound
    return room.astype(np.int16)


def heard(bundle: ModelBundle, samples: NDArray[np.int16]) -> list[Event]:
    ears = Listener(bundle=bundle, word=WORD, rule=EndpointRule(patience=0.2))
    return [event for frame in frames(PcmAudio(samples=samples)) for event in ears.feed(frame)]


def test_a_device_wakes_by_both(learned: Files, tmp_path: Path) -> None:
    about = json.loads(learned[f"wake/{WORD}.json"])
    assert about["kind"] == HEAD
    assert about["second"]["stage1"] == STAGE1
    bundle = written(tmp_path / "both", learned)
    assert isinstance(detector_of(bundle, WORD), EmbeddingDetector)
    events = heard(bundle, said(WORD))
    (woke,) = [event for event in events if isinstance(event, Woke)]
    assert woke.verifier is not None
    assert woke.verifier >= about["second"]["threshold"]
    assert not any(isinstance(event, Woke) for event in heard(bundle, said("the letter came today")))
    refusing = heard(written(tmp_path / "none", learned, threshold=2.0), said(WORD))
    assert refusing
    assert all(isinstance(event, Rejected) for event in refusing), "the network's no is a no"


def test_a_head_with_no_network_behind_it_decides_alone(learned: Files, tmp_path: Path) -> None:
    with np.load(io.BytesIO(learned[f"wake/{WORD}.npz"])) as arrays:
        head = {name: arrays[name] for name in arrays.files if not name.startswith("network.")}
    buffer = io.BytesIO()
    np.savez(buffer, **head)
    bundle = written(tmp_path, {**learned, f"wake/{WORD}.npz": buffer.getvalue()})
    assert load_verifier(bundle, WORD) is None
    assert any(isinstance(event, Woke) and event.verifier is None for event in heard(bundle, said(WORD)))


@pytest.mark.parametrize("second", [{"threshold": None}, {"settle": 9.0}, {"lean": "much"}, {"looks": 0}])
def test_what_does_not_fit_is_refused(second: dict, learned: Files, tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="unreadable"):
        load_verifier(written(tmp_path, learned, **second), WORD)


def test_training_asks_when_a_device_would(learned: Files, tmp_path: Path) -> None:
    """The same sound, piece by piece through a listener that is always refused, and as one stream."""
    bundle = written(tmp_path, learned, threshold=2.0)
    machine, _ = learned_head(bundle, WORD)
    verifier = load_verifier(bundle, WORD)
    assert verifier is not None
    assert verifier.network is not None
    count = 0
    for text in (WORD, f"{WORD}, {WORD} and {WORD}", "compute it with a commuter"):
        samples = said(text)
        rejected = [event for event in heard(bundle, samples) if isinstance(event, Rejected)]
        stream = StreamMaker().heard(samples)
        scores = [machine.score(window.reshape(-1, 96)) for window in stream.windows(stream.all)]
        odds = np.log(np.array(scores)) - np.log1p(-np.array(scores))
        phase = int(np.flatnonzero(stream.ends[stream.all] % 2560 == 0)[0])
        found = firings(new_words.smoothed(odds), phase=phase)
        assert [one.peak for one in found] == pytest.approx([event.score for event in rejected], abs=0.03)
        for one, event in zip(found, rejected, strict=True):
            assert stream.ends[stream.all[one.end]] / 16_000 == pytest.approx(event.at, abs=0.011)
            second = verifier.network.margins(stream.seen(int(stream.all[one.end]))[None])[0]
            assert verifier.curve.score(peak=one.peak, second=float(second)) == pytest.approx(event.verifier, abs=0.1)
        count += len(found)
    assert count >= 3


def scores(*parts: tuple[float, int]) -> NDArray[np.float64]:
    return np.concatenate([np.full(count, value) for value, count in parts])


def test_it_fires_once_until_the_score_falls_or_rises() -> None:
    high = STAGE1 + 0.2
    once = firings(scores((0.0, 4), (high, 5), (0.0, 6)))
    assert [(one.end, one.peak) for one in once] == [(4 + SETTLE, high)]
    assert len(firings(scores((high, 5), (0.0, 3), (high, 8)))) == 2, "it fell, and rose again"
    assert len(firings(scores((high, 6), (high + 0.3, 8)))) == 2, "what was refused was noise before the word"
    assert firings(scores((STAGE1, 40))) == []
    assert firings(scores((0.0, 5), (high, 1), (0.0, 9)), phase=0) == [], "a device's head looks at every second score"
    assert len(firings(scores((0.0, 5), (high, 1), (0.0, 9)), phase=1)) == 1
    assert HOP == 2
