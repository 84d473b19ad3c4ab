"""Whether pages have something on them; how soon they come, no test says."""

from __future__ import annotations

import pytest

from earmark.bench import history


def test_every_kind_of_page_is_asked_for_and_shows_what_was_said(monkeypatch) -> None:
    monkeypatch.setattr(history, "REQUESTS", 3)
    found = history.run(lambda _: None, rows=5000)
    assert (found["rows"], found["own_rows_of_one_of_many"]) == (5000, 50)
    kinds = ("page", "search", "old_search")
    for name in (*kinds, *(f"one_of_many_{kind}" for kind in kinds)):
        assert 0 < found[f"{name}_p50_ms"] <= found[f"{name}_p95_ms"]


def test_an_empty_page_is_no_measurement(monkeypatch) -> None:
    monkeypatch.setattr(history, "REPLY", "words that nobody said")
    with pytest.raises(AssertionError, match="empty page"):
        history.run(lambda _: None, rows=5000)
