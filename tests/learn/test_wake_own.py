"""A verifier of a device's own: what it takes, what judges it, and that it never learns from one device alone."""

from __future__ import annotations

import json
import uuid

import numpy as np
import pytest

from earmark.bundle import device_of, for_device, own_name
from earmark.learn.wake import calibrated
from earmark.learn.wake_own import ENOUGH_OTHER, ENOUGH_SAID, enough, judged, own_verifiers
from earmark.learn.wake_rows import WEIGHT_OF_ITS_OWN, Rows

MINE = "aa11"


def home(*, said: int = ENOUGH_SAID, other: int = ENOUGH_OTHER, apart: float = 0.0, others: int = 60) -> Rows:
    """Rows of one device and of many others; `apart`: how far this device's boundary lies from everybody's."""
    rng = np.random.default_rng(0)
    count, mine = said + other + others, said + other
    is_said = np.array([True] * said + [False] * other + [index % 2 == 0 for index in range(others)])
    values = rng.normal(0, 0.3, (count, 1, 4)).astype(np.float32)
    values[:, 0, 0] += np.where(is_said, 1.0, -1.0)
    values[:mine, 0, 0] += apart
    values[:mine, 0, 1] += 0.3 * (apart != 0)
    return Rows(
        values=values,
        said=is_said,
        group=np.array([f"s{index}" for index in range(count)]),
        labelled=np.ones(count, bool),
        peak=np.full(count, 0.95, np.float32),
        clear=np.full(count, 20.0, np.float32),
        second=np.zeros(count),
        as_heard=np.ones(count, bool),
        device=np.array([MINE] * mine + [f"b{index % 6}" for index in range(others)]),
        clip=np.arange(count),
    )


def make(rows: Rows, own: str | None = None):
    return calibrated(rows, cutoff=0.9, cost_of_a_miss=5.0, own=own)


def owned(rows: Rows, make=make):
    return own_verifiers("alexa", rows, make=make, cost_of_a_miss=5.0, progress=lambda *_: None)


@pytest.mark.parametrize(
    ("rows", "is_enough"),
    [
        (home(), True),
        (home(said=ENOUGH_SAID - 1), False),
        (home(other=ENOUGH_OTHER - 1), False),
        (home(others=0), False),  # nobody else: it would know its people instead of the word
        (home(others=1), False),
    ],
)
def test_enough(rows: Rows, is_enough: bool) -> None:
    assert enough(rows, MINE) is is_enough


def test_a_third_of_its_clips_judge_and_no_other_does() -> None:
    rows = home(said=30, other=15)
    chosen = judged(rows, MINE)
    assert (chosen & rows.said).sum() == 10
    assert (chosen & ~rows.said).sum() == 5
    assert set(rows.device[chosen]) == {MINE}


def test_what_judges_is_never_trained_on() -> None:
    """Both rivals are made without the clips that judge; the verifier that is handed out knows them all."""
    rows, seen = home(apart=1.6), []

    def spy(some: Rows, own: str | None = None):
        seen.append((set(some.clip.tolist()), own))
        return make(some, own=own)

    third = set(rows.clip[judged(rows, MINE)].tolist())
    found = owned(rows, spy)
    assert [own for _, own in seen[:2]] == [None, MINE]
    assert all(not third & clips for clips, _ in seen[:2])
    assert all(len(clips) >= 60 for clips, _ in seen), "everybody's recordings are among them"
    if found:
        assert third <= seen[2][0]


def test_a_device_that_is_different_gets_one_of_its_own() -> None:
    found = owned(home(said=45, other=45, apart=1.6))
    assert [own.device for own in found] == [MINE]
    assert found[0].after < found[0].before
    assert set(found[0].files) == {f"wake/alexa@{MINE}.json", f"wake/alexa@{MINE}.npz"}
    about = json.loads(found[0].files[f"wake/alexa@{MINE}.json"])
    assert about["own"]["weight"] == WEIGHT_OF_ITS_OWN
    assert about["cost_of_a_miss"] == 5.0


def test_a_device_like_the_others_gets_none() -> None:
    assert owned(home()) == []


def test_names_tell_nothing_and_stay() -> None:
    device, other = uuid.UUID(int=1), uuid.UUID(int=2)
    name = own_name(b"secret", device)
    assert name == own_name(b"secret", device)
    assert name not in (own_name(b"secret", other), own_name(b"another", device))
    assert device.hex[:8] not in name
    assert device_of(f"wake/alexa@{name}.json") == name
    assert device_of("wake/alexa.json") is None
    assert for_device(f"wake/alexa@{name}.npz", name)
    assert not for_device(f"wake/alexa@{name}.npz", own_name(b"secret", other))
    assert for_device("wake/alexa.npz", name)
    assert not for_device("asr/lm.arpa", name)
