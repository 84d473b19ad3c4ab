"""The measurement's own parts; how fast it is, no test says."""

from __future__ import annotations

from pathlib import Path

from earmark.bench.wake import WORD, kitchen, stand_in
from earmark.device import EndOfSpeech, Listener, Rejected, Woke, frames, load_verifier


def test_the_stream_has_a_wake_and_a_false_one(tmp_path: Path) -> None:
    """Otherwise the verifier's cost would be missing from the number that is published."""
    stream = list(frames(kitchen(), tail=0.0))
    assert len(stream) == 12_000
    refusing = Listener(bundle=stand_in(tmp_path, threshold=1.1), word=WORD)
    events = [event for frame in stream for event in refusing.feed(frame)]
    assert len(events) >= 2
    assert all(isinstance(event, Rejected) for event in events)
    accepting = Listener(bundle=stand_in(tmp_path, threshold=0.0), word=WORD)
    events = [event for frame in stream for event in accepting.feed(frame)]
    assert any(isinstance(event, Woke) for event in events)
    assert any(isinstance(event, EndOfSpeech) for event in events)


def test_the_stand_in_is_as_large_as_the_real_one(tmp_path: Path) -> None:
    verifier = load_verifier(stand_in(tmp_path, threshold=0.5), WORD)
    assert verifier is not None
    assert (verifier.looks, verifier.windows) == (3, 11), "nine, and two further looks"
    assert verifier.machine.vectors.shape == (2000, 864)
    assert verifier.network is not None
