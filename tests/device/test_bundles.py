from __future__ import annotations

import io
import tarfile
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earmark import bundle as bundles
from earmark.device import BundleStore, fetch_bundle, raw_key
from earmark.errors import AssistantUnreachable, BadBundle, SignInNeeded

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
ADDRESS = "ws://127.0.0.1:8040/api/device"


def packed(folder: Path, *, key: Ed25519PrivateKey = KEY, text: str = "one") -> tuple[str, bytes]:
    made = bundles.write(folder, files={"wake/alexa.json": text.encode()}, about={"labels": 3}, key=key)
    assert made.folder is not None
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(made.folder, arcname=".")
    return made.version, buffer.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    store = BundleStore(tmp_path / "device")
    store.pin(raw_key(KEY.public_key()))
    return store


def test_installs_and_remembers(store: BundleStore, tmp_path: Path) -> None:
    assert store.current() is bundles.BUILTIN
    version, archive = packed(tmp_path / "made")
    assert store.install(version, archive).read("wake/alexa.json") == b"one"
    assert BundleStore(tmp_path / "device").current().version == version


def test_a_device_needs_no_other_part_and_uses_none(store: BundleStore, tmp_path: Path) -> None:
    """What the assistant learned holds words of people: it is signed together, and stays where it is."""
    files = {"wake/alexa.json": b"one", "asr/lexicon.dict": b"zorbek Z AO R B EH K"}
    made = bundles.write(tmp_path / "made", files=files, about={}, key=KEY)
    assert made.folder is not None
    (made.folder / "asr" / "lexicon.dict").unlink()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(made.folder, arcname=".")
    got = store.install(made.version, buffer.getvalue())
    assert (got.version, got.read("wake/alexa.json"), got.read("asr/lexicon.dict")) == (made.version, b"one", None)
    assert store.current().version == made.version


def test_another_installations_bundle_is_refused(store: BundleStore, tmp_path: Path) -> None:
    good, archive = packed(tmp_path / "made")
    store.install(good, archive)
    version, foreign = packed(tmp_path / "foreign", key=OTHER, text="two")
    with pytest.raises(BadBundle, match="signature"):
        store.install(version, foreign)
    assert store.current().version == good
    assert not list((tmp_path / "device").glob(".draft-*"))


def test_another_version_than_asked_for_is_refused(store: BundleStore, tmp_path: Path) -> None:
    """A signed but older bundle is no answer: it would bring a retired model back."""
    _, old = packed(tmp_path / "made")
    newer, _ = packed(tmp_path / "made", text="two")
    with pytest.raises(BadBundle, match="version"):
        store.install(newer, old)


@pytest.mark.parametrize("version", ["../../etc", "", "ABC", "0" * 15])
def test_a_version_is_no_path(store: BundleStore, version: str) -> None:
    with pytest.raises(BadBundle):
        store.install(version, b"")


