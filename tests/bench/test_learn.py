"""The measurement's own parts; how much is learned, no test says."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from earmark.bench.learn import bar, curve, halves, run, split
from earmark.cli import app
from earmark.errors import BadRequest
from earmark.learn.clips import Clip
from earmark.words import PcmAudio


def order(number: int, speaker: str) -> Clip:
    sound = PcmAudio(samples=np.zeros(160, np.int16))
    return Clip(id=f"commands/{number}", source=sound, part="commands", speaker=speaker, intent="orderDrink")


def test_nobody_is_on_both_sides() -> None:
    train, judged = split([order(i, f"speaker {i % 7}") for i in range(70)])
    assert len(train) + len(judged) == 70
    assert train
    assert judged
    assert not {clip.speaker for clip in train} & {clip.speaker for clip in judged}
    assert split(list(reversed(train)))[0] == split(train)[0], "the order of the folder decides nothing"


def test_the_noise_learned_from_is_not_that_judged_in() -> None:
    first, second = halves(PcmAudio(samples=np.arange(32_000, dtype=np.int16)))
    assert len(first.samples) == len(second.samples) == 16_000
    assert not set(first.samples.tolist()) & set(second.samples.tolist())


def test_a_folder_without_orders_is_named_as_such(tmp_path) -> None:
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "home.jsonl").write_text("")
    with pytest.raises(BadRequest, match="`earmark bench learn` needs"):
        run(lambda *_: None, tmp_path)


@pytest.mark.parametrize("words", [["learn"], ["wake", "--data", "somewhere"]])
def test_a_folder_is_asked_for_where_it_is_needed_and_nowhere_else(words) -> None:
    told = CliRunner().invoke(app, ["bench", *words, "--json"])
    assert told.exit_code != 0
    assert "take --data DIR" in " ".join(told.output.split())


def test_each_number_of_labels_is_drawn_and_chosen_except_none_and_all() -> None:
    assert curve([0, 25, 80]) == [(0, "none"), (25, "uniform"), (25, "useful"), (80, "all")]
    assert curve([0]) == [(0, "none")]
    assert (bar(0, 9), bar(9, 9)) == ("·" * 40, "█" * 40)
