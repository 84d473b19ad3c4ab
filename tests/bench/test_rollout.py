"""What the simulated roll-outs report; how good the rule is, docs/benchmarks.md says."""

from __future__ import annotations

import pytest

from earmark.bench import rollout


def test_each_fleet_and_candidate_ends_in_one_of_three_ways(monkeypatch) -> None:
    monkeypatch.setattr(rollout, "FLEETS", (60,))
    monkeypatch.setattr(rollout, "LONGEST_DAYS", 3)
    said: list[str] = []
    rows = rollout.run(said.append, rows=3)
    assert [row["candidate"] for row in rows] == [candidate.name for candidate in rollout.CANDIDATES]
    for row in rows:
        assert row["simulated"] is True
        assert row["taken_back"] + row["reached_all"] + row["undecided"] == pytest.approx(1)
        assert (row["hours_until_back"] is None) == (row["taken_back"] == 0)
    assert rows[-1]["reached_all"] == 0, "nobody gets what hears nobody"
    assert said[0] == "60 devices, as good"
