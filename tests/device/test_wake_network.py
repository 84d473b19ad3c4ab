"""The verifier's network on a device: what it sees, what it says, and what it refuses to read."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle as bundles
from earmark.bundle import ModelBundle
from earmark.device import load_verifier
from earmark.device.mel import times
from earmark.device.wake_network import FRAMES, PLACES, SEEN, WIDTH, WakeNetwork, assemble, look, shapes, steps
from earmark.errors import BadBundle

POINT = {"stage1": 0.1, "threshold": 0.4, "settle": 0.36, "gamma": 0.01, "intercept": 0, "slope": 1.0, "offset": 0.0}
SOUND = np.random.default_rng(1).normal(0, 900, 32_000).astype(np.int16)


def some(seed: int = 0) -> WakeNetwork:
    rng = np.random.default_rng(seed)

    def drawn(shape: tuple[int, ...]) -> np.ndarray:
        return rng.normal(0, 0.1, shape).astype(np.float16).astype(np.float32)

    return WakeNetwork(layers={name: (drawn(weights), drawn(bias)) for name, (weights, bias) in shapes().items()})


def packed(folder: Path, network: dict[str, np.ndarray], about: dict[str, float]) -> ModelBundle:
    machine = {
        "mean": np.zeros(192, np.float32),
        "scale": np.ones(192, np.float32),
        "vectors": np.ones((3, 192), np.float16),
        "weights": np.ones(3, np.float32),
    }
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **machine, **network)
    files = {"wake/alexa.npz": buffer.getvalue(), "wake/alexa.json": json.dumps(about).encode()}
    return bundles.write(folder, files=files, about={}, key=Ed25519PrivateKey.generate())


def test_it_is_what_was_trained() -> None:
    """The device runs numpy, training JAX: the same numbers."""
    jax = pytest.importorskip("jax", reason="JAX is not installed: pip install 'earmark[train]'")
    from earmark.learn.wake_network import odds_of

    network, mel = some(), np.stack([look(SOUND), look(SOUND[:9000]), look(SOUND // 9)])
    theirs = np.mean([odds_of(network.layers, jax.numpy.asarray(mel[:, at : at + FRAMES])) for at in PLACES], axis=0)
    assert network.margins(mel) == pytest.approx(theirs, abs=1e-4)
    assert np.ptp(theirs) > 0.01, "it says something else of each"


def test_it_looks_at_the_newest_second_and_a_half() -> None:
    assert look(SOUND).shape == (SEEN, 40)
    assert np.array_equal(look(SOUND), look(SOUND[-24_000:]))
    assert not np.array_equal(look(SOUND), look(SOUND[:-160]))


def test_products_of_any_length_are_whole() -> None:
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(20, 5)).astype(np.float32)
    for count in (0, 1, 8, 13):
        values = rng.normal(size=(count, 20)).astype(np.float32)
        assert times(values, weights) == pytest.approx(values @ weights, abs=1e-4)


def test_digital_silence_looks_like_a_quiet_room() -> None:
    nothing = look(np.zeros(0, np.int16))
    assert np.array_equal(nothing, look(np.zeros(32_000, np.int16)))
    assert nothing.std(axis=0).min() > 0.01, "no band stands still, as it would without the dither"


def test_what_it_says_counts_as_much_as_the_bundle_has_it(tmp_path: Path) -> None:
    network, embedding = some(), np.zeros((2, 96), np.float32)
    arrays = network.arrays()
    found = {}
    for lean in (0.0, 0.5):
        verifier = load_verifier(packed(tmp_path / str(lean), arrays, POINT | {"lean": lean}), "alexa")
        assert verifier is not None
        score = verifier.score(embedding, heard=SOUND)
        found[lean] = np.log(score / (1 - score))
    assert found[0.5] - found[0.0] == pytest.approx(0.5 * network.margin(SOUND), abs=1e-5)


def test_a_bundle_of_before_has_none(tmp_path: Path) -> None:
    verifier = load_verifier(packed(tmp_path, {}, POINT), "alexa")
    assert verifier is not None
    assert verifier.network is None
    assert 0.0 < verifier.score(np.zeros((2, 96), np.float32), heard=SOUND) < 1.0


@pytest.mark.parametrize(
    "changed",
    [
        {"network.layer0.weights": np.zeros((3, 3), np.float16)},
        {"network.layer2.bias": np.full(WIDTH, np.nan, np.float32)},
        {"network.attends.bias": np.zeros(steps() + 1, np.float32)},
        {"network.said.weights": None},
    ],
)
def test_one_that_does_not_fit_is_refused(changed: dict, tmp_path: Path) -> None:
    arrays = {name: value for name, value in (some().arrays() | changed).items() if value is not None}
    with pytest.raises(ValueError):
        assemble({name: value.astype(np.float32) for name, value in arrays.items()})
    with pytest.raises(BadBundle, match="unreadable"):
        load_verifier(packed(tmp_path, arrays, POINT), "alexa")
