"""What an engineer does from the command line."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark import audio, learn
from earmark.cli.learning import _tell, time_left
from earmark.settings import Settings
from earmark.storage import Home, open_stores
from earmark.words import PcmAudio


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A data folder that holds sentences only."""
    (tmp_path / "nlu").mkdir()
    lines = [
        {"text": "make me a latte", "intent": "orderDrink", "slots": [{"type": "coffeeDrink", "value": "latte"}]},
        {"text": "it will rain", "intent": "weather", "slots": []},
    ]
    (tmp_path / "nlu" / "home.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """A data folder that holds one second of hiss, called a command."""
    (tmp_path / "spoken" / "commands").mkdir(parents=True)
    hiss = np.random.default_rng(0).normal(0, 300, 16_000).astype(np.int16)
    (tmp_path / "spoken" / "commands" / "a.flac").write_bytes(audio.encode(PcmAudio(samples=hiss)))
    line = {"audio_filepath": "a.flac", "intent": "orderDrink", "slots": {}}
    (tmp_path / "spoken" / "commands" / "manifest.jsonl").write_text(json.dumps(line))
    return tmp_path / "spoken"


@pytest.fixture
def registered(running: Home) -> list[str]:
    """Two bundles of the running installation, oldest first."""

    async def make() -> list[str]:
        async with open_stores("earmark_worker", Settings(home=running.folder)) as stores:  # pyright: ignore[reportCallIssue]
            made = [
                await learn.register(stores, {"x.json": name.encode()}, {"parent": "builtin", "name": name})
                for name in ("a", "b")
            ]
            return [bundle.version for bundle in made]

    return asyncio.run(make())


def test_evaluate_prints_the_fields_of_the_parts_that_the_folder_holds(earmark, written):
    done = earmark("evaluate", "--data", written, "--json")
    assert done.exit_code == 0
    assert done.json == {"nlu": {"n": 2, "intent_accuracy": 0.5, "slot_f1": 1.0}}
    assert "nlu.slot_f1" in earmark("evaluate", "--data", written, "--model", "builtin").stdout


def test_evaluate_where_nothing_was_set_up_starts_no_database(earmark, written, tmp_path, monkeypatch):
    from earmark.settings import settings

    monkeypatch.setenv("EARMARK_HOME", str(tmp_path / "nowhere"))
    settings.cache_clear()
    assert earmark("evaluate", "--data", written, "--json").exit_code == 0
    assert not (tmp_path / "nowhere").exists()


def test_evaluate_says_what_it_needs(earmark, written, spoken, tmp_path):
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, [0.1] * 16_000, 16_000)
    for wrong, code in (
        (("--data", tmp_path / "gone"), "manifest.missing"),
        (("--data", written, "--noise", noise), "request.invalid"),
        (("--data", spoken, "--noise", "thunder", "--snr", "6"), "request.invalid"),
        (("--data", written, "--model", "0123456789abcdef"), "thing.not-found"),
    ):
        done = earmark("evaluate", *wrong, "--json")
        assert done.exit_code == 1
        assert done.json["error"]["code"] == code


def test_evaluate_says_in_which_noise_and_that_it_is_made_up(earmark, spoken):
    said = earmark("evaluate", "--data", spoken, "--noise", "white", "--snr", "6").stdout
    assert "In white, made up, at 6 dB" in said
    assert "commands.n" in said


def test_models_are_listed_promoted_and_rolled_back(earmark, registered):
    first, second = registered
    assert {model["state"] for model in earmark("models", "list", "--json").json} == {"candidate"}
    for version in registered:
        assert earmark("models", "promote", version, "--json").json == {"promoted": version}
    assert earmark("models", "rollback", "--json").json == {"promoted": first}
    states = {model["version"]: model["state"] for model in earmark("models", "list", "--json").json}
    assert states == {first: "promoted", second: "refused"}
    assert first in earmark("models", "list").stdout
    assert earmark("models", "promote", "unknown", "--json").json["error"]["code"] == "thing.not-found"


def test_a_bundle_goes_out_in_stages_and_comes_back(earmark, registered):
    first, second = registered
    assert earmark("models", "rollout", "--json").json is None
    assert earmark("models", "promote", first, "--staged", "--json").json == {"rolling": first, "share": 5}
    assert earmark("models", "promote", second, "--staged", "--json").json["error"]["code"] == "thing.changed"
    assert "The worker has not looked yet" in earmark("models", "rollout").stdout
    assert earmark("models", "continue", "--json").json == {"version": first, "share": 25, "outcome": None}
    shown = earmark("models", "rollout", "--json").json
    assert (shown["base"], shown["share"], [step["what"] for step in shown["steps"]]) == (
        "builtin",
        25,
        ["began", "advanced"],
    )
    assert earmark("models", "rollback", "--json").json == {"promoted": "builtin"}
    assert "rolled-back" in earmark("models", "rollout").stdout
    assert earmark("models", "continue", "--json").json["error"]["code"] == "thing.changed"


def test_a_model_card_is_printed(earmark, registered):
    version = registered[0]
    for command in ("show", "card"):
        assert f"# Model {version}" in earmark("models", command, version).stdout
    card = earmark("models", "show", version, "--json").json
    assert (card["version"], card["signed"], card["labels"]) == (version, True, None)
    assert earmark("models", "show", "unknown", "--json").json["error"]["code"] == "thing.not-found"


def test_devices_are_counted_by_the_bundle_they_run(earmark, ada):
    assert earmark("device", "add", "Kitchen").exit_code == 0
    assert earmark("models", "devices", "--json").json == {"builtin": 1}


def test_learn_without_labels_says_so(earmark):
    done = earmark("learn", "--json")
    assert done.exit_code == 0
    assert (done.json["candidate"], done.json["promoted"]) == (None, False)
    assert "no labels yet" in done.json["why"]
    assert "Nothing was registered" in earmark("learn", "asr").stdout
    assert earmark("learn", "smell", "--json").json["error"]["code"] == "request.invalid"


def test_evaluate_gives_intervals_to_who_asks(earmark, written):
    done = earmark("evaluate", "--data", written, "--json", "--intervals")
    assert done.json["nlu"] == {"n": 2, "intent_accuracy": 0.5, "slot_f1": 1.0}
    assert done.json["intervals"] == {"nlu.intent_accuracy": [0.0, 1.0], "nlu.slot_f1": [1.0, 1.0]}
    assert "0.000 to 1.000" in earmark("evaluate", "--data", written).stdout


def test_a_bundle_without_any_dataset_rests_on_nothing_that_was_deleted(earmark, registered):
    done = earmark("models", "prove", registered[0], "--json")
    assert done.exit_code == 0
    assert done.json == {
        "version": registered[0],
        "corpus": None,
        "datasets": [],
        "replaces": [],
        "holds": True,
    }
    assert "It holds." in earmark("models", "prove", registered[0]).stdout
    assert earmark("models", "prove", "unknown").exit_code != 0


def test_datasets_before_there_are_any(earmark, running, tmp_path):
    assert earmark("datasets", "list", "--json").json == []
    assert "No dataset yet" in earmark("datasets", "list").stdout
    for command in (["show", "unknown"], ["report"], ["export", "unknown", tmp_path / "out", "--format", "nemo"]):
        assert earmark("datasets", *command).exit_code != 0


def test_a_folder_is_weighed_without_a_label(earmark, running, tmp_path, tone):
    (tmp_path / "commands").mkdir()
    lines = []
    for number in range(4):
        (tmp_path / "commands" / f"{number}.flac").write_bytes(audio.encode(tone(1.0)))
        lines.append({"audio_filepath": f"{number}.flac", "speaker": f"s{number % 2}", "intent": "orderDrink"})
    (tmp_path / "commands" / "manifest.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = earmark("datasets", "report", "--data", tmp_path, "--json").json
    assert (found["lessons"], found["people"]) == (4, 2)
    assert {one["kind"] for one in found["slices"]} == {"device", "voices", "noise"}
    assert {one["slice"] for one in found["slices"]} == {"unknown"}
    assert "4 recordings of 2 people" in earmark("datasets", "report", "--data", tmp_path).stdout
    assert earmark("datasets", "report", "v", "--data", tmp_path).exit_code != 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.0, "less than a minute left"),
        (29.0, "less than a minute left"),
        (61.0, "about 1 minute left"),
        (500.0, "about 8 minutes left"),
    ],
)
def test_how_long_it_will_still_take_is_said_in_words(seconds, words):
    assert time_left(seconds) == words


def test_a_run_that_was_taken_up_says_how_much_was_done(capsys):
    report = learn.Report(
        dataset=None, labels=0, people=0, heldout_people=0, parts=(), before={}, after={}, candidate=None,
        promoted=False, why="Nothing.", steps=9, resumed=5,
    )  # fmt: skip
    _tell(report)
    _tell(replace(report, resumed=0))
    assert capsys.readouterr().out.count("Resumed: 5 of 9 steps were done.") == 1
