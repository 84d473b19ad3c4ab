from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle as bundles
from earmark.assistant import FEATURE_NAMES, Decision, Engine, Heard, Hypothesis
from earmark.learn.clips import Clip
from earmark.learn.decoded import Decoded, decoders_of, models_of
from earmark.learn.hearing import Job, Reading, Result
from earmark.words import PcmAudio


def clip(name, level):
    return Clip(id=name, source=PcmAudio(samples=np.full(160, level, np.int16)), part="other", speaker="a")


@pytest.fixture
def bundle(tmp_path):
    """`bundle(**{"asr/lm.arpa": b"…"})`: a signed bundle of these files."""
    key = Ed25519PrivateKey.generate()
    return lambda **files: bundles.write(tmp_path, files=files, about={}, key=key)


def decided(bias):
    zero, one = np.zeros(len(FEATURE_NAMES)), np.ones(len(FEATURE_NAMES))
    decision = Decision(mean=zero, scale=one, weights=zero, bias=bias, threshold=0.5)
    return {"asr/decision.json": json.dumps(decision.to_json()).encode()}


class Ears:
    """Hears "make me a latte" in everything, as the bundle's decision wants it, and counts."""

    def __init__(self, bundle) -> None:
        self.engine, self.decision = Engine(bundle, size=1), Decision.load(bundle)
        self.heard, self.before = [], []

    def __call__(self, jobs):
        self.heard += [job.clip.id for job in jobs]
        self.before += [job.before for job in jobs]
        evidence = dict.fromkeys(FEATURE_NAMES, 0.0)
        confidence = self.decision.confidence(np.zeros(len(FEATURE_NAMES)))
        hypothesis = Hypothesis(
            words=(), text="make me a latte", confidence=confidence, source="grammar", evidence=evidence
        )
        heard = Heard(hypothesis=hypothesis, understanding=self.engine.understand(hypothesis))
        return [Result(wakes=None, reading=Reading(heard=heard, duration=0.01, seconds=1.0)) for _ in jobs]


def test_the_same_models_decode_a_sound_once_and_every_decision_is_its_own(bundle):
    trusting, careful = bundle(**decided(1.0)), bundle(**decided(-1.0))
    assert models_of(trusting) == models_of(careful)
    clips, decoded, ears = [clip("a", 1), clip("b", 2)], Decoded(), Ears(trusting)
    first = decoded.hear(clips, trusting, ears)
    again = decoded.hear([*clips, clip("c", 3)], careful, ears_of_careful := Ears(careful))
    assert (ears.heard, ears_of_careful.heard) == (["a", "b"], ["c"])
    assert all(each.reading.heard.hypothesis.confidence > 0.5 for each in first)
    jobs = [Job(clip=each, wake=False, hear=True) for each in [*clips, clip("c", 3)]]
    assert again == Ears(careful)(jobs)
    assert all(each.reading.heard.hypothesis.confidence < 0.5 for each in again)


def test_another_network_is_given_what_the_same_decoders_made_of_a_sound(bundle):
    plain, words = bundle(**decided(1.0)), bundle(**{"asr/lm.arpa": b"1"})
    network = bundle(**{"asr/network.npz": b"1"})
    assert decoders_of(plain) == decoders_of(network) != decoders_of(words)
    assert models_of(plain) != models_of(network)
    decoded, ears = Decoded(), Ears(plain)
    (first,) = decoded.hear([clip("a", 1)], plain, ears)
    decoded.hear([clip("a", 1), clip("b", 2)], network, ears)
    decoded.hear([clip("a", 1)], words, ears)
    assert ears.heard == ["a", "a", "b", "a"]
    assert ears.before == [None, first.reading, None, None]


def test_other_models_and_other_sound_are_decoded(bundle):
    one, other = bundle(**{"asr/lm.arpa": b"1"}), bundle(**{"asr/lm.arpa": b"2"})
    written = bundle(**{"asr/lm.arpa": b"1", "nlu/model.json": b"{}"})
    assert models_of(one) == models_of(written) != models_of(other)
    decoded, ears = Decoded(), Ears(bundles.BUILTIN)
    decoded.hear([clip("a", 1)], one, ears)
    decoded.hear([clip("a", 1)], other, ears)
    decoded.hear([replace(clip("a", 1), source=clip("a", 2).source)], one, ears)
    assert len(ears.heard) == 3
    assert decoded.hear([], one, ears) == []
