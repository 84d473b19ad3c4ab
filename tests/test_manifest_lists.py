"""Lists of other tools: Label Studio's exports and tables become the entries of manifest.jsonl; nothing is fetched."""

from __future__ import annotations

import json
import socket

import pytest

from earmark import manifest
from earmark.errors import BadManifest, NoList


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    (folder / "day 1").mkdir(parents=True)
    for name in ("a.wav", "0a1b2c3d-b.wav", "c.wav", "day 1/d.wav"):
        (folder / name).write_bytes(b"RIFF")
    (tmp_path / "outside.wav").write_bytes(b"RIFF")
    return folder


@pytest.fixture
def tasks(clips, tmp_path):
    def read(*found, kind="json"):
        file = tmp_path / f"list.{kind}"
        file.write_text(json.dumps(list(found)) if kind == "json" else "\n".join(found), encoding="utf-8")
        return manifest.open_list(file, audio=clips)

    return read


def area(text, name="transcription"):
    return {"from_name": name, "to_name": "audio", "type": "textarea", "value": {"text": text}}


def chosen(value, name="intent"):
    return {"from_name": name, "to_name": "audio", "type": "choices", "value": {"choices": [value]}}


def test_words_and_intent_of_an_annotated_task(tasks):
    found = tasks(
        {
            "id": 7,
            "data": {"audio": "a.wav", "asr": "turn the light", "language": "en"},
            "annotations": [
                {"result": [area(["wrong"])], "was_cancelled": True},
                {"result": [area(["turn on", "the light"]), chosen("lightOn"), area(['{"room": "kitchen"}'], "slots")]},
                {"result": [area(["skipped"])], "was_cancelled": True},
            ],
            "predictions": [{"result": [area(["guess"])]}],
        }
    )
    (entry,) = found.entries
    assert (entry.line, entry.name, entry.text, entry.intent) == (1, "a.wav", "turn on the light", "lightOn")
    assert (dict(entry.slots), entry.language) == ({"room": "kitchen"}, "en")


