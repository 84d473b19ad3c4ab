"""What an owner does from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark import accounts, vault
from earmark.settings import settings
from earmark.storage import open_stores


@pytest.fixture
def recorded(earmark, ada, tmp_path: Path) -> list[str]:
    """Two imported recordings; their ids, newest first."""
    lines = []
    for number in range(2):
        noise = np.random.default_rng(number).normal(0, 0.1, 8_000)
        soundfile.write(tmp_path / f"{number}.wav", noise, 16_000)
        lines.append(json.dumps({"audio_filepath": f"{number}.wav", "text": f"play song {number}"}))
    (tmp_path / "manifest.jsonl").write_text("\n".join(lines))
    assert earmark("import", tmp_path, "--no-recognise").exit_code == 0
    return [item["id"] for item in earmark("history", "--json").json]


def test_history_searches(earmark, recorded):
    found = earmark("history", "--search", "song 1", "--json").json
    assert [item["text"] for item in found] == ["play song 1"]
    assert "play song 0" in earmark("history").stdout


def test_forget_one_leaves_the_other_and_gives_a_receipt_that_verifies(earmark, recorded, tmp_path):
    receipt = tmp_path / "receipt.json"
    done = earmark("forget", recorded[0], "--yes", "--receipt", receipt, "--json")
    assert done.exit_code == 0
    assert done.json["erased"]["recordings"] == 1
    assert [item["id"] for item in earmark("history", "--json").json] == recorded[1:]
    told = earmark("audit", "receipt", receipt)
    assert told.exit_code == 0
    assert "genuine" in told.stdout
    assert "recordings" in told.stdout
    assert "Asked for on" in told.stdout
    assert "by command" in told.stdout
    forged = json.loads(receipt.read_text())
    forged["erased"]["recordings"] = 2
    receipt.write_text(json.dumps(forged))
    assert earmark("audit", "receipt", receipt).exit_code == 1
    receipt.write_text("[]")
    assert earmark("audit", "receipt", receipt).exit_code == 1
    receipt.write_text("no JSON")
    assert "request.invalid" in earmark("audit", "receipt", receipt).stderr


def test_forget_asks_first(earmark, recorded):
    asked = earmark("forget", "--all", given="n\n")
    assert asked.exit_code == 1
    assert "Delete 2 recordings for good" in asked.stdout
    assert len(earmark("history", "--json").json) == 2
    assert earmark("forget", "--all", given="y\n").exit_code == 0
    assert earmark("history", "--json").json == []


def test_forget_all_says_how_many_list_lines_and_messages_go(earmark, recorded, running):
    async def keep() -> None:
        async with open_stores("earmark_worker", settings()) as stores:
            (ada,) = await accounts.people(stores)
            assert ada.household_id is not None
            for kind in ("shopping", "shopping", "message", "alarm"):
                to = ada.id if kind == "message" else None
                await vault.keep(
                    stores, household_id=ada.household_id, person_id=ada.id, kind=kind, content={}, for_person_id=to
                )

    asyncio.run(keep())
    done = earmark("forget", "--all", given="y\n")
    what = "2 recordings, 2 lines of the shopping list, 1 message left or waiting and 1 alarm"
    assert f"Delete {what} for good" in done.stdout
    assert "     2 list lines" in done.stdout
    assert "     1 messages" in done.stdout
    assert earmark("doctor").exit_code == 0


def test_forget_of_what_is_not_there_is_not_found(earmark, recorded):
    gone = "00000000-0000-4000-8000-000000000000"
    assert earmark("forget", gone, "--yes", "--json").json["error"]["code"] == "thing.not-found"
    assert earmark("forget", "yesterday", "--yes", "--json").json["error"]["code"] == "request.invalid"


def test_the_switches(earmark, ada):
    off = dict.fromkeys(("review", "transcription", "donate", "hear_first"), False)
    assert earmark("consent", "show", "--json").json == {"save": True, **off, "keep_days": 30}
    assert earmark("consent", "set", "review", "on").exit_code == 0
    assert earmark("consent", "show", "--json").json["review"] is True
    assert earmark("consent", "set", "review", "off").exit_code == 0
    assert earmark("consent", "show", "--json").json["review"] is False
    assert earmark("consent", "set", "everything", "on", "--json").json["error"]["code"] == "request.invalid"


def test_a_clock_for_all_and_one_for_a_device(earmark, ada):
    assert earmark("device", "add", "Kitchen").exit_code == 0
    assert earmark("consent", "set", "save", "on", "--keep", "3m").exit_code == 0
    assert earmark("consent", "set", "save", "on", "--keep", "1d", "--device", "kitchen").exit_code == 0
    assert earmark("consent", "show", "--json").json["keep_days"] == 90
    assert earmark("consent", "show", "--device", "Kitchen", "--json").json["keep_days"] == 1
    assert "3 months" in earmark("consent", "show").stdout
    for wrong in (["--keep", "2w"], ["--device", "Cellar"]):
        assert earmark("consent", "set", "save", "on", *wrong, "--json").json["error"]["code"] == "request.invalid"


def test_forget_a_day_or_a_range(earmark, recorded):
    today = earmark("history", "--json").json[0]["at"][:10]
    for wrong in (["--from", today], ["--day", "yesterday"], ["--from", today, "--to", "2020-01-01"]):
        assert earmark("forget", *wrong, "--yes", "--json").json["error"]["code"] == "request.invalid"
    nothing = earmark("forget", "--from", "2020-01-01", "--to", "2020-12-31", "--yes", "--json")
    assert nothing.json["error"]["code"] == "thing.not-found"
    assert len(earmark("history", "--day", today, "--json").json) == 2
    done = earmark("forget", "--from", "2020-01-01", "--to", "2999-12-31", "--kind", "refused", "--yes", "--json")
    assert done.json["erased"]["recordings"] == 2


def test_a_childs_profile_has_switches_that_stay_off(earmark, ada):
    assert earmark("people", "add", "Cleo", "--child", "--household-of", "ada").exit_code == 0
    refused = earmark("consent", "set", "review", "on", "--person", "cleo", "--json")
    assert refused.json["error"]["code"] == "consent.child"


def test_a_token_for_a_program(earmark, ada):
    assert len(earmark("people", "token", "ada", "--json").json["token"]) > 20
    assert earmark("people", "token", "ada", "--plane", "desk", "--json").json["error"]["code"] == "request.invalid"


def test_whose_must_be_said_when_there_are_several(earmark, ada):
    assert earmark("people", "add", "Ben", "--household-of", "ada").exit_code == 0
    assert earmark("history", "--json").json["error"]["code"] == "request.invalid"
    assert earmark("history", "--person", "ben", "--json").json == []
    assert earmark("history", "--person", "cleo", "--json").json["error"]["code"] == "thing.not-found"


def test_with_nobody_there_the_way_on_is_said(earmark):
    result = earmark("history")
    assert result.exit_code == 1
    assert "earmark people add" in result.stderr


def test_a_sampled_recording_is_pulled_back_when_the_switch_goes_off(earmark, recorded, monkeypatch, running):
    monkeypatch.setenv("EARMARK_REVIEW_RATE", "1.0")
    settings.cache_clear()
    earmark("consent", "set", "review", "on")
    assert earmark("sample", "--json").json["chosen"] == 2
    earmark("consent", "set", "review", "off")
    assert earmark("doctor").exit_code == 0


def test_the_log_verifies_alone_and_beside_a_witness(earmark, recorded, tmp_path):
    earmark("forget", recorded[0], "--yes")
    witness = tmp_path / "witness.json"
    witness.write_text(earmark("audit", "checkpoint").stdout)
    earmark("forget", recorded[1], "--yes")
    assert earmark("audit", "verify", "--json").json["good"] is True
    assert earmark("audit", "verify", "--witness", witness).exit_code == 0
    forged = json.loads(witness.read_text())
    forged["root"] = "00" * 32
    witness.write_text(json.dumps(forged))
    assert earmark("audit", "verify", "--witness", witness).exit_code == 1
    witness.write_text("not JSON")
    assert "request.invalid" in earmark("audit", "verify", "--witness", witness).stderr


def test_a_device_is_added_with_a_token_that_is_shown_once(earmark, ada, tmp_path):
    token = earmark("device", "add", "Kitchen", "--json").json["token"]
    keep = tmp_path / "token.json"
    shown = earmark("device", "add", "Bath", "--keep", keep, "--json").json
    assert "token" not in shown
    assert len(json.loads(keep.read_text())["token"]) == len(token)
    assert keep.stat().st_mode & 0o077 == 0
    listed = earmark("device", "list", "--json").json
    assert sorted(device["name"] for device in listed) == ["Bath", "Kitchen"]
    assert token not in json.dumps(listed)
