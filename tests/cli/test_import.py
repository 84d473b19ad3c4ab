"""`earmark import`: every bad file is named, none is lost, twice is once."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

HOURS = 10


def noise(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(rate).normal(0, 0.1, (round(seconds * rate), channels)).clip(-1, 1)


def endless(path: Path, *, rate: int, bits: int) -> None:
    """Write a WAV of ten hours as a hole in the file system."""
    size = HOURS * 3600 * rate * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * bits // 8, bits // 8, bits)
    with path.open("wb") as file:
        file.write(struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size))
    os.truncate(path, 44 + size)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    soundfile.write(folder / "good.wav", noise(1, 16_000), 16_000)
    soundfile.write(folder / "telephone.wav", noise(1, 8_000), 8_000)
    soundfile.write(folder / "stereo.flac", noise(1, 44_100, 2), 44_100)
    soundfile.write(folder / "silent.wav", np.zeros(16_000), 16_000)
    soundfile.write(folder / "empty.wav", np.zeros(0), 16_000)
    (folder / "nothing.wav").touch()
    (folder / "broken.wav").write_bytes((folder / "good.wav").read_bytes()[:30])
    (folder / "letter.pdf").write_bytes(b"%PDF-1.7\n" + os.urandom(2000))
    endless(folder / "endless.wav", rate=8_000, bits=8)
    endless(folder / "endless16.wav", rate=8_000, bits=16)
    names = ["good.wav", "telephone.wav", "stereo.flac", "silent.wav", "empty.wav", "nothing.wav", "broken.wav",
             "letter.pdf", "endless.wav", "endless16.wav", "gone.wav", "../outside.wav"]  # fmt: skip
    lines = [json.dumps({"audio_filepath": name, "text": f"words of {name}"}) for name in names]
    lines.insert(3, "{this is no JSON")
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_every_bad_file_is_named_with_its_code_and_the_rest_is_imported(earmark, ada, folder):
    result = earmark("import", folder, "--no-recognise", "--json")
    assert result.exit_code == 1
    assert result.json["imported"] == 3
    found = {(bad["file"], bad["code"]) for bad in result.json["bad"]}
    assert found == {
        ("silent.wav", "audio.silent"),
        ("empty.wav", "audio.empty"),
        ("nothing.wav", "audio.unreadable"),
        ("broken.wav", "audio.unreadable"),
        ("letter.pdf", "audio.unreadable"),
        ("endless.wav", "audio.too-long"),
        ("endless16.wav", "audio.too-long"),
        ("manifest.jsonl", "manifest.line"),
    }
    lines = sorted(bad["line"] for bad in result.json["bad"] if bad["file"] == "manifest.jsonl")
    assert lines == [4, 12, 13]
    kept = earmark("history", "--json").json
    assert sorted(item["text"] for item in kept) == [
        "words of good.wav", "words of stereo.flac", "words of telephone.wav",
    ]  # fmt: skip
    assert all(item["seconds"] == pytest.approx(1, abs=0.01) for item in kept)


def test_twice_imports_nothing_twice(earmark, ada, folder):
    earmark("import", folder, "--no-recognise")
    again = earmark("import", folder, "--no-recognise", "--json")
    assert (again.json["imported"], again.json["known"]) == (0, 3)
    assert len(earmark("history", "--json").json) == 3


def test_in_text_each_bad_file_is_one_line_with_what_to_do(earmark, ada, folder):
    result = earmark("import", folder, "--no-recognise")
    assert result.exit_code == 1
    assert sum(line.startswith("line ") for line in result.stderr.splitlines()) == 10
    assert "silent.wav: This recording is silent from end to end; check the microphone" in result.stderr
    assert "3 imported, 0 were there already, 10 could not be used." in result.stdout


def test_a_good_folder_ends_well(earmark, ada, folder):
    (folder / "manifest.jsonl").write_text(json.dumps({"audio_filepath": "good.wav"}) + "\n")
    assert earmark("import", folder, "--no-recognise").exit_code == 0


def test_recognition_does_not_stand_in_the_way_of_a_bad_file(earmark, ada, folder):
    lines = [json.dumps({"audio_filepath": name}) for name in ("good.wav", "broken.wav")]
    (folder / "manifest.jsonl").write_text("\n".join(lines))
    result = earmark("import", folder, "--json")
    assert result.exit_code == 1
    assert [bad["code"] for bad in result.json["bad"]] == ["audio.unreadable"]
    assert [item["source"] for item in earmark("history", "--json").json] != []


def test_a_folder_without_a_list_says_what_is_missing(earmark, ada, tmp_path):
    result = earmark("import", tmp_path)
    assert result.exit_code == 1
    assert "manifest.missing" in result.stderr
    assert "no manifest.jsonl" in result.stderr


def test_without_leave_to_keep_nothing_is_imported(earmark, ada, folder):
    assert earmark("consent", "set", "save", "off").exit_code == 0
    result = earmark("import", folder, "--no-recognise", "--json")
    assert result.exit_code == 1
    assert result.json["error"]["code"] == "consent.no-basis"
    assert earmark("history", "--json").json == []


def test_a_label_studio_export_comes_in_with_its_words(earmark, ada, folder, tmp_path):
    said = [
        {"from_name": "transcription", "to_name": "audio", "type": "textarea", "value": {"text": ["water the garden"]}}
    ]
    tasks = [
        {"data": {"audio": "/data/upload/1/good.wav"}, "annotations": [{"result": said}]},
        {"data": {"audio": "https://media.example/clip.wav"}},
        {"data": {"audio": "broken.wav"}},
        {"data": {"audio": "telephone.wav", "language": "ro"}},
    ]
    source = tmp_path / "export.json"
    source.write_text(json.dumps(tasks))
    done = earmark("import", source, "--audio", folder, "--no-recognise", "--json")
    assert (done.exit_code, done.json["imported"]) == (1, 1)
    assert [(bad["file"], bad["line"], bad["code"]) for bad in done.json["bad"]] == [
        ("export.json", 2, "manifest.row"),
        ("export.json", 4, "manifest.row"),
        ("broken.wav", 3, "audio.unreadable"),
    ]
    assert [item["text"] for item in earmark("history", "--json").json] == ["water the garden"]
    assert "task 2: export.json: Task 2 of this list" in earmark("import", source, "--audio", folder).stderr


def test_a_table_comes_in_beside_its_recordings(earmark, ada, folder):
    (folder / "table.csv").write_text("audio,text,intent\ngood.wav,make me a latte,orderDrink\n")
    done = earmark("import", folder / "table.csv", "--no-recognise", "--json")
    assert done.json == {"imported": 1, "known": 0, "bad": []}
    assert [item["intent"] for item in earmark("history", "--json").json] == ["orderDrink"]
