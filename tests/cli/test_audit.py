"""`earmark audit`: the witness by hand, the report as a file, receipts that say what they are of."""

from __future__ import annotations

import json

import pytest

from earmark.settings import settings


@pytest.fixture
def key(earmark, ada) -> str:
    """The installation's public key; its log has entries by then."""
    return json.loads(earmark("audit", "checkpoint").stdout)["public_key"]


def test_a_witness_by_hand(earmark, key, tmp_path, monkeypatch):
    folder, file = tmp_path / "witness", tmp_path / "checkpoint.json"

    def look(*more: object):
        file.write_text(earmark("audit", "checkpoint").stdout)
        return earmark("audit", "witness", "--key", key, "--folder", folder, "--checkpoint", file, *more)

    word = json.loads(look().stdout)
    assert word["earmark_cosignature"] == 1
    assert "nothing new" in look().stdout
    monkeypatch.setenv("EARMARK_WITNESS_KEY", word["public_key"])
    settings.cache_clear()
    seen = folder / "seen.jsonl"
    verdict = earmark("audit", "verify", "--witness", seen, "--json").json
    assert (verdict["good"], verdict["witnessed"]) == (True, word["size"])
    assert "as a witness elsewhere saw them" in earmark("audit", "verify", "--witness", seen).stdout
    earmark("consent", "set", "review", "on")
    refused = look()  # no proof that it continues: an alarm, for good
    assert refused.exit_code == 1
    assert "alarm" in refused.stderr
    proof = tmp_path / "proof.json"
    proof.write_text("{}")
    assert "request.invalid" in look("--proof", proof).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--key", "zz"),
        (),
        ("--key", "{key}"),
        ("--key", "{key}", "--checkpoint", "nothing.json"),
        ("http://127.0.0.1:9", "--key", "{key}", "--listen", "nowhere"),
        ("http://127.0.0.1:9", "--key", "{key}", "--listen", "127.0.0.1:99999"),
    ],
)
def test_a_witness_that_can_not_begin_says_why(earmark, key, tmp_path, arguments):
    given = [each.format(key=key) for each in arguments]
    result = earmark("audit", "witness", *given, "--folder", tmp_path / "witness")
    assert result.exit_code == 1
    assert "request.invalid" in result.stderr


def test_a_witness_that_reaches_nobody_says_so(earmark, key, tmp_path):
    result = earmark("audit", "witness", "http://127.0.0.1:9", "--key", key, "--folder", tmp_path / "w", "--once")
    assert result.exit_code == 1
    assert "does not answer" in result.stdout


def test_a_report_of_a_month_as_text_as_data_and_as_a_page(earmark, ada, tmp_path):
    page = tmp_path / "report.html"
    result = earmark("audit", "report", "--month", "2026-05", "--html", page)
    assert result.exit_code == 0
    assert '"earmark_report": 1' in result.stdout
    assert "May 2026, in numbers" in page.read_text()
    assert "<script" not in page.read_text()
    assert earmark("audit", "report", "--month", "2026-05", "--json").json["month"] == "2026-05"
    running = earmark("audit", "report", "--month", "2999-12", "--html", page)
    assert "not for publishing" in running.stdout
    assert "Do not publish this" in page.read_text()
    assert "request.invalid" in earmark("audit", "report", "--month", "May").stderr


def test_a_forged_receipt_is_called_forged(earmark, ada, tmp_path):
    receipt = tmp_path / "receipt.json"
    earmark("forget", "--all", "--yes", "--receipt", receipt)
    assert "Erased for good on" in earmark("audit", "receipt", receipt).stdout
    forged = json.loads(receipt.read_text()) | {"how": "voice"}
    receipt.write_text(json.dumps(forged))
    told = earmark("audit", "receipt", receipt)
    assert told.exit_code == 1
    assert "forged" in told.stdout
    assert "Erased" not in told.stdout
    assert earmark("audit", "receipt", receipt, "--json").json == {"genuine": False, "summary": []}
