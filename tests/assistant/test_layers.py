"""The encoder's layers, read from its file and written back."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.assistant import encoder, layers

WORDS = ["remind", "me", "to", "call", "the", "plumber", "tomorrow"]


@pytest.fixture(scope="module")
def model():
    found = encoder.packaged()
    assert found is not None, "the extra `dev` brings the sentence encoder's packages"
    return found[0]


@pytest.fixture(scope="module")
def own(model):
    return layers.packed([layers.read(model, layer) for layer in range(layers.LAYERS)])


def test_what_is_read_and_written_back_is_the_same_encoder(own):
    packaged, again = encoder.load(), encoder.changed(own)
    # A column whose largest number was not at the end of int8's range is rounded again.
    assert packaged.encode(WORDS).whole @ again.encode(WORDS).whole > 0.9999


def test_every_layer_and_every_part_that_is_written_is_heard(own):
    packaged = encoder.load().encode(WORDS).whole
    rng = np.random.default_rng(0)
    parts = sorted({name.partition(".")[2] for name in own} - {"key.bias"})  # attention is blind to a key's bias
    for number, part in enumerate(parts):
        name = f"{number % layers.LAYERS}.{part}"
        array = own[name]
        changed = array[::-1] if array.dtype == np.int8 else array + rng.normal(0, 1, array.shape)
        moved = encoder.changed({**own, name: changed.astype(array.dtype)})
        assert packaged @ moved.encode(WORDS).whole < 0.999, name


@pytest.mark.parametrize(
    "wrong",
    [
        {"2.query": np.zeros((384, 383), dtype=np.int8)},
        {"2.query": np.zeros((384, 384), dtype=np.float32)},
        {"5.norm.bias": np.zeros(3, dtype=np.float32)},
    ],
    ids=["shape", "kind", "length"],
)
def test_layers_that_do_not_fit_are_refused(own, wrong):
    with pytest.raises(ValueError, match="another shape"):
        encoder.changed({**own, **wrong})


def test_a_layer_that_is_missing_is_refused_and_so_is_another_file(own):
    with pytest.raises(ValueError, match="layer 4"):
        encoder.changed({name: array for name, array in own.items() if not name.startswith("4.")})
    with pytest.raises(ValueError, match="the file holds no"):
        layers.read(b"another file", 0)
