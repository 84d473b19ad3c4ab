"""The verifier's training: what it may learn from, what it must not, and where it puts its threshold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from earmark import bundle as bundles
from earmark.device import EndpointRule, Listener, Rejected, Voice, Woke, frames, load_verifier
from earmark.learn import wake_network
from earmark.learn.neighbours import spoken
from earmark.learn.wake import Learned, train
from earmark.learn.wake_point import operating_point
from earmark.learn.wake_rows import Rows, fit_unseen
from earmark.learn.wake_voices import parted, pico_clips, synthetic_clips
from earmark.learn.wake_windows import COST_OF_A_MISS, STAGE1, WakeClip, WindowMaker, make_windows
from earmark.words import PcmAudio


class Silence:
    """No speech after a wake: captures end at once, and the next clip is heard."""

    def __call__(self, chunk: bytes) -> float:
        return 0.0

    def reset(self) -> None: ...


def rows(
    said: list[int],
    labelled: list[int],
    groups: list[str] | None = None,
    values: NDArray | None = None,
    peak: float = 0.95,
    as_heard: list[int] | None = None,
) -> Rows:
    count = len(said)
    return Rows(
        values=(np.zeros((count, 4)) if values is None else values).astype(np.float32)[:, None],
        said=np.array(said, bool),
        group=np.array(groups or [str(index) for index in range(count)]),
        labelled=np.array(labelled, bool),
        peak=np.full(count, peak, np.float32),
        clear=np.full(count, 20.0, np.float32),
        second=np.zeros(count),
        device=np.array([""] * count),
        clip=np.arange(count),
        as_heard=np.array(as_heard or [1] * count, bool),
    )


def test_wakes_as_heard_and_in_drawn_rooms_count_half_each() -> None:
    """Twenty wakes as they were heard score high, forty in drawn rooms low: half of what is missed, not two thirds."""
    said, as_heard = [1] * 60 + [0] * 20, [1] * 20 + [0] * 40 + [1] * 20
    scores = np.concatenate([np.full(20, 0.9), np.full(40, 0.3), np.full(20, 0.6)])
    point = operating_point(scores, rows(said, [1] * 80, as_heard=as_heard), cutoff=0.9, cost_of_a_miss=1.0)
    assert 0.6 < point.threshold < 0.9
    assert (point.miss_rate, point.passed) == (0.5, 0.0)


@pytest.fixture(scope="module")
def trained(in_this_process) -> tuple[dict[str, bytes], list[WakeClip], list[WakeClip]]:
    """A verifier from a few voices, network and all, and the clips of other voices."""
    with Voice() as voice:

        def say(text: str, name: str, speed: int) -> PcmAudio:
            return voice.synthesise(text, voice=name, speed=speed)

        people = [
            WakeClip(audio=say(text, f"en-us+{name}", 150), said=text == "alexa", group=name)
            for name in ("f1", "f3", "m1", "m3", "Annie", "adam")
            for text in ("alexa", "a lexus", "elixir", "a lecture")
        ]
        others = [
            WakeClip(audio=say(text, f"en+{name}", 150), said=text == "alexa", group=name)
            for name in ("f4", "m5", "linda", "ed")
            for text in ("alexa", "a lexus", "elixir", "a lecture")
        ]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wake_network, "ENOUGH", 40)
        learned = train("alexa", people, synthetic=[])
    assert isinstance(learned, Learned), learned
    return dict(learned.files), people, others


def heard(files: dict[str, bytes], clips: list[WakeClip], folder: Path, *, lead: NDArray[np.int16]) -> list[bool]:
    """Play clips to a device, each after `lead`; whether it woke."""
    bundle = bundles.write(folder, files=files, about={}, key=Ed25519PrivateKey.generate())
    woke = []
    for clip in clips:
        listener = Listener(bundle=bundle, speech=Silence(), rule=EndpointRule(patience=0.2))
        sound = PcmAudio(samples=np.concatenate([lead, clip.audio.samples]))
        events = [event for frame in frames(sound) for event in listener.feed(frame)]
        woke.append(any(isinstance(event, Woke) for event in events))
        assert all(isinstance(event, Rejected) for event in events) or woke[-1]
    return woke


def test_it_refuses_more_confusables_than_the_first_stage_alone(trained, tmp_path: Path) -> None:
    files, _, others = trained
    lead = np.random.default_rng(0).normal(0, 15, 16_000).astype(np.int16)
    verified = heard(files, others, tmp_path, lead=lead)
    alone = heard({"nothing": b""}, others, tmp_path / "alone", lead=lead)
    said = [clip.said for clip in others]
    false_before = sum(woke for woke, wake in zip(alone, said, strict=True) if not wake)
    false_after = sum(woke for woke, wake in zip(verified, said, strict=True) if not wake)
    assert false_before >= 3, "without false wakes there is nothing to show"
    assert false_after < false_before
    assert sum(woke for woke, wake in zip(verified, said, strict=True) if wake) >= 3


def test_digital_silence_decides_nothing(trained, tmp_path: Path) -> None:
    """The shortcut: what stands around a clip, zeros or a room's hiss, must not say what was said in it."""
    files, people, _ = trained
    clips = [clip for clip in people if clip.said][:6] + [clip for clip in people if not clip.said][:6]
    zeros = np.zeros(16_000, np.int16)
    hiss = np.random.default_rng(1).normal(0, 15, 16_000).astype(np.int16)
    in_zeros = heard(files, clips, tmp_path / "zeros", lead=zeros)
    in_hiss = heard(files, clips, tmp_path / "hiss", lead=hiss)
    said = [clip.said for clip in clips]
    assert sum(in_zeros[:6]) >= 4, "wakes after digital silence are heard"
    assert sum(in_hiss[:6]) >= 4, "wakes in a room are heard"
    assert sum(in_zeros[6:]) <= 2, "confusables after digital silence are refused"
    assert sum(in_hiss[6:]) <= 2, "confusables in a room are refused"
    assert sum(a != b for a, b in zip(in_zeros, in_hiss, strict=True)) <= 3, said


