"""What the acoustic network sees, and that a bundle's network is what was written into it."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.assistant import network as networks
from earmark.assistant.network import Network
from earmark.assistant.sight import EMBEDDED_EVERY, Eyes, Sight
from earmark.device import BANDS, DIMENSIONS, log_mel
from earmark.errors import BadBundle


@pytest.fixture(scope="module")
def network() -> Network:
    rng = np.random.default_rng(1)

    def layer(seen: int, width: int):
        return rng.normal(0, 0.1, (seen, width)).astype(np.float16).astype(np.float32), np.zeros(width, np.float32)

    width = 16
    return Network(
        phones=("SIL", "AA", "B"),
        scale=np.ones(BANDS, np.float32),
        log_prior=np.log(np.array([0.5, 0.3, 0.2], np.float32)),
        layers={
            "first": layer(7 * BANDS + DIMENSIONS, width),
            **{f"layer{number}": layer(3 * width, width) for number in range(3)},
            "phones": layer(width, 3),
        },
    )


def sight(frames: int) -> Sight:
    rng = np.random.default_rng(2)
    return Sight(
        mel=rng.normal(size=(frames, BANDS)).astype(np.float32),
        embeddings=rng.normal(size=(-(-frames // EMBEDDED_EVERY), DIMENSIONS)).astype(np.float32),
    )


def test_a_frame_every_ten_milliseconds_and_a_tone_in_its_own_band():
    second = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000) * 8000
    low, high = (
        log_mel(second.astype(np.int16)),
        log_mel((np.sin(2 * np.pi * 3000 * np.arange(16_000) / 16_000) * 8000).astype(np.int16)),
    )
    assert low.shape == (98, BANDS)
    assert low[50].argmax() < high[50].argmax()
    assert log_mel(np.zeros(10, np.int16)).shape == (1, BANDS), "a click is a frame"


def test_embeddings_cover_an_utterance_whatever_its_length():
    rng = np.random.default_rng(3)
    eyes = Eyes()
    for samples in (200, 16_000, 21_000, 60_000):
        seen = eyes.look(rng.normal(0, 500, samples).astype(np.int16))
        assert len(seen.embeddings) == -(-len(seen.mel) // EMBEDDED_EVERY)
    whole = eyes.look(rng.normal(0, 500, 60_000).astype(np.int16))
    again = eyes.look(rng.normal(0, 500, 60_000).astype(np.int16))
    assert not np.array_equal(whole.embeddings, again.embeddings)


@pytest.mark.parametrize("frames", [1, 2, 3, 50, 151])
def test_one_row_of_scores_every_thirty_milliseconds_with_the_likeliest_at_zero(network, frames):
    scores = network.scores(sight(frames))
    assert scores.shape == (-(-frames // 3), 3)
    assert scores.max(axis=1) == pytest.approx(0.0)
    assert np.isfinite(scores).all()


def test_what_is_read_is_what_was_written(network):
    again = networks.unpack(networks.pack(network))
    assert again.phones == network.phones
    assert np.array_equal(again.scores(sight(80)), network.scores(sight(80)))
    assert networks.pack(again) == networks.pack(network)


def test_parts_that_do_not_fit_are_refused(network):
    data = networks.pack(network)
    for broken in (b"", b"no archive", data[:-200]):
        with pytest.raises(BadBundle):
            networks.unpack(broken)
    wide = dict(network.layers) | {"layer1": (np.zeros((3, 16), np.float32), np.zeros(16, np.float32))}
    endless = dict(network.layers) | {"phones": (np.full((16, 3), np.nan, np.float32), np.zeros(3, np.float32))}
    for layers in (wide, endless):
        other = Network(phones=network.phones, scale=network.scale, log_prior=network.log_prior, layers=layers)
        with pytest.raises(BadBundle):
            networks.unpack(networks.pack(other))
