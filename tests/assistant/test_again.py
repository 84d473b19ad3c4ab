"""A sound that was decoded before is read again by another network without being decoded."""

from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle as bundles
from earmark.assistant import FEATURE_NAMES, Engine
from earmark.assistant import network as networks
from earmark.assistant.network import OFFSETS, SIDE, SILENCE, Network
from earmark.assistant.spans import OPEN_PHONES
from earmark.bundle import BUILTIN
from earmark.device import BANDS, DIMENSIONS, Voice
from earmark.words import PcmAudio

PHONES = (SILENCE, *sorted(OPEN_PHONES.values()))


@pytest.fixture(scope="module")
def order():
    with Voice() as voice:
        return PcmAudio(samples=voice.synthesise("make me a latte please", voice="en-us+m3", speed=130).samples)


def network(seed):
    """Of weights that were drawn, not learned."""
    rng, width = np.random.default_rng(seed), 16

    def layer(seen, outputs):
        return rng.normal(0, 0.3, (seen, outputs)).astype(np.float32), np.zeros(outputs, np.float32)

    between = {f"layer{number}": layer(3 * width, width) for number in range(len(OFFSETS))}
    seen = (2 * SIDE + 1) * BANDS + DIMENSIONS
    return Network(
        phones=PHONES,
        scale=np.ones(BANDS, np.float32),
        log_prior=np.full(len(PHONES), -3.7, np.float32),
        layers={
            "first": layer(seen, width),
            **between,
            "phones": layer(width, len(PHONES)),
        },
    )


def test_read_again_it_is_what_decoding_it_would_give(order, tmp_path):
    key = Ed25519PrivateKey.generate()
    learned = [
        bundles.write(tmp_path / str(seed), files={networks.FILE: networks.pack(network(seed))}, about={}, key=key)
        for seed in (1, 2)
    ]
    engines = [Engine(bundle, size=1) for bundle in (BUILTIN, *learned)]
    heard = [engine.hear(order) for engine in engines]
    plain, first, second = (one.hypothesis for one in heard)
    assert plain.text == "make me a latte please"
    assert set(plain.evidence) == set(FEATURE_NAMES)
    assert first.evidence != second.evidence
    for one in heard:
        decoding = one.hypothesis.decoding
        assert decoding is not None
        assert decoding == plain.decoding
        assert [engine.again(decoding, order) for engine in engines] == heard


def test_another_recogniser_reads_nothing_again(order):
    heard = Engine(size=1).hear(order)
    other = Engine(size=1, make=object)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError):
        other.again(heard.hypothesis.decoding, order)