def test_what_it_writes(trained, tmp_path: Path) -> None:
    files, _, _ = trained
    assert set(files) == {"wake/alexa.json", "wake/alexa.npz"}
    bundle = bundles.write(tmp_path, files=files, about={}, key=Ed25519PrivateKey.generate())
    verifier = load_verifier(bundle, "alexa")
    assert verifier is not None
    assert 0.0 <= verifier.threshold < 1.0
    assert verifier.stage1 == STAGE1
    assert verifier.looks == 3
    assert len(verifier.machine.vectors) > 10
    assert (verifier.network is not None) is wake_network.can_train()
    assert (verifier.curve.lean != 0.0) is wake_network.can_train()
    about = json.loads(files["wake/alexa.json"])
    assert about["cost_of_a_miss"] == COST_OF_A_MISS
    assert about["rows"]["synthetic"] == 0


def test_the_same_clips_and_seed_give_the_same_bytes() -> None:
    with Voice() as voice:
        clips = [
            WakeClip(audio=voice.synthesise(text, voice=f"en-us+{name}"), said=text == "alexa", group=name)
            for name in ("f1", "m3", "m1")
            for text in ("alexa", "a lexus")
        ]
    first, second = train("alexa", clips, synthetic=[], seed=3), train("alexa", clips, synthetic=[], seed=3)
    assert isinstance(first, Learned)
    assert first == second


def test_too_little_to_learn_from() -> None:
    clip = WakeClip(audio=PcmAudio(samples=np.zeros(1600, np.int16)), said=True, group="a")
    answer = train("alexa", [clip] * 10, synthetic=[])
    assert isinstance(answer, str)
    assert "Too few" in answer


def test_people_without_the_word_teach_even_when_nothing_fires() -> None:
    rng = np.random.default_rng(0)
    hum = PcmAudio(samples=(rng.normal(0, 800, 16_000)).astype(np.int16))
    maker = WindowMaker("alexa")
    human = maker.make([WakeClip(audio=hum, said=False, group="a")], rooms=1, seed=0)
    synthetic = maker.make([WakeClip(audio=hum, said=False, group="a", synthetic=True)], rooms=1, seed=0)
    said = maker.make([WakeClip(audio=hum, said=True, group="a")], rooms=1, seed=0)
    assert (len(human), len(synthetic), len(said)) == (2, 0, 0)
    assert human.embeddings.shape == (2, 11, 96)


