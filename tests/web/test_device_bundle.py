"""What a device is given of the models."""

from __future__ import annotations

import io
import tarfile

import pytest

from earmark import learn
from earmark.device import BundleStore


@pytest.fixture
async def promoted(stores):
    files = {"wake/alexa.json": b"{}", "asr/lexicon.dict": b"zorbek Z AO R B EH K", "nlu/model.json": b"{}"}
    made = await learn.register(stores, files, {"parent": "builtin"})
    await learn.promote(stores, made.version, "engineer")
    return made


async def test_a_device_gets_its_wake_words_and_no_words_of_people(browse, promoted, household, tmp_path) -> None:
    home = await browse("home")
    headers = {"Authorization": f"Bearer {household.token}"}
    key = await home.client.get("/api/device/key", headers=headers)
    answer = await home.client.get(f"/api/device/bundle/{promoted.version}", headers=headers)
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        assert sorted(tar.getnames()) == ["manifest.json", "signature", "wake/alexa.json"]
    assert b"zorbek" not in answer.content
    store = BundleStore(tmp_path / "device")
    store.pin(key.content)
    assert store.install(promoted.version, answer.content).version == promoted.version


async def test_without_the_token_there_is_none(browse, promoted, household) -> None:
    home = await browse("home")
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        assert (await home.client.get(f"/api/device/bundle/{promoted.version}", headers=headers)).status_code == 401