def test_predictions_then_data_where_nobody_annotated(tasks):
    found = tasks(
        {"data": {"audio": "a.wav", "text": "typed"}, "predictions": [{"result": [area(["guessed"], "t")]}]},
        {"data": {"audio": "a.wav", "text": "typed", "intent": "i"}, "annotations": [], "total_annotations": 0},
        {"audio": "a.wav", "transcription": "flat", "id": 3, "annotator": 1},
        {"data": {"audio": "a.wav"}, "annotations": [{"result": [area(["one"], "x"), area(["two"], "y")]}]},
    )
    assert found.bad == []
    assert [(entry.text, entry.intent) for entry in found.entries] == [
        ("guessed", None), ("typed", "i"), ("flat", None), (None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("audio", "file"),
    [
        ("c.wav", "c.wav"),
        ("day 1/d.wav", "day 1/d.wav"),
        ("/data/upload/3/0a1b2c3d-b.wav", "0a1b2c3d-b.wav"),
        ("/data/upload/3/99999999-a.wav", "a.wav"),
        ("/data/local-files/?d=day%201/d.wav", "day 1/d.wav"),
    ],
)
def test_a_sound_is_found_by_path_name_and_label_studios_own_addresses(tasks, audio, file):
    (entry,) = tasks({"data": {"audio": audio}}).entries
    assert entry.path.as_posix().endswith(f"/clips/{file}")


BAD = [
    ("https://media.example/x.wav", "nothing is fetched"),
    ("HTTP://127.0.0.1/x.wav", "nothing is fetched"),
    ("s3://bucket/x.wav", "nothing is fetched"),
    (" https://media.example/x.wav", "nothing is fetched"),
    ("data:audio/wav;base64,UklGRg==", "nothing is fetched"),
    ("earmark:5f0c", "its sound never did"),
    ("../outside.wav", "leaves the folder"),
    ("/data/local-files/?d=../outside.wav", "leaves the folder"),
    ("/etc/passwd", "leaves the folder"),
    ("gone.wav", "not there"),
    ("nul\0.wav", "can't be a file's"),
]


@pytest.mark.parametrize(("audio", "why"), BAD)
def test_what_is_no_file_below_the_folder_is_refused_and_nothing_is_fetched(tasks, monkeypatch, audio, why):
    def called(*_, **__):
        raise AssertionError("somebody asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", called)
    monkeypatch.setattr(socket.socket, "connect", called)
    found = tasks({"data": {"audio": "a.wav"}}, {"data": {"audio": audio}}, {"data": {"audio": "c.wav"}})
    assert [entry.line for entry in found.entries] == [1, 3]
    (bad,) = found.bad
    assert bad.line == 2
    assert why in bad.why
    assert bad.error.code == "manifest.row"
    assert str(bad.error).startswith("Task 2 of this list can't be used")


@pytest.mark.parametrize(
    ("task", "why"),
    [
        ("a.wav", "not a JSON object"),
        ({"data": "a.wav"}, "data is not"),
        ({"data": {"image": "a.png"}}, "data.audio is missing"),
        ({"data": {"audio": ["a.wav"]}}, "data.audio is missing"),
        ({"data": {"audio": "a.wav"}, "annotations": {"result": []}}, "annotations is not a list"),
        ({"data": {"audio": "a.wav", "duration": "long"}}, "duration"),
        ({"data": {"audio": "a.wav", "intent": 3}}, "intent is not a text"),
        ({"data": {"audio": "a.wav", "language": "English, I think"}}, "language"),
        ({"data": {"audio": "a.wav"}, "annotations": [{"result": [area(["{"], "slots")]}]}, "slots"),
    ],
)
def test_a_bad_task_is_named_and_costs_no_other(tasks, task, why):
    found = tasks(task, {"data": {"audio": "a.wav"}})
    assert [entry.line for entry in found.entries] == [2]
    assert [bad.line for bad in found.bad] == [1]
    assert why in found.bad[0].why


def test_odd_results_say_nothing(tasks):
    found = tasks(
        {"data": {"audio": "a.wav"}, "annotations": [None, {"result": None}, {"result": [None, {"value": 3}]}]},
        {"data": {"audio": "a.wav"}, "annotations": [{"result": [area([3, None])]}], "predictions": 0},
    )
    assert [entry.text for entry in found.entries] == [None, None]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table(tasks, delimiter):
    lines = [
        ["\ufeffAudio", "text", "intent", "language", "slots", "duration", "wake", "note"],
        ["a.wav", "make it red", "colour", "en", '"{""colour"": ""red""}"', "1.5", "TRUE", "mine"],
        [],
        ["c.wav", '"a', 'b"', "", "", "", "", ""],
    ]
    found = tasks(*(delimiter.join(line) for line in lines[:3]), kind="csv")
    assert found.bad == []
    (entry,) = found.entries
    assert (entry.line, entry.text, entry.intent, entry.language) == (2, "make it red", "colour", "en")
    assert (dict(entry.slots), entry.duration, entry.wake) == ({"colour": "red"}, 1.5, True)


def test_bad_rows_of_a_table_are_numbered_as_a_spreadsheet_numbers_them(tasks):
    found = tasks(
        "audio_filepath,text,slots,duration",
        "a.wav,fine,,",
        "https://media.example/x.wav,,,",
        ",no sound,,",
        "a.wav,too,many,1,cells",
        "a.wav,,{,",
        "a.wav,,,long",
        'c.wav,"two\nlines",,',
        "gone.wav,,,",
        kind="csv",
    )
    assert [entry.line for entry in found.entries] == [2, 8]
    assert found.entries[1].text == "two\nlines"
    assert [bad.line for bad in found.bad] == [3, 4, 5, 6, 7, 9]
    assert len(found.entries) + len(found.bad) == 8


def test_a_cell_that_is_too_long_costs_its_row_only(tasks):
    found = tasks("audio,text", "a.wav," + "x" * (1 << 20) + "x", "c.wav,fine", kind="csv")
    assert [entry.name for entry in found.entries] == ["c.wav"]
    assert [bad.line for bad in found.bad] == [2]


def test_lines_in_a_file_of_another_name(tasks):
    found = tasks('{"audio_filepath": "a.wav"}', "{", kind="jsonl")
    assert [entry.line for entry in found.entries] == [1]
    assert found.bad[0].error.code == "manifest.line"


def test_another_language_than_the_persons_is_a_bad_row(tasks):
    rows = [{"data": {"audio": "a.wav", "language": tag}} for tag in ("en-US", "ro", "EN", "es_CR")]
    found = tasks(*rows, {"data": {"audio": "a.wav"}}).spoken_in(["en"])
    assert [entry.line for entry in found.entries] == [1, 3, 5]
    assert [bad.line for bad in found.bad] == [2, 4]
    assert "first language" in found.bad[0].why


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list.json", b"{"),
        ("list.json", b'{"data": {}}'),
        ("list.json", b"[" * 100_000),
        ("list.csv", b"image,text\na.png,x\n"),
        ("list.csv", b"audio,text,text\n"),
        ("list.csv", b"\xff\xfea"),
        ("list.csv", b""),
        ("list.xlsx", b"PK"),
    ],
)
def test_what_is_no_list_is_said_in_one_sentence(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(NoList) as caught:
        manifest.open_list(tmp_path / name)
    assert caught.value.code == "manifest.unreadable"


def test_what_is_not_there(tmp_path):
    with pytest.raises(BadManifest):
        manifest.open_list(tmp_path / "gone.json")


@pytest.mark.parametrize(
    "data",
    [
        {"audio": "/data/upload/1/" + "a" * 300},
        {"audio": "a" * 300 + ".wav"},
        {"audio": "/data/upload/1/..%2F..%2Foutside.wav"},
        {"audio": "/data/local-files/?d=../outside.wav"},
        {"audio": "/data/upload/a%00b.wav"},
        {"audio": "/data/upload/\ud800.wav"},
        {"audio": "a.wav", "duration": 10**400},
    ],
)
def test_a_task_made_to_break_the_import_costs_no_other_task(tasks, data):
    found = tasks({"data": data}, {"data": {"audio": "a.wav"}})
    assert [each.line for each in found.bad] == [1]
    assert [each.line for each in found.entries] == [2]
