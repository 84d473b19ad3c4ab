from __future__ import annotations

from earmark.learn.talk import talk


def test_talk_is_common_words_without_those_left_out() -> None:
    stretches = talk(300, seed=3)
    words = [word for stretch in stretches for word in stretch.split()]
    assert len(stretches) == 300
    assert all(6 <= len(stretch.split()) <= 10 for stretch in stretches)
    assert len(set(words)) > 1000, "every sound and every join of two takes many words"
    assert {word for word in words if word.startswith(("play", "work"))} - {"play", "work"}
    left = {word for stretch in talk(300, seed=3, without={"play", "work"}) for word in stretch.split()}
    assert not {word for word in left if word.startswith(("play", "work"))}


def test_the_same_seed_says_the_same() -> None:
    assert talk(5, seed=1) == talk(5, seed=1)
    assert talk(5, seed=1) != talk(5, seed=2)
    assert talk(0, seed=1) == []