def test_damaged_archives(store: BundleStore, tmp_path: Path) -> None:
    version, archive = packed(tmp_path / "made")
    for broken in (b"", b"nothing", archive[: len(archive) // 2]):
        with pytest.raises(BadBundle):
            store.install(version, broken)


@pytest.mark.parametrize("name", ["../outside", "/outside"])
def test_files_outside_are_refused(store: BundleStore, tmp_path: Path, name: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(BadBundle, match="plain files"):
        store.install("0" * 16, buffer.getvalue())
    assert not (tmp_path / "device" / "outside").exists()


def test_a_bundle_that_rots_falls_back_to_the_built_in_one(store: BundleStore, tmp_path: Path) -> None:
    version, archive = packed(tmp_path / "made")
    store.install(version, archive)
    (tmp_path / "device" / version / "wake" / "alexa.json").write_text("changed")
    assert store.current() is bundles.BUILTIN


def test_the_pinned_key_stays(store: BundleStore) -> None:
    store.pin(raw_key(KEY.public_key()))
    with pytest.raises(BadBundle):
        store.pin(raw_key(OTHER.public_key()))


def test_drop_others(store: BundleStore, tmp_path: Path) -> None:
    first, archive = packed(tmp_path / "made")
    store.install(first, archive)
    second, archive = packed(tmp_path / "made", text="two")
    kept = store.install(second, archive)
    store.drop_others(kept)
    assert not (tmp_path / "device" / first).exists()
    assert store.current().version == second


async def test_fetch_pins_once_and_asks_with_the_token(tmp_path: Path) -> None:
    version, archive = packed(tmp_path / "made")
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.headers["authorization"] != "Bearer right":
            return httpx.Response(401)
        if request.url.path.endswith("/key"):
            return httpx.Response(200, content=raw_key(KEY.public_key()))
        if request.url.path.endswith("/retired"):
            return httpx.Response(200, content=bundles.sign_retired([], KEY))
        return httpx.Response(200, content=archive) if request.url.path.endswith(version) else httpx.Response(404)

    store, transport = BundleStore(tmp_path / "device"), httpx.MockTransport(answer)
    with pytest.raises(SignInNeeded):
        await fetch_bundle(store, version, address=ADDRESS, token="wrong", transport=transport)
    for _ in range(2):
        got = await fetch_bundle(store, version, address=ADDRESS, token="right", transport=transport)
        assert got.version == version
    with pytest.raises(BadBundle):
        await fetch_bundle(store, "0" * 16, address=ADDRESS, token="right", transport=transport)
    assert asked.count("/api/device/key") == 2
    assert f"/api/device/bundle/{version}" in asked


async def test_fetch_without_an_assistant(tmp_path: Path) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    with pytest.raises(AssistantUnreachable):
        await fetch_bundle(
            BundleStore(tmp_path), "0" * 16, address=ADDRESS, token="t", transport=httpx.MockTransport(refuse)
        )


def test_the_one_before_stays_as_the_last_good_one(store: BundleStore, tmp_path: Path) -> None:
    made = [packed(tmp_path / "made", text=text) for text in ("one", "two", "three")]
    for version, archive in made:
        store.install(version, archive)
    first, second, third = (version for version, _ in made)
    assert not (tmp_path / "device" / first).exists()
    (tmp_path / "device" / third / "signature").write_bytes(b"x" * 64)
    assert store.current().version == second
    assert store.instead_of(second) is bundles.BUILTIN


def test_going_back_leaves_what_was_left_no_last_good_one(store: BundleStore, tmp_path: Path) -> None:
    good, archive = packed(tmp_path / "made")
    store.install(good, archive)
    bad, worse = packed(tmp_path / "made", text="two")
    store.install(bad, worse)
    assert store.instead_of(bad).version == good
    store.install(good, archive)
    assert (store.current().version, store.instead_of(good)) == (good, bundles.BUILTIN)
    assert not (tmp_path / "device" / bad).exists()


def test_what_was_retired_is_never_run_again(store: BundleStore, tmp_path: Path) -> None:
    good, archive = packed(tmp_path / "made")
    store.install(good, archive)
    gone, old = packed(tmp_path / "made", text="two")
    store.install(gone, old)
    store.retire(bundles.sign_retired([gone], KEY))
    assert not (tmp_path / "device" / gone).exists(), "its files hold what was deleted"
    assert store.current().version == good
    with pytest.raises(BadBundle, match="retired"):
        store.install(gone, old)
    store.retire(bundles.sign_retired([], KEY))
    assert store.retired == {gone}, "an older list, played again, brings nothing back"


@pytest.mark.parametrize(
    "data",
    [
        bundles.sign_retired(["0" * 16], OTHER),
        bundles.sign_retired(["0" * 16], KEY).replace(b"0000000000000000", b"1111111111111111"),
        b"[]",
        b"{",
        b'{"retired": ["0"], "signature": "zz"}',
    ],
    ids=["another key", "changed", "no list", "no JSON", "no signature"],
)
def test_a_list_of_retired_ones_that_is_not_signed_changes_nothing(store: BundleStore, data: bytes) -> None:
    with pytest.raises(BadBundle):
        store.retire(data)
    assert store.retired == frozenset()


async def test_told_of_the_built_in_models_a_device_goes_back_to_them(store: BundleStore, tmp_path: Path) -> None:
    version, archive = packed(tmp_path / "made")
    store.install(version, archive)

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/retired"), "there is nothing to download"
        return httpx.Response(200, content=bundles.sign_retired([], KEY))

    transport = httpx.MockTransport(answer)
    assert await fetch_bundle(store, "builtin", address=ADDRESS, token="right", transport=transport) is bundles.BUILTIN
    assert store.current() is bundles.BUILTIN
    assert not (tmp_path / "device" / version).exists()
