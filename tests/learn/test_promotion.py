from __future__ import annotations

from dataclasses import replace

import numpy as np

from earmark.learn.promotion import judge
from earmark.learn.scoring import Outcome


def clips(accepted, *, taken=0, speakers=10, each=10, other=100):
    """Outcomes of commands of which a share is right, and of other speech of which some became a command."""
    rng = np.random.default_rng(7)
    order = rng.permutation(speakers * each)
    commands = [
        Outcome(speaker=f"s{index % speakers}", duration=3.0, right=bool(order[index] < accepted * speakers * each))
        for index in range(speakers * each)
    ]
    return commands + [Outcome(speaker=f"o{i}", duration=2.0, took=i < taken) for i in range(other)]


def test_what_is_clearly_better_and_nowhere_worse_is_promoted():
    verdict = judge(clips(0.8), clips(0.95))
    assert verdict.promote
    (number,) = [one for one in verdict.numbers if one.name == "not_accepted"]
    assert (round(number.before, 2), round(number.after, 2), number.n) == (0.2, 0.05, 100)
    assert number.low < number.after - number.before < number.high < 0
    assert "commands that were not done right: 20.0% before, 5.0% after, fewer" in verdict.why


def named(outcomes, who):
    return [replace(one, speaker=f"{who}-{one.speaker}") for one in outcomes]


def test_people_who_were_learned_from_speak_too_and_the_verdict_says_how_many():
    before, after = clips(0.9, speakers=2, other=0), clips(0.85, speakers=2, other=0)
    others = named(clips(0.8, other=0), "t"), named(clips(0.95, other=0), "t")
    assert not judge(before, after).promote
    verdict = judge(before, after, crossed=others)
    assert verdict.promote
    assert verdict.crossed == 10
    (number,) = [one for one in verdict.numbers if one.name == "not_accepted"]
    assert (number.n, number.people) == (120, 12)
    assert verdict.why.endswith(
        "10 of these people were learned from; they were heard by models that only others had taught."
    )


def test_people_who_were_learned_from_speak_against_it_as_well():
    better = clips(0.85, speakers=2, other=0), clips(0.9, speakers=2, other=0)
    others = named(clips(0.95, other=0), "t"), named(clips(0.8, other=0), "t")
    assert judge(*better).promote
    assert not judge(*better, crossed=others).promote


def test_they_outvote_no_held_out_person_for_whom_it_is_worse_and_cannot_judge_alone():
    worse = clips(0.95, other=0), clips(0.7, other=0)
    others = named(clips(0.2, speakers=40, other=0), "t"), named(clips(0.95, speakers=40, other=0), "t")
    assert judge(*worse, crossed=others) == judge(*worse)
    assert not judge([], [], crossed=others).promote


def test_what_is_the_same_is_not():
    verdict = judge(clips(0.8), clips(0.8))
    assert not verdict.promote
    assert verdict.why == "It is no better on people it never heard."


def test_what_is_worse_somewhere_is_not_however_good_elsewhere():
    verdict = judge(clips(0.8, taken=0), clips(0.95, taken=5, other=100))
    worse = [number for number in verdict.numbers if number.worse]
    assert [number.name for number in worse] == ["false_accepted"]
    assert not verdict.promote
    assert "worse on people it never heard" in verdict.why


def test_too_much_other_speech_is_refused_even_where_chance_could_explain_it():
    few = judge(clips(0.5, other=15), clips(0.95, taken=1, other=15))
    assert not any(number.worse for number in few.numbers)
    assert not few.promote
    assert "too much other speech" in few.why
    assert judge(clips(0.5, taken=2, other=15), clips(0.95, taken=2, other=15)).promote


def test_a_handful_of_clips_speaks_neither_for_it_nor_against():
    def transcripts(errors, count):
        return [Outcome(speaker=f"s{at}", duration=1.0, words=8, errors=errors) for at in range(count)]

    assert not judge(transcripts(7, 4), transcripts(1, 4)).promote
    assert judge(transcripts(7, 5), transcripts(1, 5)).promote
    better = clips(0.8), clips(0.95)
    assert judge([*better[0], *transcripts(5, 3)], [*better[1], *transcripts(7, 3)]).promote
    assert not judge([*better[0], *transcripts(5, 5)], [*better[1], *transcripts(7, 5)]).promote
    assert not judge([*clips(0.8), *transcripts(7, 1)], [*clips(0.8), *transcripts(6, 1)]).promote


def test_one_persons_clips_are_not_taken_for_certainty():
    before = [Outcome(speaker="only", duration=1.0, said=True, woke=1) for _ in range(20)]
    after = [*before[:19], Outcome(speaker="only", duration=1.0, said=True, woke=0)]
    (number,) = judge(before, after).numbers
    assert number.after == 0.05
    assert not number.worse
    assert number.low == 0.0


def test_without_held_out_speech_there_is_nothing_to_judge_by():
    verdict = judge([], [])
    assert (verdict.promote, verdict.numbers) == (False, ())


def test_false_wakes_misses_and_words_are_compared_too():
    before = [
        Outcome(speaker="a", duration=1.0, said=True, woke=1),
        Outcome(speaker="a", duration=1.0, said=False, woke=2),
        Outcome(speaker="b", duration=1.0, errors=2, words=4),
    ]
    after = [
        Outcome(speaker="a", duration=1.0, said=True, woke=1),
        Outcome(speaker="a", duration=1.0, said=False, woke=0),
        Outcome(speaker="b", duration=1.0, errors=1, words=4),
    ]
    found = {number.name: (number.before, number.after) for number in judge(before, after).numbers}
    assert found == {"miss_rate": (0.0, 0.0), "false_wakes": (1.0, 0.0), "wer": (0.5, 0.25)}


def test_what_got_worse_by_chance_is_said_beside_what_got_better():
    before = [Outcome(speaker=f"s{i}", duration=1.0, said=True, woke=1) for i in range(20)]
    before += [Outcome(speaker=f"s{i}", duration=1.0, said=False, woke=1) for i in range(20)]
    after = [replace(one, woke=int(bool(one.said))) for one in before]
    after[0] = replace(after[0], woke=0)
    verdict = judge(before, after)
    assert verdict.promote
    assert "false wakes that came through: 100.0% before, 0.0% after, fewer" in verdict.why
    assert "calls that were missed: 0.0% before, 5.0% after, more, which may be chance" in verdict.why