def test_more_processes_make_the_same_windows(trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earmark.learn.wake_windows._ENOUGH", 4)
    clips = trained[1][:9]
    one = make_windows("alexa", clips, rooms=1, seed=2)
    two = make_windows("alexa", clips, rooms=1, seed=2, workers=2)
    for name in ("embeddings", "mel", "peak", "clear", "said", "clip"):
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_without_embeddings_the_rest_is_the_same(trained) -> None:
    clips = trained[1][:4]
    with_them = make_windows("alexa", clips, rooms=1, seed=2)
    without = make_windows("alexa", clips, rooms=1, seed=2, embedded=False)
    for name in ("mel", "peak", "clear", "said", "clip"):
        assert np.array_equal(getattr(with_them, name), getattr(without, name)), name
    assert not without.embeddings.any()
    assert without.embeddings.shape == with_them.embeddings.shape


def test_a_machine_learns_every_wake_and_some_of_the_rest() -> None:
    quiet = PcmAudio(samples=np.zeros(1600, np.int16))
    clips = [WakeClip(audio=quiet, said=at % 5 == 0, group=str(at), synthetic=True, talk=at == 4) for at in range(20)]
    some, more = parted(clips, most=4)
    assert sorted(some + more) == list(range(20))
    assert [sum(clips[at].said is said for at in some) for said in (True, False)] == [4, 5]
    assert 4 in some, "talk is learned from by all"
    assert not any(clips[at].said for at in more)
    assert parted(clips[:1], most=4) == ([0], [])
    people = [WakeClip(audio=quiet, said=False, group=str(at)) for at in range(9)]
    assert parted(people, most=4) == (list(range(9)), []), "of people's there are never enough"


def test_nobody_is_judged_by_a_machine_that_heard_them() -> None:
    """Each speaker has a value of its own that gives the answer away; unseen speakers must not profit from it."""
    rng = np.random.default_rng(0)
    groups = [f"s{index // 10}" for index in range(80)]
    said = [index // 10 % 2 for index in range(80)]
    values = rng.normal(size=(80, 4)) + np.repeat(rng.normal(0, 30, (8, 4)), 10, axis=0)
    some = rows(said, [1] * 80, groups, values)
    machine, margins = fit_unseen(some)
    assert np.mean((machine.margin(some) > 0) == some.said) > 0.95
    assert np.mean((margins > 0) == some.said) < 0.8


def test_what_follows_for_the_unheard_is_exact() -> None:
    """From one factorisation comes what a second training without the speaker would say."""
    rng = np.random.default_rng(3)
    groups = [f"s{index // 5}" for index in range(60)]
    values = rng.normal(size=(60, 4)) / 100 + np.tile([[0.0, 1, 2, 3]], (60, 1))
    values[:, 0] += rng.integers(0, 2, 60) * 0.02
    said = (values[:, 0] > 0.01).astype(int).tolist()
    some = rows(said, [1] * 60, groups, values)
    machine, margins = fit_unseen(some)
    gone = some.group == "s3"
    system = np.exp(-machine.gamma * ((machine.vectors[:, None] - machine.vectors[None]) ** 2).sum(axis=2)) + np.diag(
        0.5 / some.weight()
    )
    left = ~gone
    weights = np.linalg.solve(system[np.ix_(left, left)], np.where(some.said, 1.0, -1.0)[left])
    kernel = system[np.ix_(gone, left)]
    assert margins[gone] == pytest.approx(kernel @ weights, abs=1e-3)


def test_synthetic_voices_do_not_say_by_being_synthetic() -> None:
    """Nine synthetic clips of ten only sound like the word: both sides weigh the same all the same."""
    some = rows([1] * 10 + [0] * 10 + [1] * 10 + [0] * 90, [1] * 20 + [0] * 100)
    weight = some.weight()
    for labelled in (True, False):
        kind = some.labelled == labelled
        assert weight[kind & some.said].sum() == pytest.approx(weight[kind & ~some.said].sum())
    assert weight.mean() == pytest.approx(1.0)


def test_the_threshold_follows_the_cost() -> None:
    scores = np.concatenate([np.linspace(0.3, 1.0, 100), np.linspace(0.0, 0.7, 100)])
    point = operating_point(scores, rows([1] * 100 + [0] * 100, [1] * 200), cutoff=0.9)
    assert point.miss_rate == pytest.approx(np.mean(scores[:100] < point.threshold))
    assert point.passed == pytest.approx(np.mean(scores[100:] >= point.threshold))
    assert point.passed <= 0.5
    cost = COST_OF_A_MISS * point.miss_rate + point.passed
    for other in np.linspace(0, 1, 101):
        misses, passed = np.mean(scores[:100] < other), np.mean(scores[100:] >= other)
        assert passed > 0.5 or cost <= COST_OF_A_MISS * misses + passed + 0.1


def test_a_dearer_miss_lowers_the_threshold() -> None:
    scores = np.concatenate([np.linspace(0.3, 1.0, 100), np.linspace(0.0, 0.7, 100)])
    some = rows([1] * 100 + [0] * 100, [1] * 200)
    thresholds = [operating_point(scores, some, cutoff=0.9, cost_of_a_miss=cost).threshold for cost in (0.3, 1.0, 5.0)]
    assert thresholds[0] > thresholds[1] > thresholds[2]


def test_one_clip_more_moves_the_threshold_little() -> None:
    """The steps between rows are smoothed: of thirty wakes one that scores lower is no reason to let much more in."""
    scores = np.concatenate([np.linspace(0.6, 0.99, 30), np.linspace(0.01, 0.5, 60)])
    before = operating_point(scores, rows([1] * 30 + [0] * 60, [1] * 90), cutoff=0.9).threshold
    scores[0] = 0.45
    after = operating_point(scores, rows([1] * 30 + [0] * 60, [1] * 90), cutoff=0.9).threshold
    assert abs(before - after) < 0.12


def test_it_lets_through_at_most_half_of_what_the_first_stage_does() -> None:
    """However dear a miss is: a verifier that lets more through than today has no business in a device."""
    scores = np.concatenate([np.linspace(0.0, 1.0, 100), np.linspace(0.0, 1.0, 100)])
    some = rows([1] * 100 + [0] * 100, [1] * 200)
    some.peak[100:150] = 0.7
    point = operating_point(scores, some, cutoff=0.9)
    assert point.passed_without == pytest.approx(0.5)
    assert point.passed <= 0.25 + 1e-9
    assert point.miss_rate_without == 0.0


def test_misses_are_counted_on_people() -> None:
    """A hundred synthetic voices that are refused don't lower the bar that thirty people pass."""
    scores = np.concatenate([np.full(30, 0.9), np.full(100, 0.2), np.linspace(0, 0.8, 100)])
    point = operating_point(scores, rows([1] * 130 + [0] * 100, [1] * 30 + [0] * 200), cutoff=0.9)
    assert 0.7 <= point.threshold < 0.9
    assert point.miss_rate == 0.0


def test_few_people_are_helped_by_the_synthetic_voices() -> None:
    scores = np.concatenate([np.full(5, 0.9), np.full(100, 0.5), np.linspace(0, 0.8, 100)])
    point = operating_point(scores, rows([1] * 105 + [0] * 100, [1] * 5 + [0] * 200), cutoff=0.9)
    assert point.threshold <= 0.5


def test_synthetic_voices_stand_on_both_sides() -> None:
    settings = {"says": 2, "phrases": 5, "voices_a_phrase": 2, "invented": 4, "timbres": ("f1", "m3", "ed")}
    clips = synthetic_clips("alexa", seed=1, **settings)
    assert [clip.said for clip in clips].count(True) == 6
    assert [clip.said for clip in clips].count(False) == 10 + 8
    assert all(clip.synthetic and clip.audio.duration > 0.2 for clip in clips)
    again = synthetic_clips("alexa", seed=1, **settings)
    assert [clip.group for clip in clips] == [clip.group for clip in again]


def test_what_follows_does_not_say_what_came_before() -> None:
    """A shortcut: were only wakes followed by speech, speech that goes on would be taken for them."""
    few = {"says": 10, "phrases": 10, "voices_a_phrase": 2, "invented": 10, "timbres": ("f1", "m3")}
    for clips in (
        synthetic_clips("alexa", seed=1, **few),
        pico_clips("alexa", seed=1, says=2, phrases=20, invented=10),
    ):
        longer = [[clip.audio.duration > 1.25 for clip in clips if clip.said is said] for said in (True, False)]
        shares = [np.mean(side) for side in longer if side]
        assert all(0.3 < share < 0.8 for share in shares), shares


def test_talk_is_said_once_and_known_as_such() -> None:
    few = {"says": 1, "phrases": 0, "invented": 0, "timbres": ("f1", "m3")}
    clips = synthetic_clips("alexa", seed=1, talks=4, **few)
    talks = [clip for clip in clips if clip.talk]
    assert len(talks) == len(clips) - 2 == len({clip.audio.duration for clip in talks}) == 4
    voices = {clip.group for clip in clips if clip.said}
    assert {clip.group for clip in talks} <= voices, "who judges talk never heard its voice say the word either"
    assert all(not clip.said and clip.synthetic and clip.audio.duration > 1.0 for clip in talks)


def test_what_is_left_for_judging_is_never_said() -> None:
    few = {"says": 1, "phrases": 60, "voices_a_phrase": 1, "invented": 40, "timbres": ("f1", "m3")}
    held = ("a lexus", "elixir", "a lecture")
    said = {clip.group for clip in synthetic_clips("alexa", seed=1, without=held, **few)}
    usual = {clip.group for clip in synthetic_clips("alexa", seed=1, **few)}
    assert "phrase-a lexus" in usual
    assert not {group for group in said if any(word in group for word in ("lexus", "elixir", "lecture"))}
    assert f"phrase-{spoken(['AH', 'L', 'EH', 'K', 'S', 'AH', 'S'])}" not in said


def test_wakes_of_synthetic_voices_know_where_the_word_ends() -> None:
    few = {"says": 4, "phrases": 0, "invented": 0, "timbres": ("f1",)}
    clips = [clip for clip in synthetic_clips("alexa", seed=2, **few) if clip.said]
    assert len(clips) == 4
    assert any(clip.word_ends < len(clip.audio.samples) - 8000 for clip in clips if clip.word_ends), "more is said"
    assert all(clip.word_ends and 4000 < clip.word_ends < 24_000 for clip in clips)
