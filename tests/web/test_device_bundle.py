"""What a device is given of the models."""

from __future__ import annotations

import io
import tarfile
import uuid

import pytest

from earmark import learn, vault
from earmark.bundle import own_name
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


async def test_a_device_gets_its_own_verifier_and_no_other_devices(browse, stores, household, tmp_path) -> None:
    device = (await vault.device_by_token(stores, household.token)).id
    secret = bytes.fromhex(stores.home.secret("learn-devices"))
    mine, others = own_name(secret, device), own_name(secret, uuid.uuid4())
    files = {f"wake/alexa{name}.json": name.encode() or b"{}" for name in ("", f"@{mine}", f"@{others}")}
    made = await learn.register(stores, files, {"parent": "builtin"})
    await learn.promote(stores, made.version, "engineer")
    home = await browse("home")
    headers = {"Authorization": f"Bearer {household.token}"}
    answer = await home.client.get(f"/api/device/bundle/{made.version}", headers=headers)
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        assert sorted(tar.getnames()) == ["manifest.json", "signature", "wake/alexa.json", f"wake/alexa@{mine}.json"]
    store = BundleStore(tmp_path / "device")
    store.pin((await home.client.get("/api/device/key", headers=headers)).content)
    installed = store.install(made.version, answer.content)
    assert installed.own == mine
    assert store.current().own == mine
