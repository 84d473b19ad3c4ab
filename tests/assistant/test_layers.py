"""The encoder's layers, read from its file, and the graph that runs them."""

from __future__ import annotations

import numpy as np
import onnxruntime
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
    return layers.read(model)


@pytest.mark.parametrize(("coarse", "near"), [(False, 0.998), (True, 0.98)])
def test_the_graph_means_what_the_files_own_graph_means(model, own, coarse, near):
    made = encoder.MiniLm(layers.embeddings(model), encoder.packaged()[1], layers.graph(own, coarse=coarse))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for text in ("stop", "remind me to call the plumber tomorrow", "please " * 70):
        words = text.split()
        ids = np.array([encoder.pieces_of(words, encoder.packaged()[1])[0]])
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        whole = session.run(None, given)[0][0].mean(axis=0)
        # Multiplied in int8 it is a little coarser.
        assert whole @ made.encode(words).whole / np.linalg.norm(whole) > near, text


def test_the_packaged_encoder_is_quick_and_one_that_was_trained_further_exact(model, own):
    pieces = encoder.packaged()[1]
    exact, coarse = (
        encoder.MiniLm(layers.embeddings(model), pieces, layers.graph(own, coarse=coarse)).encode(WORDS).whole
        for coarse in (False, True)
    )
    assert (encoder.load().encode(WORDS).whole == coarse).all()
    assert (encoder.load().changed(own).encode(WORDS).whole == exact).all()
    assert (exact != coarse).any()


def test_the_first_layers_alone_are_another_reading(model, own):
    pieces = encoder.packaged()[1]
    lower = encoder.MiniLm(layers.embeddings(model), pieces, layers.graph(own, coarse=True, depth=3)).encode(WORDS)
    assert (encoder.load(3).encode(WORDS).words == lower.words).all()
    assert encoder.load(6).encode(WORDS).whole @ lower.whole < 0.9


@pytest.mark.parametrize("depth", [0, 7])
def test_there_are_no_more_layers_than_six(own, depth):
    with pytest.raises(ValueError, match="there are 6 layers"):
        layers.graph(own, depth=depth)


def test_two_threads_come_to_the_same_numbers(model, own):
    pieces = encoder.packaged()[1]
    one, two = (
        encoder.MiniLm(layers.embeddings(model), pieces, layers.graph(own), threads=threads) for threads in (1, 2)
    )
    for text in ("stop", "remind me to call the plumber tomorrow", "please " * 70):
        assert (one.encode(text.split()).words == two.encode(text.split()).words).all(), text


def test_layers_are_packed_as_they_were_read(own):
    again = layers.packed([layers.unpacked(own, layer) for layer in range(layers.LAYERS)])
    assert again.keys() == own.keys() == set(layers.names())
    # A column whose largest number was not at the end of int8's range is rounded again.
    assert encoder.load().changed(own).encode(WORDS).whole @ encoder.load().changed(again).encode(WORDS).whole > 0.9999


def test_every_layer_and_every_part_that_is_written_is_heard(own):
    packaged = encoder.load().changed(own).encode(WORDS).whole
    rng = np.random.default_rng(0)
    parts = sorted({name.partition(".")[2] for name in own} - {"key.bias"})  # attention is blind to a key's bias
    for number, part in enumerate(parts):
        name = f"{number % layers.LAYERS}.{part}"
        array = own[name]
        changed = array[::-1] if array.dtype == np.int8 else array + rng.normal(0, 1, array.shape)
        moved = encoder.load().changed({**own, name: changed.astype(array.dtype)})
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
        encoder.load().changed({**own, **wrong})


def test_a_layer_that_is_missing_is_refused_and_so_is_another_file(own):
    with pytest.raises(ValueError, match="layer 4"):
        encoder.load().changed({name: array for name, array in own.items() if not name.startswith("4.")})
    with pytest.raises(ValueError, match="the file holds no"):
        layers.read(b"another file")
