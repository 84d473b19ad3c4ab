"""Training the verifier's network: what it learns, from whom, and that it comes out the same."""

from __future__ import annotations

import numpy as np
import pytest

from earmark.learn import wake_network
from earmark.learn.wake_network import Lesson, train, witness
from earmark.learn.wake_rows import Rows

pytest.importorskip("jax", reason="JAX is not installed: pip install 'earmark[train]'")

QUIET = np.random.default_rng(9).normal(6, 0.5, (400, 40)).astype(np.float32)


def windows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A tone that rises is the word, one that falls is none; each at another place and loudness."""
    rng = np.random.default_rng(seed)
    mel, said = rng.normal(6, 0.5, (count, 144, 40)), np.arange(count) % 2 == 0
    for row, rises in zip(mel, said, strict=True):
        start, low, loud = rng.integers(40, 70), rng.integers(5, 15), rng.uniform(4, 8)
        for at in range(50):
            band = low + (at if rises else 50 - at) * 20 // 50
            row[start + at, band : band + 3] += loud
    return mel.astype(np.float16), said


def rows(said: np.ndarray, groups: int = 20) -> Rows:
    count = len(said)
    return Rows(
        values=np.zeros((count, 1, 4), np.float32),
        said=said,
        group=np.array([f"s{index % groups}" for index in range(count)]),
        labelled=np.arange(count) % 4 < 2,
        peak=np.full(count, 0.9, np.float32),
        clear=np.full(count, 20.0, np.float32),
        second=np.zeros(count),
        as_heard=np.ones(count, bool),
        device=np.full(count, ""),
        clip=np.arange(count),
    )


def lesson(count: int, **changed) -> Lesson:
    mel, said = windows(count, 1)
    of = {"mel": mel, "said": said, "weight": np.ones(count), "noise": QUIET, "asked": mel[:0], "epochs": 20}
    return Lesson(**of | changed)


def test_it_learns_and_comes_out_the_same() -> None:
    heard: list[float] = []
    network = train(lesson(300), heard.append)
    mel, said = windows(100, 2)
    assert np.mean((network.margins(mel) > 0) == said) > 0.9
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    again = train(lesson(300))
    other = train(lesson(300, seed=1))
    for name, (weights, bias) in network.layers.items():
        assert np.array_equal(weights, again.layers[name][0]), name
        assert np.array_equal(bias, again.layers[name][1]), name
    assert not np.array_equal(network.layers["layer0"][0], other.layers["layer0"][0])
    # In a process of its own on one thread, where a sum's last digit is another.
    ((apart, margins),) = wake_network.compute.apart(wake_network._alone, [lesson(300)])
    assert np.allclose(apart.layers["attends"][0], network.layers["attends"][0], atol=1e-4)
    assert margins.shape == (len(lesson(300).asked),)


def test_everybody_is_judged_by_a_network_that_never_heard_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake_network, "ENOUGH", 100)
    asked: list[Lesson] = []

    def apart(work, lessons, *, told):
        asked.extend(lessons)
        return [(train_nothing, np.arange(len(one.asked), dtype=float)) for one in lessons]

    train_nothing = object()
    monkeypatch.setattr(wake_network.compute, "apart", apart)
    mel, said = windows(120, 1)
    mel[:, 0, 0] = np.arange(120) % 10  # the speaker, so that it can be told from outside
    said = np.arange(120) // 10 % 2 == 0
    network, unseen = witness(mel, rows(said, groups=10))
    assert network is train_nothing
    everybody, *halves = asked
    assert (len(everybody.mel), len(everybody.asked), len(halves)) == (120, 0, 2)
    for half in halves:
        taught, judged = (set(part[:, 0, 0].tolist()) for part in (half.mel, half.asked))
        assert taught
        assert judged
        assert not taught & judged
    assert sum(len(half.asked) for half in halves) == len(unseen) == 120


def test_too_little_or_no_jax_is_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    mel, said = windows(120, 1)
    assert witness(mel, rows(said)) is None
    monkeypatch.setattr(wake_network, "ENOUGH", 100)
    assert witness(mel, rows(said, groups=2)) is None, "a half that holds one side teaches nothing"
    monkeypatch.setattr(wake_network, "find_spec", lambda name: None)
    assert witness(mel, rows(np.arange(120) // 10 % 2 == 0, groups=10)) is None


def test_noise_is_drawn_where_nobody_recorded_some() -> None:
    drawn, short = (wake_network._noise(noise, 3) for noise in (None, np.zeros(16_000, np.int16)))
    assert np.array_equal(drawn, short)
    assert len(drawn) > 4000
    own = np.random.default_rng(0).normal(0, 100, 5 * 16_000).astype(np.int16)
    assert len(wake_network._noise(own, 3)) == 498
