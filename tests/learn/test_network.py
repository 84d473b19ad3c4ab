"""Training the acoustic network: it learns, it learns the same each time, and it says what it lacks."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from earmark.assistant import network as networks
from earmark.assistant.sight import EMBEDDED_EVERY, Eyes, Sight
from earmark.device import BANDS, DIMENSIONS, Voice
from earmark.errors import MissingExtra
from earmark.learn.acoustics import Acoustics, _Rendering, phones, render, train_networks
from earmark.learn.adapting import spoken
from earmark.learn.louder import Day, Surroundings
from earmark.learn.meant import Meant
from earmark.learn.network import BESIDE, CHUNK, Example, train

PHONES = ("SIL", "AA", "B")


def example(seed: int) -> Example:
    """Three sounds, each with bands of its own, in stretches of 12 frames."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.integers(0, 3, 15), 12)
    mel = rng.normal(0, 0.5, (len(truth), BANDS))
    for phone in range(3):
        mel[truth == phone, 10 * phone : 10 * phone + 10] += 2.0
    embeddings = rng.normal(size=(-(-len(truth) // 8), DIMENSIONS))
    return Example(
        sight=Sight(mel=mel.astype(np.float32), embeddings=embeddings.astype(np.float32)),
        phones=truth.astype(np.intp),
        part=(0, len(truth)),
    )


def test_it_tells_sounds_apart_that_it_never_heard():
    told = []
    network = train(
        [example(seed) for seed in range(24)], phones=PHONES, epochs=20, progress=lambda *line: told.append(line)
    )
    new = example(99)
    read = network.scores(new.sight).argmax(axis=1)
    assert np.mean(read == new.phones[1::3]) > 0.8
    assert told[-1][1] == told[-1][2]


def test_the_same_examples_give_the_same_network_and_one_that_is_gone_leaves_nothing():
    some, gone = [example(seed) for seed in range(6)], example(77)
    first = networks.pack(train(some, phones=PHONES, epochs=2))
    assert networks.pack(train([*some, gone], phones=PHONES, epochs=2)) != first
    assert networks.pack(train(some, phones=PHONES, epochs=2)) == first
    assert networks.pack(train(some, phones=PHONES, epochs=2, seed=1)) != first


def test_without_jax_it_says_what_to_install_and_learning_goes_on_without_a_network(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtra):
        train([example(0)], phones=PHONES)
    assert render([], [], progress=lambda *line: None) == []


def test_a_few_utterances_train_no_network_and_halves_are_kept_apart(taught, quiet, monkeypatch):
    monkeypatch.setattr("earmark.learn.acoustics.FEWEST", 6)  # each is rendered five times, a fifth of a second each
    with Voice() as voice:
        said = voice.synthesise("give me a large latte", voice="en-us+f2", speed=140).samples
    sound = np.concatenate([*[quiet] * 4, said, *[quiet] * 4])
    lesson = taught(sound, intent="orderDrink", slots={"size": "large", "coffeeDrink": "latte"})
    (one,) = spoken([lesson], progress=lambda *line: None)
    assert len(one.phones) == 1 + (len(sound) - 400) // 160, "quiet included"
    assert render([one] * 5, [lesson], progress=lambda *line: None) == []
    rendered = render([one] * 6, [lesson], progress=lambda *line: None, workers=1)
    assert len(rendered) == 5 * 6
    names = phones()
    first = rendered[0][1]
    assert {"L", "AA", "T"} <= {names[at] for at in first.phones} | {"AA"}
    assert first.phones[0] == first.phones[-1] == names.index("SIL")
    assert all(len(each.phones) == len(each.sight.mel) for _, each in rendered)
    for _, each in rendered:
        start, stop = each.part
        assert not each.phones[:start].any(), "nothing that was said is left out"
        assert not each.phones[stop:].any()
        assert each.phones[start:stop].any()
    whole = Eyes().look(sound)
    start, stop = first.part
    assert stop - start < len(whole.mel) - CHUNK, "of quiet there is less than was recorded"
    seen = slice((start - BESIDE) // EMBEDDED_EVERY, (stop + BESIDE) // EMBEDDED_EVERY)
    assert np.array_equal(first.sight.mel, whole.mel)
    # Not to the bit: the embedder measures loudness within what it is given at a time.
    alike = np.corrcoef(first.sight.embeddings[seen].ravel(), whole.embeddings[seen].ravel())[0, 1]
    assert alike > 0.95, "as if all were looked at, and at the same moments"
    both = [(0, first), (1, first)]
    told: list[tuple[str, int, int]] = []
    found = train_networks(both, workers=2, progress=lambda *line: told.append(line))
    assert found["without-0"] == found["without-1"] != found["all"]
    assert told[-1][1:] == (100, 100)
    acoustics = Acoustics(utterances=[one], networks=found)
    assert acoustics.files(without=0)[networks.FILE] == found["without-0"]
    assert acoustics.files()[networks.FILE] == found["all"]
    assert train_networks([]) == {}


def test_the_words_of_a_command_are_found_by_what_it_means(quiet):
    with Voice() as voice:
        said = voice.synthesise("make me a small mocha with lots of milk", voice="en-us+m3", speed=140).samples
    sound = np.concatenate([quiet[:3000], said, quiet[:3000]])
    meant = Meant()
    slots = {"size": "small", "coffeeDrink": "mocha", "milkAmount": "lots of milk"}
    assert meant.words(sound, "orderDrink", slots) == "make me a small mocha with lots of milk"
    assert meant.words(sound, "orderDrink", {"size": "enormous"}) is None, "no sentence means this"
    assert meant.words(sound, "flyAway", {}) is None
    assert meant.words(sound[:0], "orderDrink", slots) is None


def test_another_day_is_louder_faster_and_drawn_from_the_generator_alone():
    rng = np.random.default_rng(5)
    said, noise = (rng.normal(0, 900, length).astype(np.int16) for length in (32_000, 50_000))
    around = Surroundings(noises=[noise], voices=[said])
    days = [around.another_day(said, np.random.default_rng(seed)) for seed in range(12)]
    assert {day.speed for day in days} == {0.9, 1.0, 1.1}
    assert all(len(day.samples) == int(32_000 / day.speed) for day in days)
    again = around.another_day(said, np.random.default_rng(3))
    assert np.array_equal(days[3].samples, again.samples)
    assert len({day.samples.tobytes() for day in days}) == 12
    crowds = [day.crowd for day in days]
    assert any(crowds)
    assert not all(crowds)
    alone = Surroundings(noises=[noise], voices=[])
    assert not any(alone.another_day(said, np.random.default_rng(seed)).crowd for seed in range(12))


def test_where_a_crowd_talks_all_of_a_recording_is_learned_from(taught, quiet, monkeypatch):
    with Voice() as voice:
        said = voice.synthesise("give me a large latte", voice="en-us+f2", speed=140).samples
    sound = np.concatenate([*[quiet] * 4, said, *[quiet] * 4])
    lesson = taught(sound, intent="orderDrink", slots={"size": "large", "coffeeDrink": "latte"})
    (one,) = spoken([lesson], progress=lambda *line: None)
    crowds = iter([True, False, False, True])
    monkeypatch.setattr(
        Surroundings, "another_day", lambda self, samples, rng: Day(samples=samples, speed=1.0, crowd=next(crowds))
    )
    (as_it_was, *days) = [one.part for one in _Rendering(Surroundings(noises=[], voices=[]))((one, sound))]
    whole = (0, len(one.phones))
    assert as_it_was != whole
    assert days == [whole, as_it_was, as_it_was, whole]
