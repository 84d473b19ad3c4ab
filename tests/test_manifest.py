from __future__ import annotations

import json

import pytest

from earmark import manifest
from earmark.errors import BadManifest


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "data"
    inside.mkdir()
    (inside / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "outside.wav").write_bytes(b"RIFF")
    return inside


def write(folder, *lines):
    text = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    (folder / "manifest.jsonl").write_bytes(b"\n".join(text))


def test_every_field_is_read(folder):
    write(
        folder,
        {
            "audio_filepath": "a.wav",
            "duration": 1.5,
            "text": "Make me a latte",
            "intent": "orderDrink",
            "slots": {"coffeeDrink": "latte", "count": 2},
            "speaker": "spk01",
            "wake": False,
            "keyword": "computer",
        },
    )
    (entry,), bad = manifest.read(folder)
    assert bad == []
    assert (entry.line, entry.name, entry.path, entry.duration) == (1, "a.wav", folder / "a.wav", 1.5)
    assert (entry.text, entry.intent, entry.speaker) == ("Make me a latte", "orderDrink", "spk01")
    assert (entry.wake, entry.keyword) == (False, "computer")
    assert dict(entry.slots) == {"coffeeDrink": "latte", "count": "2"}


def test_a_bare_line_and_a_list_of_slots(folder):
    write(folder, {"audio_filepath": "a.wav"}, {"audio_filepath": "a.wav", "slots": [{"type": "t", "value": "v"}]})
    (bare, listed), bad = manifest.read(folder)
    assert bad == []
    assert (bare.duration, bare.text, bare.wake, dict(bare.slots)) == (None, None, None, {})
    assert dict(listed.slots) == {"t": "v"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        ({"duration": 1}, "audio_filepath is missing"),
        ({"audio_filepath": 3}, "audio_filepath is missing"),
        ({"audio_filepath": "b.wav"}, "not there"),
        ({"audio_filepath": "."}, "not there"),
        ({"audio_filepath": "../outside.wav"}, "leaves the folder"),
        ({"audio_filepath": "x/../a.wav"}, "leaves the folder"),
        ({"audio_filepath": "a\u0000.wav"}, "can't be a file's"),
        ({"audio_filepath": "a.wav", "duration": "1"}, "duration"),
        ({"audio_filepath": "a.wav", "duration": -1}, "duration"),
        ({"audio_filepath": "a.wav", "duration": True}, "duration"),
        (b'{"audio_filepath": "a.wav", "duration": NaN}', "duration"),
        ({"audio_filepath": "a.wav", "text": 5}, "text is not a text"),
        ({"audio_filepath": "a.wav", "wake": "yes"}, "wake"),
        ({"audio_filepath": "a.wav", "slots": {"a": {}}}, "slots"),
        ({"audio_filepath": "a.wav", "slots": ["a"]}, "slots"),
    ],
)
def test_a_bad_line_is_named_and_costs_no_other(folder, line, why):
    write(folder, {"audio_filepath": "a.wav"}, b"", line, {"audio_filepath": "a.wav"})
    entries, (bad,) = manifest.read(folder)
    assert [entry.line for entry in entries] == [1, 4]
    assert bad.line == 3
    assert why in bad.why
    assert bad.error.code == "manifest.line"
    assert "Line 3 " in str(bad.error)


def test_an_absolute_path_and_a_link_do_not_lead_out(folder, tmp_path):
    (folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    write(folder, {"audio_filepath": str(folder / "a.wav")}, {"audio_filepath": "link.wav"})
    entries, bad = manifest.read(folder)
    assert entries == []
    assert [line.why for line in bad] == ["its path leaves the folder"] * 2


def test_no_manifest(tmp_path):
    with pytest.raises(BadManifest) as caught:
        manifest.read(tmp_path)
    assert caught.value.code == "manifest.missing"
