"""What `earmark bench doubt` counts; running it whole is for the bench."""

from __future__ import annotations

import pytest

from earmark.bench.doubt import scores


def test_a_perfect_doubt_finds_every_wrong_reading_first():
    right = [True] * 8 + [False] * 2
    found = scores([0.1] * 8 + [0.9, 0.8], [0.9] * 5 + [0.4] * 5, right)
    assert found["wrong"] == 0.2
    assert (found["wrong_least_sure"], found["found"], found["auc"]) == (1.0, 1.0, 1.0)
    assert (found["right_agreeing"], found["right_differing"]) == (1.0, 0.6)
    assert found["auc_agreement"] == pytest.approx(13 / 16, abs=1e-3)


def test_a_doubt_that_says_nothing_is_as_good_as_a_coin():
    assert scores([0.5] * 6, [0.5] * 6, [True, False] * 3)["auc"] == 0.5


def test_where_nothing_is_wrong_or_nothing_was_read_there_is_no_share():
    assert scores([0.1, 0.2], [1.0, 1.0], [True, True])["found"] is None
    assert scores([], [], [])["wrong"] is None
