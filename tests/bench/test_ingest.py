"""Whether both ways keep the same clips with the same durability; how fast they are, no test says."""

from __future__ import annotations

import pytest

from earmark.bench import ingest


def test_both_ways_keep_every_clip(monkeypatch) -> None:
    monkeypatch.setattr(ingest, "UNDER_WAY", 2)
    synced: list[int] = []
    sync = ingest.os.fsync
    monkeypatch.setattr("earmark.storage.objects.os.fsync", lambda fd: (synced.append(fd), sync(fd))[1])
    kept = {}
    count = ingest._round

    async def counted(keep, sound, said):
        before = len(synced)
        seconds = await count(keep, sound, said)
        kept.setdefault(keep.__name__, []).append(len(synced) - before)
        return seconds

    monkeypatch.setattr(ingest, "_round", counted)
    found = ingest.run(lambda _: None, clips=5, rounds=2)
    assert found["clips_per_s"] > 0
    assert found["plain_clips_per_s"] > 0
    assert found["ratio"] == pytest.approx(found["clips_per_s"] / found["plain_clips_per_s"], rel=0.9)
    # After the first round, which makes folders: a sync of the file and one of its folder for every clip.
    assert min(kept["encrypted"][1:]) >= 10
    assert min(kept["plain"][1:]) >= 10
