"""Whether the measurement sees what is left; how long an erasure takes, no test says."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from earmark import accounts
from earmark.bench.canary import Canary, found_bytes
from earmark.bench.forget import Town
from earmark.cli import app
from earmark.storage import FolderKeyStore, FolderObjects
from earmark.vault import erasure


@pytest.fixture
async def town(role_stores, home, clock) -> Town:
    worker = await role_stores("earmark_worker")
    return Town(
        worker=worker,
        home=await role_stores("earmark_home"),
        household=await accounts.create_household(worker),
        owner=home.read_secret("database-owner"),
        note=lambda _: None,
    )


def test_the_whole_measurement_at_its_smallest() -> None:
    told = CliRunner().invoke(app, ["bench", "forget", "--rows", "100", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout.splitlines()[-1])
    assert found["leftover_bytes"] == 0
    assert found["seconds"] > 0
    assert found["seconds_among_few"] > 0
    assert (found["interactions"], found["erased"], found["few"], found["people"]) == (100, 1, 2, 101)


async def test_nothing_is_left_when_the_stores_do_as_they_say(town, home) -> None:
    seconds, left = await town.erase_somebody(40, among=60, roots=[home.folder])
    assert seconds > 0
    assert left == 0


async def test_a_key_that_lives_on_is_seen(town, home, monkeypatch) -> None:
    monkeypatch.setattr(FolderKeyStore, "destroy", lambda self, slots: len(list(slots)))
    _, left = await town.erase_somebody(40, among=60, roots=[home.folder])
    assert left > 40 * 80_000, "words, labels and the sound of each"


async def test_a_file_that_stays_is_seen(town, home, monkeypatch) -> None:
    monkeypatch.setattr(erasure, "delete_all", lambda objects, names: len(names))
    _, left = await town.erase_somebody(40, among=60, roots=[home.folder])
    assert 40 * 80_000 < left < 60 * 200_000


async def test_what_lies_in_clear_is_seen(town, home, monkeypatch) -> None:
    """Sound that was written beside its ciphertext is found by its bytes alone."""
    put = FolderObjects.put

    def careless(self: FolderObjects, prefix: str, data: bytes) -> str:
        (self.folder / "spill.flac").write_bytes(canary.audio.pcm)
        return put(self, prefix, data)

    canary = Canary.fresh()
    monkeypatch.setattr(Canary, "fresh", lambda: canary)
    monkeypatch.setattr(FolderObjects, "put", careless)
    _, left = await town.erase_somebody(2, among=4, roots=[home.folder])
    assert left == 3 * 24


def test_the_search_reads_every_form_across_the_edges_of_what_it_reads_at_a_time(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("earmark.bench.canary._CHUNK", 64)
    canary = Canary.fresh()
    word = canary.words[0].encode()
    (tmp_path / "below").mkdir()
    spill = tmp_path / "below" / "spill"
    spill.write_bytes(b"x" * 57 + word + b"y" * 200 + word.hex().encode() + canary.words[0].encode("utf-16-le"))
    (tmp_path / "again").hardlink_to(spill)
    assert found_bytes([tmp_path], canary.needles()) == 14 + 28 + 28
    assert found_bytes([tmp_path], Canary.fresh().needles()) == 0
